import type { Schema } from '#lib/api/index.ts';
import { api } from '#lib/api/index.ts';
import type { PageLoad } from './$types';

/** For operators; to others the server says that they may not. */
export const load: PageLoad = async ({ fetch, depends }) => {
  depends('kirana:suspensions');
  return { suspended: await api.get<Schema['Suspension'][]>('/v1/suspensions', { fetch }) };
};
