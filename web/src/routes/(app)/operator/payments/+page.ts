import { api, type Page, type Schema } from '#lib/api/index.ts';
import type { PageLoad } from './$types';

/** For operators; to others the server says that they may not. */
export const load: PageLoad = async ({ fetch, depends }) => {
  depends('kirana:desk');
  const [reviews, rules, names, corrections] = await Promise.all([
    api.get<Page<Schema['Review']>>('/v1/reviews', { fetch }),
    api.get<Page<Schema['ReviewRule']>>('/v1/review-rules', { fetch }),
    api.get<Page<Schema['WatchedName']>>('/v1/watched-names', { fetch }),
    api.get<Page<Schema['Correction']>>('/v1/corrections', { fetch }),
  ]);
  const ids = [
    ...new Set([
      ...reviews.items.flatMap(({ transfer }) => [transfer.payer_id, transfer.payee_id]),
      ...corrections.items.flatMap(({ owner_id, by_id }) => [owner_id, by_id]),
    ]),
  ];
  const cards = ids.length
    ? await api.get<readonly Schema['Card'][]>('/v1/users', { query: { ids }, fetch })
    : [];
  return {
    reviews: reviews.items,
    rules: rules.items,
    names: names.items,
    corrections: corrections.items,
    cards,
  };
};
