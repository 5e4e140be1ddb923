import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const server = process.env.KIRANA_DEV_SERVER ?? 'http://127.0.0.1:8000';

/** The service worker runs the same wasm as the crypto's worker: it takes it from the same address. */
const oneWasm: Plugin = {
  name: 'kirana-one-wasm',
  config: {
    order: 'post',
    handler: () => ({
      environments: {
        serviceWorker: {
          build: {
            rolldownOptions: {
              output: { assetFileNames: '_app/immutable/workers/assets/[name]-[hash][extname]' },
            },
          },
        },
      },
    }),
  },
};

/**
 * What nearly every screen is made of lies in few files: each file costs a request when one comes for the first time,
 * and again when the service worker keeps it.
 */
const together: Plugin = {
  name: 'kirana-together',
  config: {
    order: 'post',
    handler: () => ({
      environments: {
        client: {
          build: {
            rolldownOptions: {
              output: {
                codeSplitting: {
                  groups: [
                    { name: 'icons', test: /@lucide[\\/]svelte/ },
                    { name: 'ui', test: /src[\\/]lib[\\/]ui[\\/]/ },
                  ],
                },
              },
            },
          },
        },
      },
    }),
  },
};

export default defineConfig({
  plugins: [
    sveltekit({
      adapter: adapter({ pages: 'build', fallback: 'index.html', precompress: true }),
      compilerOptions: { runes: true },
      paths: { base: '/app', relative: false },
    }),
    oneWasm,
    together,
  ],
  // The server's policy allows files of its own, not data in the style sheet.
  build: { target: 'es2022', assetsInlineLimit: 0 },
  server: {
    proxy: {
      '/v1': { target: server, ws: true },
      '/media': { target: server },
    },
  },
  test: {
    environment: 'node',
    include: ['src/**/*.test.ts'],
    setupFiles: ['./src/test-setup.ts'],
  },
});
