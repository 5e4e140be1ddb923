import { api, type Page } from '#lib/api/index.ts';
import type { Card, Collection } from '#lib/catalog/manage/model.ts';
import type { LayoutLoad } from './$types';

const LIMIT = 50;

export const load: LayoutLoad = async ({ params, url, fetch, depends }) => {
  depends('kirana:shop-products');
  const options = { fetch, actingFor: params.shop, remember: true };
  const query = {
    q: url.searchParams.get('q'),
    status: url.searchParams.get('status') ?? 'any',
    collection: url.searchParams.get('collection'),
    limit: LIMIT,
  };
  const [page, collections] = await Promise.all([
    api.get<Page<Card>>(`/v1/businesses/${params.shop}/products`, { ...options, query }),
    api.get<Collection[]>(`/v1/businesses/${params.shop}/collections`, options),
  ]);
  return { page, query, collections };
};
