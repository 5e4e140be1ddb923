import { api } from '#lib/api/index.ts';
import type { DeletionPlan } from '#lib/identity/model.ts';
import type { PageLoad } from './$types';

/** What stands in the way; `?close=` names the shops that may close with the account. */
export const load: PageLoad = async ({ url, fetch, depends }) => {
  depends('kirana:deletion');
  const closing = url.searchParams.getAll('close');
  const plan = await api.get<DeletionPlan>('/v1/me/deletion', {
    query: { close_shops: closing },
    fetch,
  });
  return { closing, plan };
};
