/** Rates, offers and fees as they are typed and told. Pure. */

import { reader, t } from '#lib/i18n/index.ts';
import { money } from '#lib/values/money.ts';
import { type Quote, type Rate, type SaleFee, sum } from './model.ts';

const PPM_OF_PERCENT = 10_000;

/** What was typed as the decimal number that the server takes, digits of any script; null while it is none above 0. */
export function typedRate(text: string): string | null {
  const plain = latin(text);
  const isRate = /^\d{1,9}(\.\d{1,12})?$/.test(plain) && Number(plain) > 0;
  return isRate ? plain : null;
}

/** Percent as millionths; null for what is no number from 0 to 100 with four decimals at most. */
export function typedPercent(text: string): number | null {
  const plain = latin(text);
  if (!/^\d{1,3}(\.\d{1,4})?$/.test(plain) || Number(plain) > 100) return null;
  return Math.round(Number(plain) * PPM_OF_PERCENT);
}

function latin(text: string): string {
  const digits = text
    .trim()
    .replace(/\p{Nd}/gu, digitOf)
    .replace(/[,٫]/, '.');
  return digits.replace(/^\./, '0.');
}

/** The digits of each script stand in a row of ten. */
function digitOf(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let zero = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1)) && code - zero < 9) zero -= 1;
  return String(code - zero);
}

/** A rate in the reader's digits, with all the decimals it has. */
export const tellRate = ({ pay, get, rate }: Pick<Rate, 'pay' | 'get' | 'rate'>): string =>
  t.exchange.rate(
    pay,
    get,
    new Intl.NumberFormat(reader.figures, { maximumFractionDigits: 12 }).format(Number(rate)),
  );

export const rateOf = ({ pay, get, rate }: Quote): Rate =>
  ({ pay: pay.currency, get: get.currency, rate }) as Rate;

/** "2 % + ₹3": what a sale costs. */
export function tellFee({ currency, fee }: SaleFee): string {
  const percent = new Intl.NumberFormat(reader.figures, {
    style: 'percent',
    maximumFractionDigits: 4,
  }).format(fee.ppm / (100 * PPM_OF_PERCENT));
  const fixed = Math.max(fee.fixed_minor, fee.ppm ? 0 : fee.low_minor);
  if (!fixed) return percent;
  const each = sum(money(fixed, currency));
  return fee.ppm ? `${percent} + ${each}` : each;
}
