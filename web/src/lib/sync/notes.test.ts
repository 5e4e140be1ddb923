import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Notes } from './notes.ts';
import { mergeNotes, pruneNotes, readNotes, writeNotes } from './notes.ts';

/** Few keys and few moments, so that copies meet at the same ones. */
const notes: fc.Arbitrary<Notes> = fc
  .array(
    fc.tuple(
      fc.constantFrom('star/a', 'star/b', 'folder/c', '__proto__'),
      fc.record({ at: fc.nat(3), value: fc.oneof(fc.constant(null), fc.nat(2), fc.string()) }),
    ),
  )
  .map((items) => new Map(items));

describe('what the copies of a notebook have in common', () => {
  test('it does not matter which way they meet', () => {
    fc.assert(
      fc.property(notes, notes, (a, b) => {
        expect(writeNotes(mergeNotes(a, b))).toBe(writeNotes(mergeNotes(b, a)));
      }),
    );
  });

  test('nor in which order, nor how often', () => {
    fc.assert(
      fc.property(notes, notes, notes, (a, b, c) => {
        const once = mergeNotes(mergeNotes(a, b), c);
        expect(writeNotes(mergeNotes(a, mergeNotes(b, c)))).toBe(writeNotes(once));
        expect(writeNotes(mergeNotes(once, b))).toBe(writeNotes(once));
        expect(writeNotes(mergeNotes(once, once))).toBe(writeNotes(once));
      }),
    );
  });

  test('it is the same after it was written and read', () => {
    fc.assert(
      fc.property(notes, (a) => {
        expect(readNotes(writeNotes(a))).toEqual(a);
      }),
    );
  });

  test('what one device takes out does not come back from another', () => {
    const before: Notes = new Map([['star/a', { at: 1, value: 'x' }]]);
    const without = mergeNotes(before, new Map([['star/a', { at: 2, value: null }]]));
    expect(mergeNotes(without, before).get('star/a')).toEqual({ at: 2, value: null });
  });

  test('it is forgotten when every device must have heard', () => {
    const day = 24 * 3600 * 1000;
    const gone: Notes = new Map([
      ['old', { at: 0, value: null }],
      ['fresh', { at: 20 * day, value: null }],
      ['there', { at: 0, value: 1 }],
    ]);
    expect([...pruneNotes(gone, 101 * day).keys()]).toEqual(['fresh', 'there']);
  });

  test('of very much that was taken out the latest is remembered', () => {
    const many: Notes = new Map(
      Array.from({ length: 700 }, (_, n) => [`k${n}`, { at: n, value: null }]),
    );
    const pruned = pruneNotes(many, 0);
    expect(pruned.has('k699')).toBe(true);
    expect(pruned.has('k0')).toBe(false);
    expect(writeNotes(pruneNotes(pruned, 0))).toBe(writeNotes(pruned));
  });

  test('what a newer app has written is not touched', () => {
    expect(() => readNotes('{"v":2,"notes":[]}')).toThrow('newer-notebook');
  });
});
