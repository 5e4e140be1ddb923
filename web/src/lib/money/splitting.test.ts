import { describe, expect, test } from 'vitest';
import { money, split } from '#lib/values/money.ts';
import { byItems, byShares, leftOf } from './splitting.ts';

const inr = (minor: number) => money(minor, 'INR');
const minors = (parts: readonly { amount_minor: number }[]) => parts.map((it) => it.amount_minor);

describe('splitting', () => {
  test.each([
    [100, [1, 1, 1], [34, 33, 33]],
    [2, [1, 1, 1], [1, 1, 0]],
    [1000, [2, 1, 0], [667, 333, 0]],
    [100, [3, 7, 97], [3, 6, 91]],
    [2 ** 53 - 1, [1, 1], [4503599627370496, 4503599627370495]],
  ])('%i by %j is %j, as the server has it', (amount, weights, parts) => {
    expect(minors(split(inr(amount), weights))).toEqual(parts);
  });

  test('parts add up to the whole and are within one unit of exact', () => {
    let seed = 7;
    const next = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    for (let round = 0; round < 500; round += 1) {
      const weights = Array.from({ length: 1 + next(9) }, () => next(50));
      weights[0]! += 1;
      const bill = inr(next(1_000_000));
      const parts = split(bill, weights);
      const whole = weights.reduce((sum, weight) => sum + weight, 0);
      expect(leftOf(bill, parts)).toBe(0);
      parts.forEach((part, index) =>
        expect(
          Math.abs(part.amount_minor - (bill.amount_minor * weights[index]!) / whole),
        ).toBeLessThan(1),
      );
    }
  });

  test('where nobody has a share nobody pays', () => {
    expect(minors(byShares(inr(100), [0, 0]))).toEqual([0, 0]);
  });

  test('who had an item bears it, and tax and tip in proportion', () => {
    const items = [
      { minor: 300, who: [0] },
      { minor: 600, who: [1, 2] },
      { minor: null, who: [0] },
      { minor: 50, who: [] },
    ];
    const parts = byItems(inr(990), items, 3);
    expect(minors(parts)).toEqual([330, 330, 330]);
    expect(leftOf(inr(990), parts)).toBe(0);
  });

  test('items of more than the bill are not made to fit', () => {
    const parts = byItems(inr(100), [{ minor: 150, who: [0, 1] }], 2);
    expect(leftOf(inr(100), parts)).toBe(-50);
  });
});
