import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { money } from '#lib/values/money.ts';
import { Basket } from './basket.svelte.ts';
import { Checkout } from './checkout.svelte.ts';
import type { Cart, Order } from './model.ts';

/** The server, as far as it is needed: answers are given in turn to what is asked. */
interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: { readonly id: string; readonly payment: string } | undefined;
}

const SHOP = 'shop';
const inr = (minor: number) => money(minor, 'INR');
const none = { amount: inr(0), discount: inr(0), tax: inr(0), paid: inr(0) };

const cartOf = (quantity: number, price = 5000): Cart =>
  ({
    business_id: SHOP,
    lines: [
      {
        variant_id: 'tea',
        product_id: 'product',
        name: 'Tea',
        options: [],
        sku: null,
        picture_id: null,
        quantity,
        unit_price: inr(price),
        amount: inr(price * quantity),
        left: null,
        price_was: null,
        trouble: null,
      },
    ].filter(() => quantity > 0),
    item_count: quantity,
    method: 'pickup',
    address: null,
    delivery: { has_pickup: true, has_delivery: false, fee: inr(0), minimum: inr(0) },
    quote: {
      lines: [],
      goods: inr(price * quantity),
      discount: inr(0),
      delivery: none,
      taxes: [],
      rounding: inr(0),
      total: inr(price * quantity),
    },
    missing: inr(0),
    is_ready: quantity > 0,
    changed_at: 1,
  }) as unknown as Cart;

const orderOf = (id: string) => ({ id, number: 7, total: inr(10000) }) as unknown as Order;

let sent: Sent[] = [];
let answer: (asked: Sent) => [status: number, body: unknown] | 'lost';

beforeEach(() => {
  sent = [];
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    const body =
      typeof init.body === 'string' ? (JSON.parse(init.body) as Sent['body']) : undefined;
    const asked = { method: init.method ?? 'GET', path, body };
    sent.push(asked);
    const given = answer(asked);
    if (given === 'lost') return Promise.reject(new TypeError('network'));
    return Promise.resolve(new Response(JSON.stringify(given[1]), { status: given[0] }));
  });
});

afterEach(() => vi.unstubAllGlobals());

const begin = (quantity = 2) =>
  new Checkout(new Basket(cartOf(quantity)), 'Shop', { name: 'Ravi', phone: null });

const placings = () =>
  sent.filter(({ method, path }) => method === 'POST' && path === '/v1/orders');
const refusal = (slug: string, facts: object = {}): [number, unknown] => [
  409,
  { type: `/problems/${slug}`, title: slug, status: 409, ...facts },
];
const otherwise = ({ path }: Sent): [number, unknown] =>
  path.startsWith('/v1/carts/') ? [200, cartOf(2)] : [200, { items: [] }];

