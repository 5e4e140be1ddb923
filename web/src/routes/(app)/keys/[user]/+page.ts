import { api, type Schema } from '#lib/api/index.ts';
import type { PageLoad } from './$types';

/** Whether somebody's keys are really theirs: `keys/<user id>`. */
export const load: PageLoad = async ({ params, fetch }) => ({
  card: await api.get<Schema['Card']>(`/v1/users/${params.user}`, { fetch, remember: true }),
});
