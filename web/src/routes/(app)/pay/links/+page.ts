import { api, type Page } from '#lib/api/index.ts';
import type { Card, MoneyLink, MyMoney } from '#lib/money/model.ts';
import { whose } from '../whose.ts';
import type { PageLoad } from './$types';

/** The links that one made, and who has taken what. */
export const load: PageLoad = async ({ parent, url, fetch, depends }) => {
  depends('kirana:links');
  const { me } = await parent();
  const { own, actingFor, as } = whose(url, me);
  const options = { fetch, actingFor, remember: true };
  const [mine, links] = await Promise.all([
    api.get<MyMoney>('/v1/wallets', options),
    api.get<Page<MoneyLink>>('/v1/money-links', options),
  ]);
  const ids = [...new Set(links.items.flatMap(({ taker_id }) => taker_id ?? []))];
  const cards = ids.length
    ? await api.get<readonly Card[]>('/v1/users', { query: { ids }, fetch, remember: true })
    : [];
  return { own, actingFor, as, mine, links, cards };
};
