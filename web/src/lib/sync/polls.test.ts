import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entry } from './entries.ts';
import { isPoll } from './polls.ts';
import { fold, mergeEntries } from './timeline.ts';

const say = (seq: number, from: string, body: unknown, ts = seq): Entry =>
  ({ conv: 'c', k: 'message', seq, id: `m${seq}`, from, ts, body }) as Entry;
const poll = { type: 'poll', question: 'Where?', options: ['Park', 'River', 'Sea'] };
const vote = (seq: number, from: string, options: unknown, ts = seq): Entry =>
  say(seq, from, { type: 'vote', target_id: 'm1', options }, ts);
const end = (seq: number, from: string): Entry =>
  say(seq, from, { type: 'poll_end', target_id: 'm1' });

const tallyOf = (...entries: Entry[]) => {
  const item = fold(entries).find(({ id }) => id === 'm1');
  return item?.kind === 'message' ? item.tally : undefined;
};

describe('a poll', () => {
  test('counts the last vote of each person, and none that was taken back', () => {
    expect(
      tallyOf(
        say(1, 'asha', poll),
        vote(2, 'ravi', [0]),
        vote(3, 'mina', [1]),
        vote(4, 'asha', [2]),
        vote(5, 'ravi', [1]),
        vote(6, 'asha', []),
      ),
    ).toEqual({ votes: [[], ['mina', 'ravi'], []], isEnded: false });
  });

  test('counts several of one person only where several can be chosen', () => {
    const both = vote(2, 'ravi', [0, 2]);
    expect(tallyOf(say(1, 'asha', poll), both)?.votes).toEqual([[], [], []]);
    const several = { ...poll, several: true };
    expect(tallyOf(say(1, 'asha', several), both)?.votes).toEqual([['ravi'], [], ['ravi']]);
  });

  test('ends when its author ends it, or by the clock of the server', () => {
    expect(
      tallyOf(
        say(1, 'asha', poll),
        end(2, 'ravi'),
        vote(3, 'mina', [0]),
        end(4, 'asha'),
        vote(5, 'ravi', [0]),
      ),
    ).toEqual({ votes: [['mina'], [], []], isEnded: true });
    const timed = { ...poll, closes_at: 100 };
    const entries = [say(1, 'asha', timed), vote(2, 'mina', [0], 99), vote(3, 'mina', [1], 100)];
    expect(tallyOf(...entries)?.votes).toEqual([['mina'], [], []]);
  });

  test('hears nothing that is no vote', () => {
    for (const options of [[-1], [3], [0.5], ['0'], 'all', null, undefined]) {
      expect(tallyOf(say(1, 'asha', poll), vote(2, 'ravi', options))?.votes).toEqual([[], [], []]);
    }
    for (const wrong of [
      { ...poll, options: ['Park'] },
      { ...poll, options: Array.from({ length: 13 }, (_, i) => `${i}`) },
      { ...poll, options: 'Park' },
      { ...poll, options: [1, 2] },
      { ...poll, question: null },
    ]) {
      expect(isPoll(wrong as never)).toBe(false);
      expect(tallyOf(say(1, 'asha', wrong), vote(2, 'ravi', [0]))).toBeNull();
    }
  });

  test('is one item; votes are none of their own, and a deleted one counts nothing', () => {
    const entries = [say(1, 'asha', poll), vote(2, 'ravi', [0]), end(3, 'asha')];
    expect(fold(entries)).toHaveLength(1);
    const deletion: Entry = { conv: 'c', k: 'deletion', seq: 4, id: 'd', ts: 4, target: 'm1' };
    expect(tallyOf(...entries, deletion)).toBeNull();
  });

  test('comes to the same whichever way its pages came in', () => {
    const rows = fc.array(
      fc.record({
        who: fc.nat(3),
        options: fc.array(fc.nat(3), { maxLength: 3 }),
        isEnd: fc.nat(9),
      }),
      { maxLength: 25 },
    );
    const cuts = fc.array(fc.tuple(fc.nat(26), fc.nat(26)), { maxLength: 8 });
    fc.assert(
      fc.property(fc.boolean(), rows, cuts, (several, said, pages) => {
        const entries = [
          say(1, 'u0', { ...poll, several: several || undefined, closes_at: 22 }),
          ...said.map(({ who, options, isEnd }, i) =>
            isEnd === 0 ? end(i + 2, `u${who}`) : vote(i + 2, `u${who}`, options),
          ),
        ];
        const merged = [
          ...pages.map(([a, b]) => entries.slice(Math.min(a, b), Math.max(a, b))),
          entries.toReversed(),
        ].reduce<Entry[]>((known, page) => mergeEntries(known, page), []);
        expect(fold(merged)).toEqual(fold(entries));
        const people = tallyOf(...entries)?.votes.flat() ?? [];
        if (!several) expect(new Set(people).size).toBe(people.length);
      }),
    );
  });
});
