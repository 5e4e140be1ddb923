import { api, type Page } from '#lib/api/index.ts';
import type { MyMoney, PaymentAddress } from '#lib/money/model.ts';
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
  return { actingFor, as, mine, addresses: addresses.items };
};
