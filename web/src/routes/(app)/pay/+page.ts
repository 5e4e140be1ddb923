import { api, type CardPayment, fetchWays, type Page } from '#lib/api/index.ts';
import type {
  Card,
  Line,
  MoneyLink,
  MoneyRequest,
  MyMoney,
  MyPayouts,
  PayoutCase,
  Rate,
  StandingOrder,
} from '#lib/money/model.ts';
import { currenciesFor, peopleOf } from '#lib/money/model.ts';
import type { PageLoad } from './$types';
import { whose } from './whose.ts';

export const load: PageLoad = async ({ parent, url, fetch, depends }) => {
  depends('kirana:money');
  const { me } = await parent();
  const { own, actingFor, as } = whose(url, me);
  const options = { fetch, actingFor, remember: true };
  const [mine, requests, links, rates, standing] = await Promise.all([
    api.get<MyMoney>('/v1/wallets', options),
    api.get<Page<MoneyRequest>>('/v1/requests', options),
    api.get<Page<MoneyLink>>('/v1/money-links', options),
    api.get<Page<Rate>>('/v1/exchange-rates', { fetch, remember: true }),
    api.get<Page<StandingOrder>>('/v1/standing-orders', options),
  ]);
  const wanted = url.searchParams.get('currency');
  // An agent's day is about the float; the wallet is one tap away.
  const isFloat = mine.floats.length > 0 && url.searchParams.get('purse') !== 'wallet';
  const purses = isFloat
    ? mine.floats
    : mine.items.filter(({ is_closed }) => !is_closed).map(({ balance }) => balance);
  const currency =
    purses.find((purse) => purse.currency === wanted)?.currency ??
    purses.toSorted((a, b) => b.amount_minor - a.amount_minor)[0]?.currency ??
    null;
  const lines = `/v1/${isFloat ? 'floats' : 'wallets'}/${currency}/statement`;
  const [likely] = currenciesFor(mine, { zone: me.zone, preferred: currency, task: 'top-up' });
  const [ways, coming, statement, out, payouts] = await Promise.all([
    fetchWays(currency ?? likely ?? 'EUR', { by: fetch }),
    api.get<Page<CardPayment>>('/v1/card-top-ups', options),
    currency ? api.get<Page<Line>>(lines, options) : { items: [], next: null },
    api.get<MyPayouts>('/v1/payouts', options),
    mine.tier === 'operator'
      ? api.get<Page<PayoutCase>>('/v1/payout-cases', { fetch, actingFor })
      : { items: [] },
  ]);
  const open = requests.items.filter(({ state }) => state === 'open');
  const orders = standing.items.filter(({ state }) => state !== 'ended');
  const ids = [
    ...new Set([...peopleOf(statement.items, open), ...orders.map(({ payee_id }) => payee_id)]),
  ];
  const cards = ids.length
    ? await api.get<readonly Card[]>('/v1/users', { query: { ids }, fetch, remember: true })
    : [];
  return {
    own,
    actingFor,
    as,
    mine,
    isFloat,
    purses,
    currency,
    lines,
    statement,
    hasCard: ways.card,
    coming: coming.items,
    out: out.items.filter(({ state }) => state === 'asked' || state === 'sent'),
    payouts: payouts.items.length,
    canExchange: rates.items.length > 0,
    requests: open,
    standing: orders,
    links: links.items.filter(({ state }) => state === 'open'),
    cards,
  };
};
