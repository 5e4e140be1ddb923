/** What a buyer does with carts and orders. An order's id is made where it is begun, so that it is placed once. */

import { api, type Page } from '#lib/api/index.ts';
import type { Address, Cart, Method, Order, OrderSummary, Payment, Wallet } from './model.ts';

export const fetchCart = (shopId: string): Promise<Cart> => api.get(`/v1/carts/${shopId}`);

export const setLine = (shopId: string, variantId: string, quantity: number): Promise<Cart> =>
  api.put(`/v1/carts/${shopId}/lines/${variantId}`, { quantity });

export const setMethod = (shopId: string, method: Method, address: Address | null): Promise<Cart> =>
  api.put(`/v1/carts/${shopId}/method`, { method, address });

export interface Placing {
  readonly id: string;
  readonly business_id: string;
  readonly quantities: Readonly<Record<string, number>>;
  readonly method: Method;
  readonly payment: Payment;
  readonly contact: { readonly name: string; readonly phone: string | null };
  readonly shown_total: { readonly amount_minor: number; readonly currency: string };
  readonly address: Address | null;
  readonly note: string;
}

export const placeOrder = (order: Placing, confirmation?: string): Promise<Order> =>
  api.post('/v1/orders', order, { confirmation });

export const fetchOrder = (id: string): Promise<Order> => api.get(`/v1/orders/${id}`);

export const cancelOrder = (id: string, note: string): Promise<Order> =>
  api.post(`/v1/orders/${id}/cancellation`, { note });

/** The person's own wallet in this currency; null where there is none yet. */
export async function fetchWallet(currency: string): Promise<Wallet | null> {
  const { items } = await api.get<{ items: Wallet[] }>('/v1/wallets', { remember: true });
  return items.find((wallet) => wallet.currency === currency) ?? null;
}

/** Where the latest delivery went, in whichever shop. */
export async function fetchLastAddress(): Promise<Address | null> {
  const { items } = await api.get<Page<OrderSummary>>('/v1/orders');
  const latest = items.find(({ method }) => method === 'delivery');
  return latest ? (await fetchOrder(latest.id)).address : null;
}

/** Puts what was ordered into the cart again; answers the names of what is not sold now. */
export async function orderAgain(order: Order): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const line of order.lines) {
    try {
      await setLine(order.business_id, line.variant_id, line.quantity);
    } catch (problem) {
      if (!isGone(problem)) throw problem;
      missing.push(line.name);
    }
  }
  return missing;
}

const isGone = (problem: unknown): boolean =>
  problem instanceof Object &&
  'slug' in problem &&
  (problem.slug === 'out-of-stock' || problem.slug === 'not-for-sale');
