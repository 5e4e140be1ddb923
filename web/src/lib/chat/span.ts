/** Which rows of the part that is in memory are in the page, and where. Pure, but for what is measured. */

import type { Row } from './model.ts';

/** From the row of one number to that of another; days and the line above what is new go with what follows them. */
export interface Span {
  readonly from: number;
  /** Infinity: up to the foot, whatever comes. */
  readonly to: number;
}

/** Indexes of the rows in it; `end` is the first that is not. */
export function rowsIn(rows: readonly Row[], { from, to }: Span): { start: number; end: number } {
  const after = rows.findLastIndex((row) => 'item' in row && row.item.seq < from);
  const last = rows.findLastIndex((row) => 'item' in row && row.item.seq <= to);
  return { start: after + 1, end: Math.max(after, last) + 1 };
}

/** The span of these rows, up to the foot when the last is among them and nothing comes after it. */
export function spanOf(rows: readonly Row[], start: number, end: number, hasAfter: boolean): Span {
  const seqFrom = (index: number): number | undefined => {
    const row = rows.slice(Math.max(0, index)).find((one) => 'item' in one);
    return row && 'item' in row ? row.item.seq : undefined;
  };
  const seqTo = (index: number): number => {
    const row = rows.slice(0, index).findLast((one) => 'item' in one);
    return row && 'item' in row ? row.item.seq : 0;
  };
  const isFoot = end >= rows.length && !hasAfter;
  return { from: seqFrom(start) ?? 0, to: isFoot ? Infinity : seqTo(end) };
}

/** Around one row, as many to each side. */
export const spanAround = (
  rows: readonly Row[],
  index: number,
  beside: number,
  hasAfter: boolean,
): Span => spanOf(rows, index - beside, index + beside + 1, hasAfter);

/** A few rows that are laid out and painted together. */
export interface Group {
  readonly key: number;
  readonly rows: readonly Row[];
}

/** The most rows of one group. */
const TOGETHER = 8;

/** In groups, each row where it was before: what comes or goes at an end leaves the other groups as they are. */
export function grouped(rows: readonly Row[], before: readonly Group[]): readonly Group[] {
  const known = new Map(before.flatMap(({ key, rows: its }) => its.map((row) => [row.key, key])));
  const taken = new Set<number>();
  const groups: { key: number; rows: Row[] }[] = [];
  let fresh = Math.max(0, ...before.map(({ key }) => key));
  const begin = (key: number, row: Row) => {
    taken.add(key);
    return { key, rows: [row] };
  };
  const first = rows.findIndex(({ key }) => known.has(key));
  for (const row of first === -1 ? rows : rows.slice(first)) {
    const key = known.get(row.key);
    const last = groups.at(-1);
    if (key !== undefined && key !== last?.key && !taken.has(key)) groups.push(begin(key, row));
    else if (last && (last.key === key || last.rows.length < TOGETHER)) last.rows.push(row);
    else groups.push(begin(++fresh, row));
  }
  for (const row of rows.slice(0, Math.max(0, first)).reverse()) {
    const top = groups[0];
    if (top && top.rows.length < TOGETHER) top.rows.unshift(row);
    else groups.unshift(begin(++fresh, row));
  }
  const old = new Map(before.map((group) => [group.key, group]));
  return groups.map((group) => {
    const its = old.get(group.key);
    const isSame = its?.rows.length === group.rows.length;
    return isSame && group.rows.every((row, n) => row === its.rows[n]) ? its : group;
  });
}

/** The first of these that is not wholly above a line; they stand one below the other. */
export function firstBelow(rows: readonly Element[], line: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.getBoundingClientRect().bottom <= line) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether it would be drawn as before. */
export function isSameRow(a: Row, b: Row): boolean {
  const old = new Map<string, unknown>(Object.entries(a));
  return Object.entries(b).every(([key, value]) => old.get(key) === value);
}
