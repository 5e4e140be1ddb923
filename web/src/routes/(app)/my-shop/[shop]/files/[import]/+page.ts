import { api } from '#lib/api/index.ts';
import type { Import } from '#lib/catalog/manage/model.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, fetch, depends }) => {
  depends('kirana:import');
  const options = { fetch, actingFor: params.shop, query: { limit: 500 } };
  return { plan: await api.get<Import>(`/v1/imports/${params.import}`, options) };
};
