import { describe, expect, test } from 'vitest';
import { Problem } from '#lib/api/index.ts';
import type { Claim } from './model.ts';
import { grouped, inOnePiece, outcomeOf, placeOf, railName, wrongFields } from './rails.ts';

describe('rails', () => {
  test('of an address the place is shown, not the names around it', () => {
    expect(placeOf({ name: 'Asha', vpa: 'asha@bank' })).toBe('asha@bank');
    const iban = placeOf({ bic: 'X', iban: 'BE72000000001616', name: 'Asha' });
    expect(iban.split(/\s/)).toEqual(['BE72', '0000', '0000', '1616']);
    expect(inOnePiece(`${iban} of Asha`)).toBe('BE72000000001616 of Asha');
    expect(grouped('DE89 3704 0044 0532 0130 00').split(/\s/)).toHaveLength(6);
    expect(placeOf({})).toBe('');
  });

  test('a rail of a newer server keeps its own name', () => {
    expect(railName('upi')).toBe('UPI');
    expect(railName('hawala')).toBe('hawala');
  });

  test.each([
    ['confirmed', 25000, 'Received'],
    ['confirmed', 20000, '₹200 came, ₹50 is left'],
    ['confirmed', 26000, '₹10 more than asked came'],
    ['rejected', 0, 'Not received'],
    ['expired', 0, 'Not answered in time'],
  ] as const)('a claim of ₹250 that is %s with %i paise: %s', (state, came, said) => {
    const inr = (amount_minor: number) => ({ amount_minor, currency: 'INR' });
    const claim = { state, amount: inr(25000), received: inr(came) } as Claim;
    expect(outcomeOf(claim)).toBe(said);
  });

  test('what the server says of an address is told at its field', () => {
    const errors = [{ field: 'details.vpa', message: 'A UPI id looks like asha@bank.' }];
    const refused = new Problem('invalid-input', 422, '', { errors });
    expect(wrongFields(refused)).toEqual({ vpa: 'A UPI id looks like asha@bank.' });
    expect(wrongFields(new Problem('not-allowed', 403, ''))).toEqual({});
    expect(wrongFields(new Error())).toEqual({});
  });
});
