import { api, type Page, type Schema } from '#lib/api/index.ts';
import type { PageLoad } from './$types';

const CONTEXTS = 20;

/** For operators; to others the server says that they may not. */
export const load: PageLoad = async ({ fetch, depends }) => {
  depends('kirana:desk');
  const [reviews, refused, rules, names, corrections] = await Promise.all([
    api.get<Page<Schema['Review']>>('/v1/reviews', { fetch }),
    api.get<Page<Schema['RefusedPayment']>>('/v1/refused-payments', { fetch }),
    api.get<Page<Schema['ReviewRule']>>('/v1/review-rules', { fetch }),
    api.get<Page<Schema['WatchedName']>>('/v1/watched-names', { fetch }),
    api.get<Page<Schema['Correction']>>('/v1/corrections', { fetch }),
  ]);
  // Of those on top: a desk that is so full is worked off from there.
  const contexts = await Promise.all(
    reviews.items
      .slice(0, CONTEXTS)
      .map(({ transfer }) =>
        api.get<Schema['ReviewContext']>(`/v1/reviews/${transfer.id}/context`, { fetch }),
      ),
  );
  const ids = [
    ...new Set([
      ...contexts.flatMap(({ earlier }) => earlier.flatMap(({ by_ids }) => by_ids)),
      ...reviews.items.flatMap(({ transfer }) => [transfer.payer_id, transfer.payee_id]),
      ...refused.items.flatMap(({ attempt: { payer_id, payee_id } }) => [
        payer_id,
        payee_id ?? payer_id,
      ]),
      ...corrections.items.flatMap(({ owner_id, by_id }) => [owner_id, by_id]),
    ]),
  ];
  const cards = ids.length
    ? await api.get<readonly Schema['Card'][]>('/v1/users', { query: { ids }, fetch })
    : [];
  return {
    reviews: reviews.items,
    contexts: new Map(contexts.map((context) => [context.transfer_id, context])),
    refused: refused.items,
    rules: rules.items,
    names: names.items,
    corrections: corrections.items,
    cards,
  };
};
