import { describe, expect, test } from 'vitest';
import { qrCode } from './qr.ts';

describe('the code', () => {
  test('has the size of its version, three finders and the timing between them', () => {
    for (const [length, size] of [
      [2, 21],
      [20, 25],
      [42, 29],
      [106, 41],
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
    expect(() => qrCode('x'.repeat(107))).toThrow(RangeError);
  });

  test('is the code that another implementation draws for the same words', () => {
    // 26 characters fill version 2 to the brim, so nothing depends on padding.
    const bits = qrCode('https://kirana.example/pay')
      .map((row) => row.map(Number).join(''))
      .join('');
    expect(BigInt(`0b${bits}`).toString(36)).toBe(REFERENCE);
  });
});

const REFERENCE =
  'oa3g18428yvlhvilujgav6hkgpp1q1u1g4ookucum0586m1iuoxtitr9k42lw27xbj1fpvoo0fo3l0txtyb1qk1bifgsb4u6byvrelz8wu909pm8gzw1n1361';
