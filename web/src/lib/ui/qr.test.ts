import { readFileSync } from 'node:fs';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { describe, expect, test } from 'vitest';
import { qrCode } from './qr.ts';

describe('the code', () => {
  test('has the size of its version, three finders and the timing between them', () => {
    for (const [length, size] of [
      [2, 21],
      [20, 25],
      [42, 29],
      [106, 41],
      [107, 41],
      [134, 41],
    ] as const) {
      const grid = qrCode('x'.repeat(length));
      expect(grid).toHaveLength(size);
      const finder = (row: number, column: number) =>
        grid
          .slice(row, row + 7)
          .map((cells) =>
            cells
              .slice(column, column + 7)
              .map(Number)
              .join(''),
          )
          .join(' ');
      const drawn = '1111111 1000001 1011101 1011101 1011101 1000001 1111111';
      expect([finder(0, 0), finder(0, size - 7), finder(size - 7, 0)]).toEqual([
        drawn,
        drawn,
        drawn,
      ]);
      expect(grid[6]?.slice(8, -8).every((dark, i) => dark === (i % 2 === 0))).toBe(true);
    }
    expect(() => qrCode('x'.repeat(135))).toThrow(RangeError);
  });

  test('is the code that another implementation draws for the same words', () => {
    // 26 characters fill version 2 to the brim, so nothing depends on padding.
    const bits = qrCode('https://kirana.example/pay')
      .map((row) => row.map(Number).join(''))
      .join('');
    expect(BigInt(`0b${bits}`).toString(36)).toBe(REFERENCE);
  });

  test('gives a reader of another make back the bytes that were put in, whatever they are', async () => {
    const file = new URL(
      '../../../node_modules/zxing-wasm/dist/reader/zxing_reader.wasm',
      import.meta.url,
    );
    const wasmBinary = new Uint8Array(readFileSync(file)).buffer;
    await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
    for (const length of [1, 60, 106, 107, 122, 134]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 89 + length) % 256);
      const [found] = await readBarcodes(pictureOf(qrCode(bytes)), { formats: ['QRCode'] });
      expect(found?.bytes).toEqual(bytes);
    }
  });
});

/** Four pixels for a module, and the quiet zone. */
function pictureOf(grid: readonly (readonly boolean[])[]): ImageData {
  const width = 4 * (grid.length + 8);
  const data = new Uint8ClampedArray(4 * width * width).fill(255);
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < width; x++) {
      if (!grid[(y >> 2) - 4]?.[(x >> 2) - 4]) continue;
      data.fill(0, 4 * (y * width + x), 4 * (y * width + x) + 3);
    }
  }
  return { data, width, height: width, colorSpace: 'srgb' };
}

const REFERENCE =
  'oa3g18428yvlhvilujgav6hkgpp1q1u1g4ookucum0586m1iuoxtitr9k42lw27xbj1fpvoo0fo3l0txtyb1qk1bifgsb4u6byvrelz8wu909pm8gzw1n1361';
