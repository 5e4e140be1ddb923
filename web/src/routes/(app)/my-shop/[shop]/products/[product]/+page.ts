import { api } from '#lib/api/index.ts';
import type { Product } from '#lib/catalog/manage/model.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, fetch }) => ({
  product:
    params.product === 'new'
      ? null
      : await api.get<Product>(`/v1/products/${params.product}`, {
          fetch,
          actingFor: params.shop,
          remember: true,
        }),
});
