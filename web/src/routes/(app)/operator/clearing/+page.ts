import { api, type Page, type Schema } from '#lib/api/index.ts';
import type { PageLoad } from './$types';

/** For operators; to others the server says that they may not. */
export const load: PageLoad = async ({ fetch }) => {
  const { items } = await api.get<Page<Schema['ClearingAccount']>>('/v1/clearing-accounts', {
    fetch,
  });
  return { accounts: items };
};
