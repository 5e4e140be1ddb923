/** What a person types for an amount, read without guessing about money. */

import { toAsciiDigits } from './digits.ts';
import { exponentOf } from './money.ts';

export type TypedAmount =
  | { readonly ok: true; readonly minor: number }
  | {
      readonly ok: false;
      readonly why: 'empty' | 'not-a-number' | 'too-many-decimals' | 'too-large';
    };

const no = (why: Extract<TypedAmount, { ok: false }>['why']): TypedAmount => ({ ok: false, why });

/**
 * Reads `1,20,000.50`, `1.200,50`, `١٢٠٫٥` or `12,5`.
 *
 * Two different separators: the last is the decimal one. One separator more than once: it groups. One
 * separator once: the locale's decimal mark is decimal, another one groups when exactly three digits follow.
 * More decimals than the currency has are refused, never rounded.
 */
export function parseAmount(text: string, currency: string, locale: string): TypedAmount {
  const plain = toAsciiDigits(text)
    .replace(/[\s\u00a0\u202f\u200e\u200f'’_٬]/g, '')
    .replace(/٫/g, decimalMark(locale) === ',' ? ',' : '.');
  if (plain === '') return no('empty');
  if (!/^[\d.,]+$/.test(plain) || !/\d/.test(plain)) return no('not-a-number');

  const [whole, decimals] = separate(plain, decimalMark(locale));
  if (whole === null) return no('not-a-number');

  const exponent = exponentOf(currency);
  if (decimals.length > exponent) return no('too-many-decimals');
  const minor = Number(whole + decimals.padEnd(exponent, '0'));
  return Number.isSafeInteger(minor) ? { ok: true, minor } : no('too-large');
}

/** The digits before and after the decimal mark; `null` where the grouping makes no sense. */
function separate(plain: string, mark: string): [whole: string | null, decimals: string] {
  const used = [...new Set(plain.replace(/\d/g, ''))];
  if (used.length === 0) return [plain, ''];

  let decimal: string | null;
  if (used.length === 2) {
    decimal = plain.at(plain.search(/[.,]\d*$/)) ?? null;
    if (plain.split(decimal ?? '').length > 2) return [null, ''];
  } else {
    const only = used[0] ?? '';
    const isOnce = plain.split(only).length === 2;
    const looksGrouped = /^[1-9]\d{0,2}[.,]\d{3}$/.test(plain);
    decimal = isOnce && (only === mark || !looksGrouped) ? only : null;
  }

  const [before = '', after = ''] = decimal === null ? [plain, ''] : plain.split(decimal);
  const groups = before.split(/[.,]/);
  const isGroupedWell =
    groups.length === 1 ||
    (groups.at(-1)?.length === 3 &&
      /^\d{1,3}$/.test(groups[0] ?? '') &&
      groups.slice(1, -1).every((group) => /^\d{2,3}$/.test(group)));
  return isGroupedWell ? [groups.join('') || '0', after] : [null, ''];
}

/** The mark between whole and decimals that this locale writes: `.` or `,`. */
export function decimalMark(locale: string): '.' | ',' {
  const parts = new Intl.NumberFormat(locale, { numberingSystem: 'latn' }).formatToParts(1.5);
  return parts.find((part) => part.type === 'decimal')?.value === ',' ? ',' : '.';
}

/** The mark and the decimals as this locale writes them: `05` is `,05`, or `٫٠٥`. */
export function writeDecimals(decimals: string, locale: string): string {
  const figures = new Intl.NumberFormat(locale);
  const mark = figures.formatToParts(0.5).find((part) => part.type === 'decimal')?.value ?? '.';
  return mark + decimals.replace(/\d/g, (digit) => figures.format(Number(digit)));
}
