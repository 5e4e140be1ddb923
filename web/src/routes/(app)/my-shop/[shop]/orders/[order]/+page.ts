import { api } from '#lib/api/index.ts';
import type { Order } from '#lib/orders/manage/model.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, fetch, depends }) => {
  depends('kirana:shop-orders');
  const options = { fetch, actingFor: params.shop, remember: true };
  return { order: await api.get<Order>(`/v1/orders/${params.order}`, options) };
};
