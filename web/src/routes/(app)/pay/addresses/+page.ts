import { api, type Page } from '#lib/api/index.ts';
import { may, type MyMoney, type PaymentAddress } from '#lib/money/model.ts';
import { fetchOwnCards } from '#lib/money/own-cards.ts';
import { whose } from '../whose.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ parent, url, fetch, depends }) => {
  depends('kirana:addresses');
  const { me } = await parent();
  const { actingFor, as } = whose(url, me);
  const options = { fetch, actingFor, remember: true };
  const [mine, addresses] = await Promise.all([
    api.get<MyMoney>('/v1/wallets', options),
    api.get<Page<PaymentAddress>>('/v1/payment-addresses', options),
  ]);
  const own =
    actingFor !== null && may(mine, 'spend') ? await fetchOwnCards(actingFor, fetch) : null;
  return { actingFor, as, mine, addresses: addresses.items, own };
};
