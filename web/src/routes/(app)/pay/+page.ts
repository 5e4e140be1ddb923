import { api, type Page } from '#lib/api/index.ts';
import type { Card, Line, MoneyRequest, MyMoney } from '#lib/money/model.ts';
import { peopleOf } from '#lib/money/model.ts';
import type { PageLoad } from './$types';
import { whose } from './whose.ts';

export const load: PageLoad = async ({ parent, url, fetch, depends }) => {
  depends('kirana:money');
  const { me } = await parent();
  const { own, actingFor, as } = whose(url, me);
  const options = { fetch, actingFor, remember: true };
  const [mine, requests] = await Promise.all([
    api.get<MyMoney>('/v1/wallets', options),
    api.get<Page<MoneyRequest>>('/v1/requests', options),
  ]);
  const wanted = url.searchParams.get('currency');
  const currency =
    mine.items.find((wallet) => wallet.currency === wanted)?.currency ??
    mine.items.toSorted((a, b) => b.balance.amount_minor - a.balance.amount_minor)[0]?.currency ??
    null;
  const statement = currency
    ? await api.get<Page<Line>>(`/v1/wallets/${currency}/statement`, options)
    : { items: [], next: null };
  const open = requests.items.filter(({ state }) => state === 'open');
  const ids = peopleOf(statement.items, open);
  const cards = ids.length
    ? await api.get<readonly Card[]>('/v1/users', { query: { ids }, fetch, remember: true })
    : [];
  return { own, actingFor, as, mine, currency, statement, requests: open, cards };
};
