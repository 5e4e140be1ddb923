import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Row } from './model.ts';
import { grouped } from './span.ts';
import type { Group } from './span.ts';

const rowsFrom = (from: number, to: number): Row[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, n) => rowAt(from + n));

const rows = new Map<number, Row>();
function rowAt(n: number): Row {
  const row: Row = rows.get(n) ?? { kind: 'day', key: `row ${n}`, at: n };
  rows.set(n, row);
  return row;
}

const homes = (groups: readonly Group[]): Map<string, number> =>
  new Map(groups.flatMap(({ key, rows: its }) => its.map((row) => [row.key, key])));

describe('rows in groups', () => {
  test('are all there in their order, a few in each', () => {
    const groups = grouped(rowsFrom(0, 20), []);
    expect(groups.flatMap((group) => group.rows)).toEqual(rowsFrom(0, 20));
    expect(Math.max(...groups.map((group) => group.rows.length))).toBe(8);
  });

  test('of which nothing has changed are the same groups', () => {
    const before = grouped(rowsFrom(0, 24), []);
    const now = grouped(rowsFrom(1, 26), before);
    expect(now[1]).toBe(before[1]);
    expect(now[2]).toBe(before[2]);
  });

  test('stay where they are while one scrolls up and down', () => {
    const moves = fc.array(
      fc.record({ start: fc.nat(80), length: fc.integer({ min: 1, max: 40 }) }),
    );
    fc.assert(
      fc.property(moves, (spans) => {
        let groups: readonly Group[] = [];
        for (const { start, length } of spans) {
          const before = homes(groups);
          groups = grouped(rowsFrom(start, start + length), groups);
          expect(groups.flatMap((group) => group.rows)).toEqual(rowsFrom(start, start + length));
          expect(new Set(groups.map(({ key }) => key)).size).toBe(groups.length);
          for (const [row, home] of homes(groups)) {
            if (before.has(row)) expect(home).toBe(before.get(row));
          }
        }
      }),
    );
  });

  test('are as they stand, though one has moved between others', () => {
    const before = grouped(rowsFrom(0, 20), []);
    const moved = [...rowsFrom(0, 3), rowAt(19), ...rowsFrom(3, 19)];
    const now = grouped(moved, before);
    expect(now.flatMap((group) => group.rows)).toEqual(moved);
    expect(new Set(now.map(({ key }) => key)).size).toBe(now.length);
  });
});
