import { api, type Page } from '#lib/api/index.ts';
import type { Category, ShopCard } from '#lib/business/model.ts';
import type { Card } from '#lib/identity/model.ts';
import type { OrderSummary } from '#lib/orders/model.ts';
import type { PageLoad } from './$types';

const RECENT = 8;

interface Talks {
  readonly items: readonly { readonly business_id: string | null }[];
}

export const load: PageLoad = async ({ fetch, depends, parent }) => {
  depends('kirana:shops');
  const options = { fetch, remember: true };
  const [shops, categories, orders, talks, { me }] = await Promise.all([
    api.get<Page<ShopCard>>('/v1/businesses', options),
    api.get<Category[]>('/v1/categories', options),
    api.get<Page<OrderSummary>>('/v1/orders', options),
    api.get<Talks>('/v1/conversations', options),
    parent(),
  ]);
  const own = new Set(me.acts_for.map(({ id }) => id));
  const places = [...orders.items, ...talks.items].map((item) => item.business_id);
  const ids = [...new Set(places)].filter((id) => id !== null && !own.has(id)).slice(0, RECENT);
  const cards =
    ids.length > 0
      ? await api.get<Card[]>('/v1/users', { ...options, query: { ids: ids.join(',') } })
      : [];
  const recent = ids.flatMap((id) => cards.find((card) => card.id === id && card.handle) ?? []);
  const openOrders = orders.items.filter(({ state }) =>
    ['placed', 'accepted', 'ready', 'on_its_way'].includes(state),
  ).length;
  return { shops, categories, recent, openOrders };
};
