import { api } from '#lib/api/index.ts';
import { rememberShop } from '#lib/business/manage/last.ts';
import type { Profile } from '#lib/business/manage/model.ts';
import type { LayoutLoad } from './$types';

export const load: LayoutLoad = async ({ params, fetch, depends }) => {
  depends('kirana:my-shop');
  const options = { fetch, actingFor: params.shop, remember: true };
  const shop = await api.get<Profile>(`/v1/businesses/${params.shop}`, options);
  rememberShop(shop.id);
  return { shop };
};
