/** What a team does with its orders. Each may be repeated. */

import { api, Problem } from '#lib/api/index.ts';
import { uuid7 } from '#lib/values/ids.ts';
import type { Money } from '#lib/values/money.ts';
import type { Delivery, Order, State } from './model.ts';

export const moveOrder = (shopId: string, orderId: string, to: State): Promise<Order> =>
  api.post(`/v1/orders/${orderId}/moves`, { to }, { actingFor: shopId });

export const cancelOrder = (shopId: string, orderId: string, note: string): Promise<Order> =>
  api.post(`/v1/orders/${orderId}/cancellation`, { note }, { actingFor: shopId });

export const collectCash = (shopId: string, orderId: string): Promise<Order> =>
  api.post(`/v1/orders/${orderId}/cash-receipt`, undefined, { actingFor: shopId });

export interface RefundDraft {
  /** The same while the seller corrects what was refused. */
  readonly id: string;
  readonly lines: readonly { readonly variant_id: string; readonly quantity: number }[];
  readonly has_delivery: boolean;
  readonly amount: Money | null;
  readonly is_restocked: boolean;
  readonly reason: string;
}

export const refundOrder = (shopId: string, orderId: string, refund: RefundDraft): Promise<void> =>
  api.post(`/v1/orders/${orderId}/refunds`, refund, { actingFor: shopId });

/** The conversation with a customer, begun if there is none. */
export async function openChat(shopId: string, buyerId: string): Promise<string> {
  try {
    const body = { id: uuid7(), kind: 'business', with_id: buyerId };
    const { id } = await api.post<{ id: string }>('/v1/conversations', body, {
      actingFor: shopId,
    });
    return id;
  } catch (error) {
    const known = error instanceof Problem ? error.facts.conversation_id : undefined;
    if (typeof known === 'string') return known;
    throw error;
  }
}

export const saveDelivery = (shopId: string, delivery: Delivery): Promise<Delivery> =>
  api.put(`/v1/businesses/${shopId}/delivery`, delivery, { actingFor: shopId });
