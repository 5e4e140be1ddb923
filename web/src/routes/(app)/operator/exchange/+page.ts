import { api, type Page, type Schema } from '#lib/api/index.ts';
import type { SaleFee } from '#lib/money/model.ts';
import type { PageLoad } from './$types';

/** For operators; to others the server says that they may not. */
export const load: PageLoad = async ({ fetch, depends }) => {
  depends('kirana:exchange');
  const [desk, fees] = await Promise.all([
    api.get<Schema['Desk']>('/v1/exchange-desk', { fetch }),
    api.get<Page<SaleFee>>('/v1/fees', { fetch }),
  ]);
  return { desk, fees: fees.items };
};
