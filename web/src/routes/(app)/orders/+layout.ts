import { api, type Page } from '#lib/api/index.ts';
import type { Card } from '#lib/identity/model.ts';
import type { OrderSummary } from '#lib/orders/model.ts';
import type { LayoutLoad } from './$types';

export const load: LayoutLoad = async ({ fetch, depends }) => {
  depends('kirana:orders');
  const options = { fetch, remember: true };
  const orders = await api.get<Page<OrderSummary>>('/v1/orders', options);
  const ids = [...new Set(orders.items.map((order) => order.business_id))];
  const shops =
    ids.length > 0
      ? await api.get<Card[]>('/v1/users', { ...options, query: { ids: ids.join(',') } })
      : [];
  return { orders, shops };
};
