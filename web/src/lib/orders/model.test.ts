import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { money } from '#lib/values/money.ts';
import {
  type Cart,
  type CartLine,
  countOf,
  type Item,
  milestones,
  type Order,
  sayPayment,
  sumOf,
  sumRows,
  type Wish,
  withoutAnswered,
  withWishes,
} from './model.ts';

const inr = (minor: number) => money(minor, 'INR');
const none = { amount: inr(0), discount: inr(0), tax: inr(0), paid: inr(0) };

const item = (id: string, price: number | null): Item => ({
  variant_id: id,
  product_id: `product of ${id}`,
  name: id,
  options: [],
  picture_id: null,
  unit_price: price === null ? null : inr(price),
});

const line = (id: string, price: number | null, quantity: number): CartLine => ({
  ...item(id, price),
  options: [],
  sku: null,
  quantity,
  amount: inr((price ?? 0) * quantity),
  left: null,
  price_was: null,
  trouble: price === null ? 'not_for_sale' : null,
});

const cart = (...lines: CartLine[]) => {
  const goods = inr(lines.reduce((sum, { amount }) => sum + amount.amount_minor, 0));
  const quote = { lines: [], goods, discount: inr(0), delivery: none, taxes: [], rounding: inr(0) };
  return { lines, quote: { ...quote, total: goods } } as unknown as Cart;
};

const wishes = (...all: [Item, number][]): ReadonlyMap<string, Wish> =>
  new Map(all.map(([wished, quantity]) => [wished.variant_id, { item: wished, quantity }]));

describe('the cart before the server has answered', () => {
  test('what was tapped counts at once', () => {
    const shown = withWishes(cart(line('dal', 16800, 1)), wishes([item('dal', 16800), 3]));
    expect(countOf(shown)).toBe(3);
    expect(sumOf(shown, 'INR')).toEqual(inr(50400));
  });

  test('a thing that is new in it stands at the end, with its sum', () => {
    const shown = withWishes(cart(line('dal', 16800, 1)), wishes([item('rice', 9000), 2]));
    expect(shown.map(({ name }) => name)).toEqual(['dal', 'rice']);
    expect(sumOf(shown, 'INR')).toEqual(inr(34800));
  });

  test('what was taken out is gone, and comes back when the wish is dropped', () => {
    const known = cart(line('dal', 16800, 1));
    const wish = wishes([item('dal', 16800), 0]);
    expect(withWishes(known, wish)).toEqual([]);
    const sent = wish.get('dal') as Wish;
    expect(withWishes(known, withoutAnswered(wish, 'dal', sent))).toHaveLength(1);
  });

  test('a wish made while an earlier one is sent is not lost with its answer', () => {
    const first = wishes([item('dal', 16800), 1]);
    const second = wishes([item('dal', 16800), 2]);
    expect(withoutAnswered(second, 'dal', first.get('dal') as Wish)).toBe(second);
  });

  test('what is not sold any more is counted in the cart and costs nothing', () => {
    const shown = withWishes(cart(line('old', null, 2), line('dal', 100, 1)), new Map());
    expect(countOf(shown)).toBe(3);
    expect(sumOf(shown, 'INR')).toEqual(inr(100));
  });

  test('the sum is always that of the lines shown', () => {
    const quantity = fc.integer({ min: 0, max: 99 });
    const priced = fc.record({ price: fc.integer({ min: 0, max: 10 ** 6 }), quantity });
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), priced),
        fc.dictionary(fc.constantFrom('c', 'd', 'e', 'f'), priced),
        (has, wants) => {
          const lines = Object.entries(has).map(([id, own]) => line(id, own.price, own.quantity));
          const prices = new Map(lines.map((own) => [own.variant_id, own.unit_price]));
          const wished = Object.entries(wants).map(([id, own]): [Item, number] => {
            const price = prices.get(id)?.amount_minor ?? own.price;
            return [item(id, price), own.quantity];
          });
          const shown = withWishes(cart(...lines), wishes(...wished));
          const expected = new Map(lines.map((own) => [own.variant_id, own.amount.amount_minor]));
          for (const [own, n] of wished) {
            expected.set(own.variant_id, (own.unit_price?.amount_minor ?? 0) * n);
          }
          const sum = [...expected.values()].reduce((all, one) => all + one, 0);
          expect(sumOf(shown, 'INR')).toEqual(inr(sum));
        },
      ),
    );
  });
});

