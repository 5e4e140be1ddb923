import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entry, Item } from '#lib/sync/index.ts';
import { fold, keepSame, mergeEntries } from '#lib/sync/index.ts';
import type { Row } from './model.ts';
import { layOut } from './model.ts';
import { Asides, lastRun, runAround, trimmed } from './part.ts';
import { isSameRow, rowsIn, spanAround, spanOf } from './span.ts';

const NOON = Date.parse('2026-03-03T12:00:00Z');
const PEOPLE = ['ravi', 'asha'];

/** A conversation of messages, edits, reactions, deletions and facts about orders. */
const conversations: fc.Arbitrary<readonly Entry[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('text', 'text', 'text', 'edit', 'reaction', 'deletion', 'fact'),
      from: fc.constantFrom(...PEOPLE),
      about: fc.nat(200),
      minutes: fc.nat(400),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((drafts) => {
    let ts = NOON;
    return drafts.map(({ kind, from, about, minutes }, n): Entry => {
      const target = `m${(about % (n + 1)) + 1}`;
      ts += minutes * 60_000;
      const base = { conv: 'c', seq: n + 1, id: `m${n + 1}`, from, ts, k: 'message' as const };
      switch (kind) {
        case 'edit': {
          const content = { type: 'text', text: `Changed ${n}` } as const;
          return { ...base, quiet: true, body: { type: 'edit', target_id: target, content } };
        }
        case 'reaction':
          return {
            ...base,
            quiet: true,
            body: { type: 'reaction', target_id: target, emoji: '👍' },
          };
        case 'deletion':
          return { ...base, k: 'deletion', target };
        case 'fact': {
          const subject = { kind: 'order', id: `o${about % 3}`, version: n };
          return {
            ...base,
            k: 'fact',
            body: { type: 'fact', fact: 'order.placed', subject, card: { state: 's' } },
          };
        }
        default:
          return { ...base, body: { type: 'text', text: `Said ${n}` } };
      }
    });
  });

const laidOut = (items: readonly Item[], since = 0, readSeq: number | null = null): Row[] =>
  layOut(items, {
    own: 'ravi',
    place: { locale: 'en-GB', zone: 'UTC' },
    readSeq,
    since,
    waiting: [],
  });

const seqOf = (row: Row): number | null => ('item' in row ? row.item.seq : null);

describe('a part of a conversation', () => {
  test('looks as it does in the whole, in whatever order its pages came and went', () => {
    const pages = fc.array(fc.tuple(fc.nat(59), fc.integer({ min: 1, max: 20 })), { maxLength: 8 });
    fc.assert(
      fc.property(conversations, pages, fc.nat(59), fc.nat(60), (entries, moves, start, read) => {
        const asides = new Asides();
        // Everything was here at some time, page by page, in any order.
        for (const [from, size] of moves) asides.add(entries.slice(from, from + size));
        asides.add(entries);
        const part = entries.slice(start % entries.length).slice(0, 15);
        const since = part[0]!.seq;
        const items = fold(part, asides.of(part));
        expect(items).toEqual(
          fold(entries).filter(({ seq }) => seq >= since && seq <= part.at(-1)!.seq),
        );
        const whole = laidOut(fold(entries), 0, read);
        const shown = laidOut(items, since === 1 ? 0 : since, read);
        // The first row of a part has its day above it; the edges may end or begin a group.
        const inside = (rows: readonly Row[]) =>
          rows
            .filter((row) => (seqOf(row) ?? -1) > since && (seqOf(row) ?? -1) < part.at(-1)!.seq)
            .map((row) => ({ ...row, isFirst: 0, isLast: 0 }));
        expect(inside(shown)).toEqual(inside(whole));
        const lineBefore = (rows: readonly Row[]): number | null => {
          const line = rows.findIndex(({ kind }) => kind === 'unread');
          return line === -1 ? null : seqOf(rows[line + 1]!);
        };
        const line = lineBefore(shown);
        if (line !== null) expect(line).toBe(lineBefore(whole));
      }),
    );
  });

  test('keeps what is looked at and lets go what is far from it', () => {
    const views = fc.tuple(fc.integer({ min: 1, max: 900 }), fc.nat(900), fc.nat(60));
    fc.assert(
      fc.property(views, ([size, place, height]) => {
        const entries = Array.from({ length: size }, (_, n) => said(n + 1));
        const from = Math.min(place + 1, size);
        const seen = { from, to: Math.min(size, from + height) };
        const kept = trimmed(entries, 300, seen);
        expect(kept).toEqual(entries.filter((entry) => kept.includes(entry)));
        expect(lastRun(kept)).toEqual(kept);
        expect(kept[0]!.seq).toBeLessThanOrEqual(seen.from);
        expect(kept.at(-1)!.seq).toBeGreaterThanOrEqual(seen.to);
        expect(kept.length).toBe(Math.min(size, 300));
      }),
    );
  });

  test('knows what was said about it after that was let go', () => {
    const asides = new Asides();
    const reaction: Entry = {
      ...said(9),
      quiet: true,
      body: { type: 'reaction', target_id: 'm1', emoji: '👍' },
    };
    expect(asides.add([said(1), said(2)])).toBe(false);
    expect(asides.add([reaction])).toBe(true);
    expect(asides.of([said(1)])).toEqual([reaction]);
    expect(asides.of([said(2)])).toEqual([]);
  });

  test('remembers what waits for a key to say what it is about', () => {
    const asides = new Asides();
    const closed: Entry = { ...said(9), body: undefined, ct: 'x', quiet: true };
    asides.add([closed]);
    expect(asides.closed).toEqual([closed]);
    asides.add([{ ...closed, body: { type: 'reaction', target_id: 'm1', emoji: '👍' } }]);
    expect(asides.closed).toEqual([]);
    expect(asides.of([said(1)])).toHaveLength(1);
  });

  test('is an unbroken row', () => {
    const entries = [1, 2, 4, 5, 6, 8].map(said);
    expect(lastRun(entries).map(({ seq }) => seq)).toEqual([8]);
    expect(runAround(entries, 5).map(({ seq }) => seq)).toEqual([4, 5, 6]);
    expect(runAround(entries, 3)).toEqual([]);
  });

  test('is not drawn anew for what has not changed', () => {
    fc.assert(
      fc.property(conversations, (entries) => {
        const before = fold(entries);
        const now = keepSame(before, fold(mergeEntries([], entries)));
        expect(now.every((item, n) => item === before[n])).toBe(true);
        const rows = laidOut(before);
        expect(laidOut(now).every((row, n) => isSameRow(rows[n]!, row))).toBe(true);
      }),
    );
    const changed = fold([said(1), { ...said(2), k: 'deletion', target: 'm1', body: undefined }]);
    expect(keepSame(fold([said(1)]), changed)).toEqual(changed);
  });
});

describe('the rows in the page', () => {
  test('are those of the span, with the day above them', () => {
    fc.assert(
      fc.property(
        conversations,
        fc.nat(80),
        fc.nat(80),
        fc.boolean(),
        (entries, a, b, hasAfter) => {
          const rows = laidOut(fold(entries));
          const [start, end] = [Math.min(a, b) % (rows.length + 1), Math.min(rows.length, a + b)];
          const { start: first, end: last } = rowsIn(rows, spanOf(rows, start, end, hasAfter));
          const wanted = rows.slice(start, end).filter((row) => 'item' in row);
          const drawn = rows.slice(first, last).filter((row) => 'item' in row);
          if (wanted.length > 0) expect(drawn).toEqual(wanted);
          if (drawn.length > 0) expect(first === 0 || 'item' in rows[first - 1]!).toBe(true);
        },
      ),
    );
  });

  test('reach the foot when nothing comes after them', () => {
    const rows = laidOut(fold([1, 2, 3, 4].map(said)));
    expect(spanOf(rows, 2, rows.length, false).to).toBe(Infinity);
    expect(spanOf(rows, 2, rows.length, true).to).toBe(4);
    const { start, end } = rowsIn(rows, spanAround(rows, 3, 1, true));
    expect(rows.slice(start, end).map(seqOf)).toEqual([2, 3, 4]);
  });
});

function said(seq: number): Entry {
  const body = { type: 'text', text: `Said ${seq}` } as const;
  return { conv: 'c', seq, id: `m${seq}`, from: 'asha', ts: NOON + seq, k: 'message', body };
}
