import { api, type Page } from '#lib/api/index.ts';
import type { Card, MyMoney, StandingOrder } from '#lib/money/model.ts';
import { whose } from '../whose.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ parent, url, fetch, depends }) => {
  depends('kirana:standing');
  const { me } = await parent();
  const { own, actingFor, as } = whose(url, me);
  const options = { fetch, actingFor, remember: true };
  const [mine, orders] = await Promise.all([
    api.get<MyMoney>('/v1/wallets', options),
    api.get<Page<StandingOrder>>('/v1/standing-orders', options),
  ]);
  const ids = [...new Set(orders.items.map(({ payee_id }) => payee_id))];
  const cards = ids.length
    ? await api.get<readonly Card[]>('/v1/users', { query: { ids }, fetch, remember: true })
    : [];
  return { own, actingFor, as, mine, orders: orders.items, cards };
};
