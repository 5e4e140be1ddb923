import { api, type Schema } from '#lib/api/index.ts';
import { whose } from '../whose.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ parent, url, fetch, depends }) => {
  depends('kirana:money');
  const { me } = await parent();
  const { actingFor, as } = whose(url, me);
  const currency = url.searchParams.get('currency') ?? 'INR';
  const mine = await api.get<Schema['MyLimits']>(`/v1/wallets/${currency}/limits`, {
    fetch,
    actingFor,
    remember: true,
  });
  return { as, mine };
};
