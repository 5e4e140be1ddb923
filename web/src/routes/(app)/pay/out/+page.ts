import { api } from '#lib/api/index.ts';
import type { MyMoney, MyPayouts } from '#lib/money/model.ts';
import { whose } from '../whose.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ parent, url, fetch, depends }) => {
  depends('kirana:payouts');
  const { me } = await parent();
  const { actingFor, as } = whose(url, me);
  const [mine, payouts] = await Promise.all([
    api.get<MyMoney>('/v1/wallets', { fetch, actingFor, remember: true }),
    api.get<MyPayouts>('/v1/payouts', { fetch, actingFor }),
  ]);
  return { actingFor, as, mine, payouts: payouts.items, places: payouts.places };
};