describe('what an order costs', () => {
  const sums = {
    goods: inr(50000),
    discount: inr(5000),
    delivery: { ...none, amount: inr(3000) },
    taxes: [
      { name: 'CGST', rate_bp: 250, is_included: true, amount: inr(1171) },
      { name: 'Eco', rate_bp: 100, is_included: false, amount: inr(480) },
    ],
    rounding: inr(20),
    total: inr(48500),
  };

  test('the rows that are not included add up to the total', () => {
    const rows = sumRows(sums, 'delivery').filter(({ isIncluded }) => !isIncluded);
    const sum = rows.reduce((all, { amount }) => all + amount.amount_minor, 0);
    expect(sum).toBe(sums.total.amount_minor);
  });

  test('a delivery that costs nothing is said, a pickup has no delivery', () => {
    const free = { ...sums, delivery: none };
    expect(sumRows(free, 'delivery').find(({ label }) => label === 'Delivery')?.isFree).toBe(true);
    expect(sumRows(free, 'pickup').map(({ label }) => label)).not.toContain('Delivery');
  });
});

describe('how far an order is', () => {
  const step = (name: string, at: number) => ({ name, at, note: '', amount: null });
  const names = (order: Parameters<typeof milestones>[0]) =>
    milestones(order).map(({ name, state }) => `${name} ${state}`);

  test('what comes next is shown, sending only where it is sent', () => {
    const steps = [step('placed', 1), step('accepted', 2)];
    expect(names({ state: 'accepted', method: 'pickup', steps })).toEqual([
      'placed done',
      'accepted current',
      'ready coming',
      'fulfilled coming',
    ]);
    expect(names({ state: 'accepted', method: 'delivery', steps })).toContain('on_its_way coming');
  });

  test('what was left out is not claimed, and money stands beside', () => {
    const steps = [step('placed', 1), step('accepted', 2), step('fulfilled', 3), step('paid', 3)];
    expect(names({ state: 'fulfilled', method: 'delivery', steps })).toEqual([
      'placed done',
      'accepted done',
      'fulfilled current',
      'paid aside',
    ]);
  });

  test('nothing comes after an end', () => {
    const steps = [step('placed', 1), step('canceled', 2)];
    expect(names({ state: 'canceled', method: 'pickup', steps })).toEqual([
      'placed done',
      'canceled current',
    ]);
    expect(names({ state: 'expired', method: 'pickup', steps: [step('placed', 1)] })).toEqual([
      'placed done',
      'expired current',
    ]);
  });
});

describe('where the money is', () => {
  const order = {
    state: 'placed',
    method: 'pickup',
    payment: 'wallet',
    payment_state: 'held',
    total: inr(54000),
    captured: inr(0),
    refunded: inr(0),
  } as const satisfies Partial<Order>;

  test.each([
    [order, '₹540 is set aside in your wallet until you have the goods.'],
    [{ ...order, payment: 'cash', payment_state: 'unpaid' }, 'Pay ₹540 in cash at the counter.'],
    [
      { ...order, payment: 'cash', payment_state: 'unpaid', method: 'delivery' },
      'Pay ₹540 in cash at the door.',
    ],
    [
      { ...order, state: 'canceled', payment_state: 'unpaid' },
      'What was set aside is free in your wallet again.',
    ],
    [
      { ...order, state: 'canceled', payment: 'cash', payment_state: 'unpaid' },
      'Nothing was paid.',
    ],
    [
      { ...order, payment_state: 'part_refunded', captured: inr(54000), refunded: inr(4000) },
      '₹40 of ₹540 was returned.',
    ],
    [{ ...order, payment: 'card', payment_state: 'unpaid' }, 'Waiting for your bank.'],
    [
      { ...order, payment: 'card', method: 'delivery' },
      'Set aside until delivery: your bank keeps ₹540 for this order.',
    ],
    [{ ...order, payment: 'card', state: 'fulfilled' }, '₹540 is being taken from your card.'],
    [
      { ...order, payment: 'card', state: 'canceled', payment_state: 'unpaid' },
      'Not paid. Nothing was taken from your card.',
    ],
  ] as const)('%# is said to the buyer', (of, text) => {
    expect(sayPayment(of, 'buyer')).toBe(text);
  });
});
