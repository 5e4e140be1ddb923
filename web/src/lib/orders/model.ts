import type { Schema } from '#lib/api/index.ts';
import { reader, t } from '#lib/i18n/index.ts';
import { format, type Money, money, times, total } from '#lib/values/money.ts';

export type Cart = Schema['Cart'];
export type CartLine = Schema['CartLine'];
export type Order = Schema['Order'];
export type OrderSummary = Schema['OrderSummary'];
export type Receipt = Schema['Receipt'];
export type Address = Schema['Address'];
export type Method = Schema['Method'];
export type Payment = Schema['Payment'];
export type State = Schema['State'];
export type Quote = Schema['orders_model_Quote'];
export type Wallet = Schema['Wallet'];

/** Whose eyes an order is seen with. */
export type Side = 'buyer' | 'shop';

/** What has to be known of a thing to show it in the cart before the server has answered. */
export interface Item {
  readonly variant_id: string;
  readonly product_id: string;
  readonly name: string;
  readonly options: readonly string[];
  readonly picture_id: string | null;
  readonly unit_price: Money | null;
}

/** A quantity that was tapped and is not with the server yet. */
export interface Wish {
  readonly item: Item;
  readonly quantity: number;
}

export interface BasketLine extends Item {
  readonly quantity: number;
  readonly amount: Money;
  readonly left: number | null;
  readonly price_was: Money | null;
  readonly trouble: CartLine['trouble'];
}

/**
 * The cart as the person sees it: what the server said, with what they tapped since. A line with a wish has no
 * trouble until the server says so.
 */
export function withWishes(cart: Cart, wishes: ReadonlyMap<string, Wish>): readonly BasketLine[] {
  const currency = cart.quote.total.currency;
  const known = new Set(cart.lines.map((line) => line.variant_id));
  const lines = cart.lines.map((line): BasketLine => {
    const wish = wishes.get(line.variant_id);
    if (!wish) return line;
    const { quantity } = wish;
    return { ...line, quantity, amount: amountOf(line, quantity, currency), trouble: null };
  });
  for (const [variantId, { item, quantity }] of wishes) {
    if (known.has(variantId)) continue;
    const amount = amountOf(item, quantity, currency);
    lines.push({ ...item, quantity, amount, left: null, price_was: null, trouble: null });
  }
  return lines.filter((line) => line.quantity > 0);
}

const amountOf = ({ unit_price: price }: Item, quantity: number, currency: string): Money =>
  price ? times(price, quantity) : money(0, currency);

export const countOf = (lines: readonly BasketLine[]): number =>
  lines.reduce((sum, { quantity }) => sum + quantity, 0);

/** What the goods cost together; what is not sold any more costs nothing. */
export const sumOf = (lines: readonly BasketLine[], currency: string): Money =>
  total(
    lines.map(({ amount }) => amount),
    currency,
  );

export const NO_WISHES: ReadonlyMap<string, Wish> = new Map();

export const withWish = (
  wishes: ReadonlyMap<string, Wish>,
  item: Item,
  quantity: number,
): ReadonlyMap<string, Wish> => new Map([...wishes, [item.variant_id, { item, quantity }]]);

/** What is not wished any more, for it was answered: a wish made since then stays. */
export function withoutAnswered(
  wishes: ReadonlyMap<string, Wish>,
  variantId: string,
  sent: Wish,
): ReadonlyMap<string, Wish> {
  if (wishes.get(variantId) !== sent) return wishes;
  return new Map([...wishes].filter(([id]) => id !== variantId));
}

export const say = (amount: Money, short = true): string =>
  format(amount, { locale: reader.figures, short });

/** One row of a sum: "Delivery ₹30". */
export interface SumRow {
  readonly label: string;
  readonly amount: Money;
  /** It is in the sums above already. */
  readonly isIncluded?: boolean;
  readonly isFree?: boolean;
}

type Summed = Pick<Quote, 'goods' | 'discount' | 'delivery' | 'taxes' | 'rounding' | 'total'>;

/** What stands between the goods and the total, in the order in which it adds up. */
export function sumRows(of: Summed, method: Method): readonly SumRow[] {
  const { currency } = of.total;
  const fee = of.delivery.amount;
  const rows: SumRow[] = [{ label: t.orders.goods, amount: of.goods }];
  if (of.discount.amount_minor > 0) {
    rows.push({ label: t.orders.discount, amount: money(-of.discount.amount_minor, currency) });
  }
  if (method === 'delivery' || fee.amount_minor > 0) {
    rows.push({ label: t.orders.deliveryFee, amount: fee, isFree: fee.amount_minor === 0 });
  }
  for (const tax of of.taxes) {
    const rate = new Intl.NumberFormat(reader.figures, {
      style: 'percent',
      maximumFractionDigits: 2,
    }).format(tax.rate_bp / 10_000);
    rows.push({
      label: (tax.is_included ? t.orders.taxIncluded : t.orders.taxAdded)(tax.name, rate),
      amount: tax.amount,
      isIncluded: tax.is_included,
    });
  }
  if (of.rounding.amount_minor !== 0) {
    rows.push({ label: t.orders.rounding, amount: of.rounding });
  }
  return rows;
}

const PATH: readonly State[] = ['placed', 'accepted', 'ready', 'on_its_way', 'fulfilled'];

export interface Milestone {
  readonly name: string;
  readonly state: 'done' | 'current' | 'coming' | 'aside';
  readonly at: number | null;
  readonly note: string;
  readonly amount: Money | null;
}

