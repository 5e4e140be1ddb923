import { api, type Page } from '#lib/api/index.ts';
import { may, type MyMoney, type PaymentAddress, type SaleFee } from '#lib/money/model.ts';
import { fetchOwnCards } from '#lib/money/own-cards.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, fetch, depends }) => {
  depends('kirana:addresses');
  const options = { fetch, actingFor: params.shop, remember: true };
  const [mine, addresses, fees] = await Promise.all([
    api.get<MyMoney>('/v1/wallets', options),
    api.get<Page<PaymentAddress>>('/v1/payment-addresses', options),
    api.get<Page<SaleFee>>('/v1/fees', { fetch, remember: true }),
  ]);
  const own = may(mine, 'spend') ? await fetchOwnCards(params.shop, fetch) : null;
  return { mine, addresses: addresses.items, fees: fees.items, own };
};
