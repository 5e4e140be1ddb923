import { describe, expect, test } from 'vitest';
import { sayOpenings, sayState, stateAt } from './model.ts';

const place = { locale: 'en-GB', zone: 'Asia/Kolkata' };
const noon = Date.parse('2026-03-03T12:00:00+05:30');
const at = (text: string) => Date.parse(`${text}+05:30`);
const open = (closesAt: number | null) =>
  ({ state: 'open', closes_at: closesAt, opens_at: null }) as const;
const closed = (opensAt: number | null) =>
  ({ state: 'closed', closes_at: null, opens_at: opensAt }) as const;

describe('open now', () => {
  test('an open shop says until when', () => {
    expect(sayState(open(at('2026-03-03T21:30')), noon, place)).toBe('Open until 21:30');
    expect(sayState(open(null), noon, place)).toBe('Open');
  });

  test('a closed shop says when it opens, in its own time', () => {
    expect(sayState(closed(at('2026-03-03T16:00')), noon, place)).toBe('Closed · opens at 16:00');
    expect(sayState(closed(at('2026-03-04T07:00')), noon, place)).toBe(
      'Closed · opens tomorrow at 7:00',
    );
    expect(sayState(closed(at('2026-03-06T07:00')), noon, place)).toBe(
      'Closed · opens Friday at 7:00',
    );
    expect(sayState(closed(at('2026-03-20T07:00')), noon, place)).toBe(
      'Closed · opens 20 Mar at 7:00',
    );
    expect(sayState(closed(null), noon, place)).toBe('Closed');
  });

  test('where nobody knows, nothing is claimed', () => {
    const unknown = { state: 'unknown', closes_at: null, opens_at: null } as const;
    expect(sayState(unknown, noon, place)).toBeNull();
  });

  test('a page left open over closing time does not go on saying open', () => {
    expect(stateAt(open(noon), noon).state).toBe('closed');
    expect(stateAt(open(noon + 1), noon).state).toBe('open');
    expect(stateAt(closed(noon), noon).state).toBe('open');
  });
});

test('the openings of a day are read as clocks', () => {
  const day = (...openings: { opens: string; closes: string | null }[]) =>
    sayOpenings({ openings });
  expect(day()).toBe('Closed');
  expect(day({ opens: '00:00', closes: '24:00' })).toBe('Open all day');
  expect(day({ opens: '07:00', closes: '13:00' }, { opens: '16:00', closes: null })).toMatch(
    /^7:00.*–1:00.*, from 4:00/,
  );
});
