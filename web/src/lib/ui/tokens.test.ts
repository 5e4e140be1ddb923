import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

/** The tokens as written: the light and the dark value of each. */
const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
const colors = new Map<string, [light: string, dark: string]>();
for (const [, name = '', light = '', dark = ''] of css.matchAll(
  /--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g,
)) {
  colors.set(name, [light, dark]);
}
for (const [, name = '', both = ''] of css.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)) {
  colors.set(name, [both, both]);
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const share = parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Source: WCAG 2.2, contrast ratio. */
function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const grounds = ['paper', 'surface', 'sunken'];
const texts: [text: string, on: string[]][] = [
  ['ink', [...grounds, 'indigo-wash', 'marigold-wash', 'leaf-wash', 'chili-wash', 'clay-wash']],
  ['muted', [...grounds, 'indigo-wash']],
  ['indigo', [...grounds, 'indigo-wash']],
  ['leaf', [...grounds, 'leaf-wash']],
  ['chili', [...grounds, 'chili-wash']],
  ['clay', [...grounds, 'clay-wash']],
  ['on-indigo', ['indigo', 'indigo-press']],
  ['on-marigold', ['marigold']],
  ['on-state', ['leaf', 'chili', 'clay']],
];

describe.each([
  ['light', 0],
  ['dark', 1],
] as const)('%s', (_name, scheme) => {
  test.each(texts.flatMap(([text, on]) => on.map((ground) => [text, ground] as const)))(
    '%s is readable on %s',
    (text, ground) => {
      const [a, b] = [colors.get(text)?.[scheme], colors.get(ground)?.[scheme]];
      expect(contrast(a ?? '', b ?? '')).toBeGreaterThanOrEqual(4.5);
    },
  );

  test.each(grounds)('the edge of a field is seen on %s', (ground) => {
    const [a, b] = [colors.get('line-strong')?.[scheme], colors.get(ground)?.[scheme]];
    expect(contrast(a ?? '', b ?? '')).toBeGreaterThanOrEqual(3);
  });
});
