/** Money is whole minor units and an ISO 4217 code, as on the server. Nothing here rounds. */

export interface Money {
  readonly amount_minor: number;
  readonly currency: string;
}

/**
 * Decimals of each currency that has not two. From ISO 4217, not from `Intl`: browsers follow CLDR, which
 * writes several currencies (IDR, HUF, …) with fewer decimals than their minor unit has.
 */
const EXPONENTS: Readonly<Record<string, number>> = {
  ...fill(0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'),
  ...fill(3, 'BHD IQD JOD KWD LYD OMR TND'),
  ...fill(4, 'CLF UYW'),
};

function fill(exponent: number, codes: string): Record<string, number> {
  return Object.fromEntries(codes.split(' ').map((code) => [code, exponent]));
}

export function exponentOf(currency: string): number {
  return EXPONENTS[currency] ?? 2;
}

export const money = (amount_minor: number, currency: string): Money => ({
  amount_minor,
  currency,
});

/** The sum of amounts of one currency; another currency among them is a mistake of ours. */
export function total(amounts: Iterable<Money>, currency: string): Money {
  let sum = 0;
  for (const amount of amounts) {
    if (amount.currency !== currency) throw new TypeError(`${amount.currency} is not ${currency}`);
    sum += amount.amount_minor;
  }
  return { amount_minor: sum, currency };
}

/**
 * Shares in proportion to `weights` that add up to the whole, as the server makes them: each is rounded down, and the
 * units left over go to the largest remainders, ties by position. Weights are whole, not negative, and not all zero.
 */
export function split({ amount_minor, currency }: Money, weights: readonly number[]): Money[] {
  const whole = weights.reduce((sum, weight) => sum + BigInt(weight), 0n);
  const exact = weights.map((weight) => BigInt(amount_minor) * BigInt(weight));
  const shares = exact.map((part) => Number(part / whole));
  const left = amount_minor - shares.reduce((sum, share) => sum + share, 0);
  const byRemainder = exact
    .map((part, index) => ({ remainder: part % whole, index }))
    .sort((a, b) => (a.remainder < b.remainder ? 1 : a.remainder > b.remainder ? -1 : 0));
  for (const { index } of byRemainder.slice(0, left)) shares[index]! += 1;
  return shares.map((share) => money(share, currency));
}

export const times = (amount: Money, quantity: number): Money => ({
  amount_minor: amount.amount_minor * quantity,
  currency: amount.currency,
});

/** `1234` of INR is `"12.34"`: plain digits, exact. */
export function toDecimal({ amount_minor, currency }: Money): string {
  const exponent = exponentOf(currency);
  const digits = String(Math.abs(amount_minor)).padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  const sign = amount_minor < 0 ? '-' : '';
  return exponent ? `${sign}${whole}.${digits.slice(-exponent)}` : `${sign}${whole}`;
}

export interface FormatOptions {
  readonly locale: string;
  /** Leave out the decimals of a whole amount: ₹250 instead of ₹250.00. */
  readonly short?: boolean;
  /** Show + before what comes in. */
  readonly signed?: boolean;
}

export interface MoneyPart {
  readonly kind: 'sign' | 'digits' | 'space' | 'mark';
  readonly text: string;
}

/** The amount in pieces, so that the currency's sign can be drawn smaller than the digits. */
export function formatParts(amount: Money, options: FormatOptions): MoneyPart[] {
  const parts: { kind: MoneyPart['kind']; text: string }[] = [];
  const decimal = toDecimal(amount) as `${number}`;
  for (const { type, value } of formatter(amount, options).formatToParts(decimal)) {
    const literal = /\s/.test(value) ? 'space' : 'mark';
    const kind = type === 'currency' ? 'sign' : type === 'literal' ? literal : 'digits';
    const last = parts.at(-1);
    if (last?.kind === kind) last.text += value;
    else parts.push({ kind, text: value });
  }
  return parts;
}

export function format(amount: Money, options: FormatOptions): string {
  return formatter(amount, options).format(toDecimal(amount) as `${number}`);
}

/** The sign alone (₹, $, د.إ). */
export function signOf(currency: string, locale: string): string {
  const parts = formatter(money(0, currency), { locale }).formatToParts(0);
  return parts.find((part) => part.type === 'currency')?.value ?? currency;
}

const formatters = new Map<string, Intl.NumberFormat>();

function formatter(amount: Money, { locale, short, signed }: FormatOptions): Intl.NumberFormat {
  const exponent = exponentOf(amount.currency);
  const isWhole = amount.amount_minor % 10 ** exponent === 0;
  const decimals = short && isWhole ? 0 : exponent;
  const key = `${locale} ${amount.currency} ${decimals} ${signed ? '+' : ''}`;
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.NumberFormat(locale, {
      style: 'currency',
      currency: amount.currency,
      // The narrow signs of Arab currencies are Latin letters (E£), which is not how people write there.
      currencyDisplay: locale.startsWith('ar') ? 'symbol' : 'narrowSymbol',
      // Both, always: Intl has its own idea of a currency's decimals.
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      signDisplay: signed ? 'exceptZero' : 'auto',
    });
    formatters.set(key, found);
  }
  return found;
}
