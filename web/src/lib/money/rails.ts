/** The ways to be paid from bank to bank, and what each wants to know. The server checks it, in its own words. */

import { Problem } from '#lib/api/index.ts';
import { t } from '#lib/i18n/index.ts';
import { money } from '#lib/values/money.ts';
import type { Claim, PaymentAddress } from './model.ts';
import { sum } from './model.ts';

/** By rail: the fields of its address. Where `either` is there, one of them is given. */
interface Wanted {
  readonly either?: readonly string[];
  readonly fields: readonly string[];
  readonly optional?: readonly string[];
}

export const RAILS: Readonly<Record<string, Wanted>> = {
  upi: { fields: ['vpa', 'name'] },
  pix: { fields: ['key', 'name', 'city'] },
  epc: { fields: ['iban', 'name'], optional: ['bic'] },
  paynow: { either: ['mobile', 'uen'], fields: [], optional: ['name'] },
  promptpay: { either: ['phone', 'id_number', 'ewallet', 'biller_id'], fields: [] },
};

/** In these one can have an address. */
export const HAS_RAILS: ReadonlySet<string> = new Set(['INR', 'BRL', 'EUR', 'SGD', 'THB']);

/** A rail that this program does not know keeps the server's name for it. */
export const railName = (rail: string): string => t.direct.rails[rail] ?? rail;

/** What one would look for in the bank: the address without the names around it. */
export function placeOf(details: PaymentAddress['details']): string {
  const place = Object.entries(details).find(([field]) => !AROUND.has(field));
  if (!place) return '';
  const [field, said] = place;
  return field === 'iban' ? grouped(said) : said;
}
const AROUND = new Set(['name', 'city', 'bic', 'mcc']);

/** Between the groups of an IBAN, and nowhere else: a space of its own, so that it is known again. */
const GAP = '\u2005';

/** An IBAN as people read it, in groups of four. */
export const grouped = (iban: string): string =>
  iban.replace(/\s/g, '').replace(/.{4}(?=.)/g, `$&${GAP}`);

/** What is copied of a screen: an IBAN in one piece, as banks want it. */
export const inOnePiece = (copied: string): string => copied.replaceAll(GAP, '');

/** How a claim that was answered ended: what came, and what that is beside what was asked. */
export function outcomeOf({ state, amount, received }: Claim): string {
  const more = received.amount_minor - amount.amount_minor;
  const between = sum(money(Math.abs(more), amount.currency));
  if (state !== 'confirmed' || more === 0) return t.direct.states[state];
  return more > 0 ? t.direct.moreCame(between) : t.direct.partCame(sum(received), between);
}

/** What the server says of each field of an address: `details.vpa` is told at `vpa`. */
export function wrongFields(problem: unknown): Record<string, string> {
  if (!(problem instanceof Problem) || !Array.isArray(problem.facts.errors)) return {};
  const errors = problem.facts.errors as readonly { field: string; message: string }[];
  return Object.fromEntries(
    errors.map(({ field, message }) => [field.replace('details.', ''), message]),
  );
}