describe('placing an order', () => {
  test('a double tap sends one order', async () => {
    answer = (asked) =>
      asked.method === 'POST' ? [201, orderOf(asked.body?.id ?? '')] : otherwise(asked);
    const checkout = begin();
    await Promise.all([checkout.place(), checkout.place()]);
    expect(placings()).toHaveLength(1);
    expect(checkout.placed?.number).toBe(7);
  });

  test('after a lost answer the same order is asked for again', async () => {
    let tries = 0;
    answer = (asked) => {
      if (asked.method !== 'POST') return otherwise(asked);
      return ++tries === 1 ? 'lost' : [201, orderOf(asked.body?.id ?? '')];
    };
    const checkout = begin();
    await checkout.place();
    expect(checkout.trouble?.about).toBe('order');
    await checkout.place();
    const [first, second] = placings();
    expect(second?.body?.id).toBe(first?.body?.id);
    expect(checkout.placed?.id).toBe(first?.body?.id);
  });

  test('an order that was placed, though its answer was lost, is found when the person changed something since', async () => {
    let tries = 0;
    answer = (asked) => {
      if (asked.path.startsWith('/v1/orders/')) return [200, orderOf(asked.path.slice(11))];
      if (asked.method !== 'POST') return otherwise(asked);
      return ++tries === 1 ? 'lost' : refusal('id-reused');
    };
    const checkout = begin();
    await checkout.place();
    checkout.note = 'Ring twice';
    await checkout.place();
    expect(checkout.placed?.id).toBe(placings()[0]?.body?.id);
  });

  test('a refusal about money uses up the id, so the next try has another', async () => {
    let tries = 0;
    answer = (asked) => {
      if (asked.method !== 'POST') return otherwise(asked);
      return ++tries === 1 ? refusal('insufficient-funds') : [201, orderOf(asked.body?.id ?? '')];
    };
    const checkout = begin();
    await checkout.place();
    checkout.pay('cash');
    await checkout.place();
    const [first, second] = placings();
    expect(second?.body?.id).not.toBe(first?.body?.id);
    expect(second?.body?.payment).toBe('cash');
    expect(checkout.placed).not.toBeNull();
  });

  test('a price that changed is said with both totals, and nothing is ordered', async () => {
    answer = (asked) => {
      if (asked.method === 'POST') return refusal('price-changed', { total: inr(12000) });
      return asked.path.startsWith('/v1/carts/') ? [200, cartOf(2, 6000)] : otherwise(asked);
    };
    const checkout = begin();
    await checkout.place();
    expect(checkout.trouble?.text).toContain('₹120');
    expect(checkout.trouble?.text).toContain('₹100');
    expect(checkout.total).toEqual(inr(12000));
    expect(checkout.placed).toBeNull();
  });

  const ways = (it: { wallet: boolean; card: boolean; cash: boolean }) => {
    answer = (asked) =>
      asked.path.startsWith('/v1/ways/') ? [200, { currency: 'INR', ...it }] : otherwise(asked);
  };

  test('a card is offered where it is known to work, and nowhere else', async () => {
    ways({ wallet: true, card: true, cash: true });
    const checkout = begin();
    expect(checkout.offers).toEqual(['wallet', 'cash']);
    await checkout.readWallet();
    expect(checkout.offers).toEqual(['wallet', 'card', 'cash']);
    expect(checkout.payment).toBe('cash');
  });

  test('what is switched off is not chosen, even if it was', async () => {
    answer = otherwise;
    const checkout = begin();
    checkout.pay('cash');
    ways({ wallet: false, card: true, cash: false });
    await checkout.readWallet();
    expect(checkout.payment).toBe('card');
  });

  test('without a name nothing is sent', async () => {
    answer = otherwise;
    const checkout = begin();
    checkout.name = ' ';
    await checkout.place();
    expect(placings()).toHaveLength(0);
    expect(checkout.trouble?.about).toBe('name');
  });
});

describe('the cart', () => {
  const tea = {
    variant_id: 'tea',
    product_id: 'product',
    name: 'Tea',
    options: [],
    picture_id: null,
    unit_price: inr(5000),
  };
  const settled = async (basket: Basket) => vi.waitUntil(() => basket.isSettled);

  test('quick taps are seen at once, and what is sent ends at the last of them', async () => {
    let has = 0;
    answer = (asked) => {
      has = (asked.body as unknown as { quantity: number }).quantity;
      return [200, cartOf(has)];
    };
    const basket = new Basket(cartOf(0));
    for (let i = 0; i < 5; i++) basket.add(tea);
    expect(basket.count).toBe(5);
    expect(basket.sum).toEqual(inr(25000));
    await settled(basket);
    expect(has).toBe(5);
    expect(basket.count).toBe(5);
    expect(sent.length).toBeLessThan(5);
  });

  test('when fewer are left, those are taken', async () => {
    answer = (asked) => {
      const { quantity } = asked.body as unknown as { quantity: number };
      return quantity > 2 ? refusal('out-of-stock', { available: 2 }) : [200, cartOf(quantity)];
    };
    const basket = new Basket(cartOf(0));
    basket.set(tea, 4);
    await settled(basket);
    expect(basket.count).toBe(2);
  });

  test('without a connection the tap stays', async () => {
    answer = () => 'lost';
    const basket = new Basket(cartOf(0));
    basket.add(tea);
    await vi.waitUntil(() => basket.isOffline);
    expect(basket.count).toBe(1);
    expect(basket.isSettled).toBe(false);
  });
});
