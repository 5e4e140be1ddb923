import { api, fetchWays } from '#lib/api/index.ts';
import type { MyMoney } from '#lib/money/model.ts';
import { currenciesFor } from '#lib/money/model.ts';
import { whose } from '../whose.ts';
import type { PageLoad } from './$types';

const ASKED = 6;

/** The likeliest currencies in which cards are taken here. */
export const load: PageLoad = async ({ parent, url, fetch }) => {
  const { me } = await parent();
  const { actingFor, as } = whose(url, me);
  const mine = await api.get<MyMoney>('/v1/wallets', { fetch, actingFor, remember: true });
  const preferred = url.searchParams.get('currency');
  const likely = currenciesFor(mine, { zone: me.zone, preferred, task: 'top-up' });
  const ways = await Promise.all(
    likely.slice(0, ASKED).map((code) => fetchWays(code, { by: fetch })),
  );
  const currencies = ways.filter(({ card }) => card).map(({ currency }) => currency);
  return { actingFor, as, currencies };
};
