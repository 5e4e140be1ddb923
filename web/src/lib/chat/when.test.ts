import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldOf, instantOf } from '#lib/values/time.ts';
import { offersAt, suggestedAt } from './when.ts';

const berlin = { locale: 'en', zone: 'Europe/Berlin' };
const at = (text: string): number => Date.parse(text);

describe('a field for date and time', () => {
  test('is read where the person is', () => {
    expect(instantOf('2026-11-30T09:00', berlin)).toBe(at('2026-11-30T08:00Z'));
    expect(instantOf('2026-07-01T09:00', berlin)).toBe(at('2026-07-01T07:00Z'));
    const delhi = { locale: 'en', zone: 'Asia/Kolkata' };
    expect(instantOf('2026-11-30T09:00', delhi)).toBe(at('2026-11-30T03:30Z'));
    expect(instantOf('', berlin)).toBeNaN();
  });

  test('is the same after it was written and read, but for the hour that comes twice', () => {
    fc.assert(
      fc.property(
        fc.integer({
          min: at('2020-01-01T00:00Z') / 60_000,
          max: at('2035-01-01T00:00Z') / 60_000,
        }),
        fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'),
        (minutes, zone) => {
          const field = fieldOf(minutes * 60_000, { locale: 'en', zone });
          const read = instantOf(field, { locale: 'en', zone });
          expect(fieldOf(read, { locale: 'en', zone })).toBe(field);
        },
      ),
    );
  });

  test('an hour that the clocks leave out is a little later', () => {
    expect(instantOf('2026-03-29T02:30', berlin)).toBe(at('2026-03-29T01:30Z'));
  });
});

describe('what is offered', () => {
  test('this evening while it is still to come, and tomorrow morning', () => {
    expect(offersAt(at('2026-11-30T12:00Z'), berlin)).toEqual([
      { kind: 'evening', at: at('2026-11-30T17:00Z') },
      { kind: 'morning', at: at('2026-12-01T08:00Z') },
    ]);
    expect(offersAt(at('2026-11-30T20:00Z'), berlin)).toEqual([
      { kind: 'morning', at: at('2026-12-01T08:00Z') },
    ]);
    // By the person's day, not the server's.
    expect(offersAt(at('2026-11-30T23:30Z'), berlin)[0]?.at).toBe(at('2026-12-01T17:00Z'));
  });

  test('an hour from now, at a round time', () => {
    expect(suggestedAt(at('2026-11-30T12:02Z'), berlin)).toBe('2026-11-30T14:05');
  });
});
