import type { Schema } from '#lib/api/index.ts';
import { api } from '#lib/api/index.ts';
import type { PageLoad } from './$types';

/** For operators; to others the server says that they may not. */
export const load: PageLoad = async ({ fetch, depends, url }) => {
  depends('kirana:reports');
  const isClosed = url.searchParams.get('state') === 'closed';
  const query = { closed: isClosed };
  return { isClosed, reports: await api.get<Schema['Reports']>('/v1/reports', { fetch, query }) };
};
