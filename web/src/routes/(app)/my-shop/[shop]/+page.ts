import { api, type Page } from '#lib/api/index.ts';
import type { Card } from '#lib/catalog/manage/model.ts';
import type { Counts, Delivery } from '#lib/orders/manage/model.ts';
import type { PageLoad } from './$types';

interface Chats {
  readonly items: readonly { readonly unread: number }[];
}

export const load: PageLoad = async ({ params, fetch, depends }) => {
  depends(
    'kirana:shop-orders',
    'kirana:shop-products',
    'kirana:shop-delivery',
    'kirana:shop-chats',
  );
  const options = { fetch, actingFor: params.shop, remember: true };
  const at = `/v1/businesses/${params.shop}`;
  const [counts, products, delivery, chats] = await Promise.all([
    api.get<Counts>(`${at}/order-counts`, options),
    api.get<Page<Card>>(`${at}/products`, { ...options, query: { status: 'any', limit: 100 } }),
    api.get<Delivery>(`${at}/delivery`, options),
    api.get<Chats>('/v1/conversations', options),
  ]);
  return {
    counts,
    delivery,
    hasProducts: products.items.length > 0,
    low: products.items
      .filter(({ status, available }) => status === 'published' && (available ?? 99) <= 3)
      .slice(0, 5),
    unread: chats.items.filter(({ unread }) => unread > 0).length,
  };
};
