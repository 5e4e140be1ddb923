import { api } from '#lib/api/index.ts';
import type { Greeting } from '#lib/business/manage/model.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, fetch }) => ({
  greeting: await api.get<Greeting>(`/v1/businesses/${params.shop}/greeting`, {
    fetch,
    actingFor: params.shop,
    remember: true,
  }),
});
