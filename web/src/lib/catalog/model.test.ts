import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstVariant, sayStock, valueState, type Variant, variantWith } from './model.ts';

const variant = (values: string[], isAvailable = true): Variant => ({
  id: values.join('-'),
  option_values: values,
  sku: null,
  barcode: null,
  price: null,
  other_prices: [],
  price_now: { amount_minor: 100, currency: 'INR' },
  is_reduced: false,
  weight_g: null,
  picture_id: null,
  available: isAvailable ? 9 : 0,
  is_available: isAvailable,
  backorder_text: '',
  stock: null,
});

const options = [
  { name: 'Size', values: ['S', 'M', 'L'] },
  { name: 'Color', values: ['red', 'blue'] },
];
const [smallRed, smallBlue, mediumRed, largeBlue] = [
  variant(['S', 'red'], false),
  variant(['S', 'blue']),
  variant(['M', 'red']),
  variant(['L', 'blue']),
] as const;
const shirt = { options, variants: [smallRed, smallBlue, mediumRed, largeBlue] };

describe('choosing a variant', () => {
  test('it opens with the first that can be bought', () => {
    expect(firstVariant(shirt)).toBe(smallBlue);
    expect(firstVariant({ variants: [smallRed] })).toBe(smallRed);
    expect(firstVariant({ variants: [] })).toBeUndefined();
  });

  test('the other choices stay where they can', () => {
    expect(variantWith(shirt, smallBlue, 0, 'L')).toBe(largeBlue);
    expect(variantWith(shirt, mediumRed, 0, 'S')).toBe(smallRed);
  });

  test('where they cannot, a tap still leads somewhere', () => {
    expect(variantWith(shirt, smallBlue, 0, 'M')).toBe(mediumRed);
    expect(variantWith(shirt, largeBlue, 1, 'red')).toBe(mediumRed);
    expect(variantWith(shirt, smallBlue, 0, 'XL')).toBeUndefined();
  });

  test('each value says how it can be had', () => {
    expect(valueState(shirt, mediumRed, 0, 'M')).toBe('available');
    expect(valueState(shirt, mediumRed, 0, 'S')).toBe('sold-out');
    expect(valueState(shirt, mediumRed, 0, 'L')).toBe('elsewhere');
    expect(valueState(shirt, mediumRed, 0, 'XL')).toBe('absent');
  });

  test('whatever is tapped, a variant with that value is chosen', () => {
    const taps = fc.constantFrom(
      ...options.flatMap((option, i) => option.values.map((value) => [i, value] as const)),
    );
    fc.assert(
      fc.property(fc.array(taps, { maxLength: 12 }), (tapped) => {
        let chosen: Variant = smallBlue;
        for (const [i, value] of tapped) {
          const next = variantWith(shirt, chosen, i, value);
          expect(next?.option_values[i]).toBe(value);
          if (next) chosen = next;
        }
      }),
    );
  });
});

describe('stock in words', () => {
  test.each([
    [{ available: null, is_available: true }, 'In stock', 'in'],
    [{ available: 6, is_available: true }, 'In stock', 'in'],
    [{ available: 5, is_available: true }, '5 left', 'few'],
    [{ available: 1, is_available: true }, '1 left', 'few'],
    [{ available: 0, is_available: false }, 'Sold out', 'out'],
    [{ available: null, is_available: true, backorder_text: 'In two weeks' }, 'In two weeks', 'in'],
  ])('%o is %s', (item, text, tone) => {
    expect(sayStock(item)).toEqual({ text, tone });
  });
});
