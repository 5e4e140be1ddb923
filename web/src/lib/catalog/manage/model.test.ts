import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  combinationCount,
  combine,
  parseCount,
  splitValues,
  toHtml,
  toPlain,
  type VariantDraft,
} from './model.ts';

let count = 0;
const newId = () => `new-${++count}`;

const one = (id: string, values: string[], price: number | null = 100): VariantDraft => ({
  id,
  values,
  sku: id,
  price,
  sale: null,
  onHand: 7,
  rest: null,
});

describe('variants', () => {
  test('a product without options has one variant, and it stays when options come', () => {
    const sizes = [{ name: 'Size', values: ['S', 'M'] }];
    const made = combine(sizes, [one('a', [])], newId);
    expect(made.map(({ values }) => values)).toEqual([['S'], ['M']]);
    expect(made[0]).toMatchObject({ id: 'a', price: 100, onHand: 7 });
    expect(made[1]).toMatchObject({ price: 100, onHand: 0, sku: '' });
  });

  test('what is known of a combination stays when values are added, moved or taken away', () => {
    const known = [one('s', ['S'], 1), one('m', ['M'], 2), one('l', ['L'], 3)];
    const made = combine([{ name: 'Size', values: ['L', 'XL', 'S'] }], known, newId);
    expect(made.map(({ id, price }) => [id.slice(0, 3), price])).toEqual([
      ['l', 3],
      ['new', 1],
      ['s', 1],
    ]);
  });

  test('a second option keeps each first combination once', () => {
    const known = [one('s', ['S'], 1), one('m', ['M'], 2)];
    const options = [
      { name: 'Size', values: ['S', 'M'] },
      { name: 'Color', values: ['red', 'blue'] },
    ];
    const made = combine(options, known, newId);
    expect(made.map(({ values }) => values.join())).toEqual(['S,red', 'S,blue', 'M,red', 'M,blue']);
    expect(made.filter(({ id }) => id === 's')).toHaveLength(1);
    expect(made.find(({ id }) => id === 'm')?.values).toEqual(['M', 'red']);
  });

  test('all options taken away leave the first variant', () => {
    expect(combine([], [one('s', ['S']), one('m', ['M'])], newId).map(({ id }) => id)).toEqual([
      's',
    ]);
  });

  test('an option without a name or values counts for nothing', () => {
    const options = [
      { name: '', values: ['x', 'y'] },
      { name: 'Size', values: [] },
    ];
    expect(combinationCount(options)).toBe(1);
    expect(combine(options, [one('a', [])], newId)).toHaveLength(1);
  });

  test('no two variants share an id, and there are as many as combinations', () => {
    const option = fc.record({
      name: fc.constantFrom('Size', 'Color', ''),
      values: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(
        fc.array(option, { maxLength: 3 }),
        fc.array(option, { maxLength: 3 }),
        (before, after) => {
          const known = combine(before, [one('first', [])], newId);
          const made = combine(after, known, newId);
          expect(made).toHaveLength(combinationCount(after));
          expect(new Set(made.map(({ id }) => id)).size).toBe(made.length);
        },
      ),
    );
  });
});

describe('words', () => {
  test('values are separated by commas of any script', () => {
    expect(splitValues(' S, M ,,L،XL、S ')).toEqual(['S', 'M', 'L', 'XL']);
  });

  test('a description is plain in the field', () => {
    expect(toPlain('<p>Fresh &amp; <b>good</b></p>\n<ul><li>One</li><li>Two</li></ul>')).toBe(
      'Fresh & good\n\n• One\n• Two',
    );
  });

  test('what is typed comes back as typed', () => {
    const line = fc.stringMatching(/^[a-z<>&"' ]{0,12}$/).map((text) => text.trim());
    const words = fc
      .array(line.filter(Boolean), { minLength: 1, maxLength: 4 })
      .map((lines) => lines.join('\n\n').replace(/ +/g, ' '));
    fc.assert(
      fc.property(words, (text) => {
        expect(toPlain(toHtml(text))).toBe(text);
      }),
    );
    expect(toHtml('a\nb\n\nc')).toBe('<p>a<br>b</p><p>c</p>');
  });

  test('a count is a whole number, or nothing', () => {
    expect(['12', ' 0 ', '', '1.5', '-1', 'x'].map(parseCount)).toEqual([
      12,
      0,
      null,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
