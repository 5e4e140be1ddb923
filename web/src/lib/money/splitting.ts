/** Who bears how much of a bill. Pure; whatever way it is cut, the parts add up to the whole. */

import type { Money } from '#lib/values/money.ts';
import { money, split, total } from '#lib/values/money.ts';

export type SplitWay = 'equal' | 'shares' | 'amounts' | 'items';

/** What somebody had: how much, and who they are, by place in the list of people. */
export interface BillItem {
  readonly minor: number | null;
  readonly who: readonly number[];
}

/** In proportion to whole shares; nobody has one: nobody pays. */
export const byShares = (bill: Money, weights: readonly number[]): Money[] =>
  weights.some((weight) => weight > 0)
    ? split(bill, weights)
    : weights.map(() => money(0, bill.currency));

/**
 * Each item is shared equally by those who had it. What the bill is more than its items, tax and tip, is shared in
 * proportion to that.
 */
export function byItems(bill: Money, items: readonly BillItem[], people: number): Money[] {
  const had = Array.from({ length: people }, () => 0);
  for (const { minor, who } of items) {
    if (minor === null || who.length === 0) continue;
    const parts = split(
      money(minor, bill.currency),
      who.map(() => 1),
    );
    who.forEach((person, index) => (had[person]! += parts[index]!.amount_minor));
  }
  const listed = had.reduce((sum, part) => sum + part, 0);
  if (listed === 0 || listed > bill.amount_minor) {
    return had.map((part) => money(part, bill.currency));
  }
  const rest = split(money(bill.amount_minor - listed, bill.currency), had);
  return had.map((part, index) => money(part + rest[index]!.amount_minor, bill.currency));
}

/** How much of the bill is left to be given to somebody; less than nothing: so much too much is given. */
export const leftOf = (bill: Money, parts: readonly Money[]): number =>
  bill.amount_minor - total(parts, bill.currency).amount_minor;
