import { api } from '#lib/api/index.ts';
import type { Delivery } from '#lib/orders/manage/model.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, fetch }) => ({
  delivery: await api.get<Delivery>(`/v1/businesses/${params.shop}/delivery`, {
    fetch,
    actingFor: params.shop,
    remember: true,
  }),
});
