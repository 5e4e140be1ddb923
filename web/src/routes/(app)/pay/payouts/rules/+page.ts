import { api, type Page } from '#lib/api/index.ts';
import type { PayoutRule } from '#lib/money/model.ts';
import type { PageLoad } from './$types';

/** For operators; to others the server says that they may not. */
export const load: PageLoad = async ({ fetch, depends }) => {
  depends('kirana:payout-rules');
  const { items } = await api.get<Page<PayoutRule>>('/v1/payout-rules', { fetch });
  return { rules: items };
};
