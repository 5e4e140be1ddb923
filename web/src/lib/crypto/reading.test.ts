import { expect, test, vi } from 'vitest';
import type { SealedEntry } from './model.ts';
import { Reading } from './reading.ts';

const entry = (conv: string): SealedEntry => ({
  conv,
  seq: 1,
  id: 'm',
  from: 'mina',
  ts: 1,
  ct: '{}',
});

test('what could not be tried just now is told to be tried again, once for all', () => {
  vi.useFakeTimers();
  const told: (readonly string[])[] = [];
  const means = { tellKeys: (convs: readonly string[]) => told.push(convs) };
  const reading = new Reading(means as never);

  expect(reading.later(entry('a')).state).toBe('waiting');
  reading.later(entry('a'));
  reading.later(entry('b'));
  expect(told).toEqual([]);
  vi.runAllTimers();
  expect(told).toEqual([['a', 'b']]);
  reading.later(entry('a'));
  vi.advanceTimersByTime(3000);
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(3000);
  expect(told).toEqual([['a', 'b'], ['a']]);
  vi.useRealTimers();
});
