import { api, type Page } from '#lib/api/index.ts';
import type { MyMoney, Rate } from '#lib/money/model.ts';
import { whose } from '../whose.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ parent, url, fetch }) => {
  const { me } = await parent();
  const { actingFor, as } = whose(url, me);
  const [mine, rates] = await Promise.all([
    api.get<MyMoney>('/v1/wallets', { fetch, actingFor, remember: true }),
    api.get<Page<Rate>>('/v1/exchange-rates', { fetch }),
  ]);
  return { actingFor, as, mine, rates: rates.items };
};
