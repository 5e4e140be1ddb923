import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Ranked } from './ranks.ts';
import { compare, rerank } from './ranks.ts';

const ids = fc.integer({ min: 0, max: 30 }).map((n) => `c${n}`);
const conversations: fc.Arbitrary<Ranked> = fc.record({
  id: ids,
  active_at: fc.integer({ min: 0, max: 20 }),
  pinned_at: fc.option(fc.integer({ min: 0, max: 5 })),
});

test('however conversations change, the list is as if it had been sorted', () => {
  const changes = fc.array(fc.array(conversations, { maxLength: 6 }), { maxLength: 40 });
  fc.assert(
    fc.property(changes, (batches) => {
      const known = new Map<string, Ranked>();
      let list: readonly Ranked[] = [];
      for (const batch of batches) {
        const now = [...new Map(batch.map((one) => [one.id, one])).values()];
        list = rerank(
          list,
          now.flatMap(({ id }) => known.get(id) ?? []),
          now,
        );
        for (const one of now) known.set(one.id, one);
        expect(list).toEqual([...known.values()].sort(compare));
      }
    }),
  );
});

test('pinned ones stand first, in the order in which they were pinned', () => {
  const all: Ranked[] = [
    { id: 'late', active_at: 9 },
    { id: 'second', active_at: 1, pinned_at: 2 },
    { id: 'early', active_at: 3, pinned_at: null },
    { id: 'first', active_at: 2, pinned_at: 1 },
  ];
  expect(rerank([], [], all).map(({ id }) => id)).toEqual(['first', 'second', 'late', 'early']);
});

test('what was not there is no reason to take another away', () => {
  const one = { id: 'a', active_at: 1 };
  expect(rerank([one], [{ id: 'b', active_at: 1 }], [])).toEqual([one]);
});
