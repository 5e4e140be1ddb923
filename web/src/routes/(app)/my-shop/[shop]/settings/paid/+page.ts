import { api, type Page } from '#lib/api/index.ts';
import type { MyMoney, PaymentAddress, SaleFee } from '#lib/money/model.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, fetch, depends }) => {
  depends('kirana:addresses');
  const options = { fetch, actingFor: params.shop, remember: true };
  const [mine, addresses, fees] = await Promise.all([
    api.get<MyMoney>('/v1/wallets', options),
    api.get<Page<PaymentAddress>>('/v1/payment-addresses', options),
    api.get<Page<SaleFee>>('/v1/fees', { fetch, remember: true }),
  ]);
  return { mine, addresses: addresses.items, fees: fees.items };
};
