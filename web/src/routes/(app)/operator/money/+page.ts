import { api, type Schema } from '#lib/api/index.ts';
import type { PageLoad } from './$types';

/** For operators; to others the server says that they may not. */
export const load: PageLoad = async ({ fetch, depends }) => {
  depends('kirana:limits');
  const [rules, stops, days] = await Promise.all([
    api.get<Schema['OperatorLimits']>('/v1/limits', { fetch }),
    api.get<Schema['Freeze'][]>('/v1/freezes', { fetch }),
    api.get<readonly Schema['SealedDay'][]>('/v1/books/days', { fetch }),
  ]);
  const ids = stops.map(({ owner_id }) => owner_id);
  const cards = ids.length
    ? await api.get<readonly Schema['Card'][]>('/v1/users', { query: { ids }, fetch })
    : [];
  return { rules, stops, days, cards };
};
