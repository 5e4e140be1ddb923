import { api } from '#lib/api/index.ts';
import type { PageLoad } from './$types';

/** Whether there is something here for operators: the same that the wallet knows of them. */
export const load: PageLoad = async ({ fetch }) => {
  const mine = await api
    .get<{ tier: string }>('/v1/wallets', { fetch, remember: true })
    .catch(() => null);
  return { isOperator: mine?.tier === 'operator' };
};
