import { describe, expect, test } from 'vitest';
import { currencyOf, guessPlace } from './countries.ts';
import { DAYS, fullWeek, handleFrom, isHandle, nextOpening, onWorkdays } from './model.ts';

describe('the guess for a new shop', () => {
  test('the zone tells the country where the language does not', () => {
    expect(guessPlace('Asia/Kolkata', ['en-US'])).toEqual({
      country: 'IN',
      currency: 'INR',
      zone: 'Asia/Kolkata',
    });
  });

  test('an old name of a zone becomes the one that the server knows', () => {
    expect(guessPlace('Asia/Calcutta', ['en'])).toMatchObject({
      country: 'IN',
      zone: 'Asia/Kolkata',
    });
  });

  test('an unknown zone leaves it to the language', () => {
    expect(guessPlace('Africa/Ouagadougou', ['fr', 'fr-BF']).currency).toBe('XOF');
    expect(guessPlace('UTC', ['eo']).country).toBe('US');
  });

  test('countries have their own money', () => {
    expect(['JP', 'BR', 'AE', 'DE', 'KE'].map(currencyOf)).toEqual([
      'JPY',
      'BRL',
      'AED',
      'EUR',
      'KES',
    ]);
  });
});

describe('handles', () => {
  test.each([
    ['Asha’s Kirana', 'ashas-kirana'],
    ['Café  Größe & Söhne', 'cafe-grosse-and-sohne'],
    ['  --Ravi--  ', 'ravi'],
    ['किराना', ''],
  ])('%s suggests %s', (name, handle) => {
    expect(handleFrom(name)).toBe(handle);
  });

  test('a suggestion of three letters or more can be taken as it is', () => {
    for (const name of ['A very long name of a shop in a very long street', "O'Neill", 'x y z']) {
      expect(isHandle(handleFrom(name))).toBe(true);
    }
    expect(isHandle('a--b')).toBe(false);
    expect(isHandle('-ab')).toBe(false);
  });
});

describe('hours', () => {
  test('a week has seven days, whatever came', () => {
    const week = fullWeek([{ day: 'We', openings: [{ opens: '09:00', closes: '12:00' }] }]);
    expect(week.map(({ day }) => day)).toEqual([...DAYS]);
    expect(week.filter(({ openings }) => openings.length > 0)).toHaveLength(1);
  });

  test('one day can be copied to the others of the working week, not to the weekend', () => {
    const openings = [{ opens: '08:00', closes: '20:00' }];
    const week = onWorkdays(fullWeek([{ day: 'Mo', openings }]), 'Mo');
    expect(week.map((day) => day.openings.length)).toEqual([1, 1, 1, 1, 1, 0, 0]);
  });

  test('the next range comes after the last one', () => {
    expect(nextOpening([])).toEqual({ opens: '09:00', closes: '18:00' });
    expect(nextOpening([{ opens: '09:00', closes: '13:00' }])).toEqual({
      opens: '14:00',
      closes: '17:00',
    });
  });
});
