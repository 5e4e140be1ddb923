import { api } from '#lib/api/index.ts';
import type { Shop } from '#lib/business/model.ts';
import type { Order } from '#lib/orders/model.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, fetch, depends }) => {
  depends(`kirana:order:${params.id}`);
  const options = { fetch, remember: true };
  const order = await api.get<Order>(`/v1/orders/${params.id}`, options);
  const shop = await api.get<Shop>(`/v1/businesses/${order.business_id}`, options);
  return { order, shop };
};
