import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inOrder, nextMove, refundOf, urgency, type Order, type Summary } from './model.ts';

const money = (amount_minor: number) => ({ amount_minor, currency: 'EUR' });

const order = (changes: Partial<Summary>): Summary =>
  ({
    id: 'o',
    state: 'placed',
    method: 'pickup',
    moves: ['accepted', 'canceled'],
    placed_at: 0,
    changed_at: 0,
    held_until: 1000,
    ...changes,
  }) as Summary;

describe('the one tap forward', () => {
  test('is the nearest move, never to cancel', () => {
    expect(nextMove(order({}))).toBe('accepted');
    expect(nextMove(order({ state: 'fulfilled', moves: [] }))).toBeNull();
    expect(nextMove(order({ moves: ['canceled'] }))).toBeNull();
  });

  test('what is ready and delivered is sent off first', () => {
    const moves = ['fulfilled', 'on_its_way', 'canceled'] as Summary['moves'];
    expect(nextMove(order({ state: 'ready', method: 'delivery', moves }))).toBe('on_its_way');
  });
});

test('open columns begin with what waits longest, closed ones with the latest', () => {
  const orders = [1, 3, 2].map((at) => order({ id: String(at), placed_at: at, changed_at: at }));
  expect(inOrder('placed', orders).map(({ id }) => id)).toEqual(['1', '2', '3']);
  const done = orders.map((one) => ({ ...one, state: 'fulfilled' as const }));
  expect(inOrder('fulfilled', done).map(({ id }) => id)).toEqual(['3', '2', '1']);
});

test('a new order gets urgent before it expires', () => {
  expect([100, 400, 800].map((now) => urgency(order({}), now))).toEqual(['calm', 'late', 'urgent']);
  expect(urgency(order({ state: 'canceled' }), 10 ** 12)).toBe('calm');
});

describe('refunds', () => {
  const sold = (paid: number, quantity: number, returned: number): Order =>
    ({
      total: money(paid),
      delivery: { paid: money(500) },
      lines: [{ variant_id: 'v', paid: money(paid), quantity, returned }],
    }) as unknown as Order;

  test('ten single returns give back exactly what was paid', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10 ** 9 }),
        fc.integer({ min: 1, max: 30 }),
        (paid, n) => {
          let sum = 0;
          for (let returned = 0; returned < n; returned++) {
            sum += refundOf(sold(paid, n, returned), { v: 1 }, false).amount_minor;
          }
          expect(sum).toBe(paid);
        },
      ),
    );
  });

  test('the delivery is its own line', () => {
    expect(refundOf(sold(1792, 1, 0), {}, true)).toEqual(money(500));
  });
});
