import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placed, spanOf } from './window.ts';

describe('the rows that are drawn', () => {
  test('are those on the screen and a few around', () => {
    const view = { top: 640, height: 320, row: 64, count: 1000, beyond: 2 };
    expect(spanOf(view)).toEqual({ from: 8, to: 18 });
  });

  test('are as many wherever a row begins', () => {
    const view = { height: 330, row: 64, count: 1000, beyond: 2 };
    for (let top = 640; top < 704; top += 1) {
      const { from, to } = spanOf({ ...view, top });
      expect(to - from).toBe(11);
    }
  });

  test('are the first ones when the list begins below the edge', () => {
    const view = { top: -100, height: 320, row: 64, count: 1000, beyond: 2 };
    expect(spanOf(view)).toEqual({ from: 0, to: 6 });
  });

  test('of an empty list are none', () => {
    const view = { top: 0, height: 320, row: 64, count: 0, beyond: 2 };
    expect(placed(spanOf(view), null)).toEqual([]);
  });

  test('cover the screen wherever it is, and are few', () => {
    const views = fc.record({
      top: fc.integer({ min: -2000, max: 1_000_000 }),
      height: fc.integer({ min: 1, max: 2000 }),
      row: fc.integer({ min: 20, max: 120 }),
      count: fc.integer({ min: 0, max: 20_000 }),
      beyond: fc.integer({ min: 0, max: 12 }),
    });
    fc.assert(
      fc.property(views, (view) => {
        const { from, to } = spanOf(view);
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThanOrEqual(view.count);
        expect(to - from).toBeLessThanOrEqual(view.height / view.row + 2 * view.beyond + 2);
        const first = Math.max(0, Math.floor(view.top / view.row));
        const last = Math.min(view.count, Math.ceil((view.top + view.height) / view.row));
        for (let seen = first; seen < last; seen++) {
          expect(from <= seen && seen < to).toBe(true);
        }
      }),
    );
  });

  test('and the gaps between them make up the whole list', () => {
    const spans = fc.tuple(fc.nat(500), fc.nat(40), fc.option(fc.nat(600)));
    fc.assert(
      fc.property(spans, ([from, size, held]) => {
        const rows = placed({ from, to: from + size }, held);
        let next = 0;
        for (const { index, gap } of rows) {
          expect(gap).toBeGreaterThanOrEqual(0);
          expect(index).toBe(next + gap);
          next = index + 1;
        }
        if (held !== null) expect(rows.some(({ index }) => index === held)).toBe(true);
      }),
    );
  });
});