/**
 * What happened to an order and what still comes. What was left out is not shown; what is picked up is never sent;
 * payments and refunds stand beside, where they happened.
 */
export function milestones(
  order: Pick<Order, 'state' | 'method'> & {
    readonly steps: readonly Pick<Order['steps'][number], 'name' | 'at' | 'note' | 'amount'>[];
  },
): readonly Milestone[] {
  const last = order.steps.findLastIndex(({ name }) => name === order.state);
  const happened = order.steps.map(({ name, at, note = '', amount = null }, i): Milestone => ({
    name,
    state: name === 'paid' || name === 'refunded' ? 'aside' : i === last ? 'current' : 'done',
    at,
    note,
    amount,
  }));
  // An order whose time is up has no step that says so until it is swept.
  const ended = order.state === 'expired' && last < 0 ? [coming('expired', 'current')] : [];
  const place = PATH.indexOf(order.state);
  const ahead = place < 0 ? [] : PATH.slice(place + 1);
  const next = ahead.filter((name) => name !== 'on_its_way' || order.method === 'delivery');
  return [...happened, ...ended, ...next.map((name) => coming(name, 'coming'))];
}

const coming = (name: string, state: Milestone['state']): Milestone => ({
  name,
  state,
  at: null,
  note: '',
  amount: null,
});

export const sayStep = (name: string): string =>
  name === 'paid'
    ? t.orders.stepPaid
    : name === 'refunded'
      ? t.orders.stepRefunded
      : t.orders.state[name as State];

export const isOpen = (state: State): boolean => PATH.includes(state) && state !== 'fulfilled';

/** How a state looks as a badge. */
export const toneOf = (state: State): 'waiting' | 'accent' | 'done' | 'plain' =>
  state === 'placed'
    ? 'waiting'
    : state === 'fulfilled'
      ? 'done'
      : state === 'canceled' || state === 'expired'
        ? 'plain'
        : 'accent';

/** It is placed, and the buyer still has to pay by card: until then the shop promises nothing. */
export const waitsForCard = (
  order: Pick<Order, 'state' | 'payment' | 'payment_state' | 'total'>,
): boolean =>
  order.state === 'placed' &&
  order.payment === 'card' &&
  order.payment_state === 'unpaid' &&
  order.total.amount_minor > 0;

/** Where it is, in a sentence. */
export function sayLead(
  order: Pick<Order, 'state' | 'method' | 'payment' | 'payment_state' | 'total'>,
  shop: string,
  side: Side,
): string {
  const words = side === 'buyer' ? t.orders.lead : t.orders.shopLead;
  if (waitsForCard(order)) return words.toPay;
  if (order.state === 'ready') {
    return order.method === 'pickup' ? words.readyPickup : words.readyDelivery;
  }
  const said = words[order.state];
  return typeof said === 'function' ? said(shop) : said;
}

type Paid = Pick<
  Order,
  'state' | 'method' | 'payment' | 'payment_state' | 'total' | 'captured' | 'refunded'
>;

/** Where the money is, in a sentence. */
export function sayPayment(order: Paid, side: Side): string {
  const words = t.orders;
  const sum = say(order.total);
  const isBuyer = side === 'buyer';
  const hasEnded = order.state === 'canceled' || order.state === 'expired';
  if (order.payment === 'card' && order.total.amount_minor > 0) return sayCard(order, side);
  switch (order.payment_state) {
    case 'held':
      return isBuyer ? words.held(sum) : words.heldShop(sum);
    case 'paid':
      if (order.total.amount_minor === 0) return words.nothingDue;
      return order.payment === 'cash' ? words.paidInCash(sum) : words.paidWallet(sum);
    case 'part_refunded':
      return words.partRefunded(say(order.refunded), say(order.captured));
    case 'refunded':
      return words.refunded(say(order.captured));
    case 'unpaid':
      if (hasEnded && order.payment === 'cash') return words.notTaken;
      if (hasEnded) return isBuyer ? words.back : words.backShop;
      if (!isBuyer) return words.unpaidShop(sum);
      return order.method === 'pickup' ? words.unpaidCounter(sum) : words.unpaidDoor(sum);
  }
}

/** The same of what is paid by card. */
function sayCard(order: Paid, side: Side): string {
  const words = t.orders;
  const sum = say(order.total);
  const isBuyer = side === 'buyer';
  const hasEnded = order.state === 'canceled' || order.state === 'expired';
  switch (order.payment_state) {
    case 'held':
      if (order.state === 'fulfilled')
        return isBuyer ? words.cardTaking(sum) : words.cardTakingShop(sum);
      if (!isBuyer) return words.heldShop(sum);
      return order.method === 'pickup' ? words.cardPickup(sum) : words.cardHeld(sum);
    case 'paid':
      return words.cardPaid(sum);
    case 'part_refunded':
      return words.cardPartReturned(say(order.refunded), say(order.captured));
    case 'refunded':
      return words.cardReturned(say(order.captured));
    case 'unpaid':
      if (hasEnded) return isBuyer ? words.cardNotPaid : words.cardNotPaidShop;
      return isBuyer ? words.cardUnpaid : words.cardUnpaidShop;
  }
}

/** "Toor dal, 1 kg · 4 items". */
export const sayItems = ({ first_item: first, item_count: n }: OrderSummary): string =>
  t.orders.itemsOf(first, n);
