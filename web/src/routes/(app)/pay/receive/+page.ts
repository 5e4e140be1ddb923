import { api } from '#lib/api/index.ts';
import type { MyMoney } from '#lib/money/model.ts';
import { whose } from '../whose.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ parent, url, fetch }) => {
  const { me } = await parent();
  const { own, actingFor, as } = whose(url, me);
  const mine = await api.get<MyMoney>('/v1/wallets', { fetch, actingFor, remember: true });
  return { own, as, mine, card: me.acts_for.find(({ id }) => id === own) ?? me };
};
