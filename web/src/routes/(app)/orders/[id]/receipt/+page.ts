import { api } from '#lib/api/index.ts';
import type { Receipt } from '#lib/orders/model.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, fetch, depends }) => {
  depends(`kirana:order:${params.id}`);
  const path = `/v1/orders/${params.id}/receipt`;
  return { receipt: await api.get<Receipt>(path, { fetch, remember: true }) };
};
