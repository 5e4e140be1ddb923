import type { Schema } from '#lib/api/index.ts';
import { money, type Money } from '#lib/values/money.ts';

export type Order = Schema['Order'];
export type Summary = Schema['OrderSummary'];
export type State = Schema['State'];
export type Delivery = Schema['DeliverySettings'];
export type Counts = Partial<Record<State, number>>;

export const OPEN_STATES = ['placed', 'accepted', 'ready', 'on_its_way'] as const;
export const STATES = [...OPEN_STATES, 'fulfilled', 'canceled', 'expired'] as const;

export const isOpen = (state: State): boolean => OPEN_STATES.some((open) => open === state);

/** The nearest state that the order may be taken on to. */
export function nextMove({ moves, method, state }: Pick<Summary, 'moves' | 'method' | 'state'>) {
  const forward = moves.filter((move) => move !== 'canceled');
  // What is ready and delivered is usually sent, what is picked up is handed over.
  if (state === 'ready' && method === 'delivery' && forward.includes('on_its_way')) {
    return 'on_its_way';
  }
  return forward[0] ?? null;
}

/** In what order a column is worked off: what waits longest first; what is done, the latest first. */
export function inOrder(state: State, orders: readonly Summary[]): Summary[] {
  return orders
    .filter((order) => order.state === state)
    .sort((a, b) => (isOpen(state) ? a.placed_at - b.placed_at : b.changed_at - a.changed_at));
}

/** How urgent an order's age is: new ones that are about to expire first of all. */
export function urgency(order: Summary, now: number): 'calm' | 'late' | 'urgent' {
  if (!isOpen(order.state)) return 'calm';
  if (order.state === 'placed') {
    const [left, whole] = [order.held_until - now, order.held_until - order.placed_at];
    if (left < whole * 0.25) return 'urgent';
    return left < whole * 0.75 ? 'late' : 'calm';
  }
  const age = now - order.changed_at;
  return age > 3 * 3_600_000 ? 'late' : 'calm';
}

/** What the units of these lines cost the shop to give back, as the server computes it. */
export function refundOf(
  order: Order,
  quantities: Readonly<Record<string, number>>,
  hasDelivery: boolean,
): Money {
  let sum = hasDelivery ? order.delivery.paid.amount_minor : 0;
  for (const line of order.lines) {
    const more = quantities[line.variant_id] ?? 0;
    const share = (count: number) => roundHalfUp(line.paid.amount_minor * count, line.quantity);
    sum += share(line.returned + more) - share(line.returned);
  }
  return money(sum, order.total.currency);
}

function roundHalfUp(numerator: number, denominator: number): number {
  return Number((2n * BigInt(numerator) + BigInt(denominator)) / (2n * BigInt(denominator)));
}

/** What can still go back. */
export const refundable = (order: Order): Money =>
  money(order.captured.amount_minor - order.refunded.amount_minor, order.total.currency);
