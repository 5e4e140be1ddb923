import { readdirSync } from 'node:fs';
import js from '@eslint/js';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

/** Folders of `src/lib` that every room may use, each with what it may use itself. */
const GROUND = {
  values: [],
  i18n: ['values'],
  api: ['values', 'i18n'],
  sync: ['values', 'api', 'i18n'],
  crypto: ['values', 'api', 'sync'],
  ui: ['values', 'i18n'],
};
const folders = readdirSync(new URL('./src/lib', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const rooms = folders.filter((name) => !(name in GROUND));

/**
 * A folder of `src/lib` sees what it is allowed to see, whichever way the path is written.
 * @param {string} folder
 * @param {readonly string[]} allowed
 */
function paths(folder, allowed) {
  const refused = folders.filter((name) => name !== folder && !allowed.includes(name));
  // A regular expression: the patterns of this rule read `#` as the start of a comment.
  const regex = `(^#lib|[.][.])/(${refused.join('|')})(/|$)|/routes/`;
  const message = `routes → rooms → ui, api, sync, crypto → values. "${folder}" may not import this.`;
  return {
    files: [`src/lib/${folder}/**`],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ regex, message }] }] },
  };
}

export default ts.config(
  { ignores: ['build/', '.svelte-kit/', 'static/', 'src/lib/api/schema.d.ts'] },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js'] },
        extraFileExtensions: ['.svelte'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createTypeScriptImportResolver()],
      'import-x/parsers': {
        '@typescript-eslint/parser': ['.ts'],
        'svelte-eslint-parser': ['.svelte'],
      },
      'import-x/extensions': ['.ts', '.svelte'],
    },
    rules: {
      'import-x/no-cycle': 'error',
      eqeqeq: 'error',
      'no-console': ['error', { allow: ['warn', 'error'] }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // The router's own `resolve` is used for every link inside the app.
      'svelte/no-navigation-without-resolve': 'error',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
    // The linter does not know the types of other components' props; svelte-check does.
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  { files: ['*.js', '*.ts', 'scripts/**'], languageOptions: { globals: { ...globals.node } } },
  { files: ['src/service-worker/**'], ...ts.configs.disableTypeChecked },
  ...Object.entries(GROUND).map(([folder, allowed]) => paths(folder, allowed)),
  ...rooms.map((folder) => paths(folder, Object.keys(GROUND))),
);
