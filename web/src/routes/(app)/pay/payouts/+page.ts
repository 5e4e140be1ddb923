import { api, type Page } from '#lib/api/index.ts';
import type { Card, TransferDetails } from '#lib/money/model.ts';
import type { PageLoad } from './$types';

/** For operators: what waits to be paid out. */
export const load: PageLoad = async ({ fetch, depends }) => {
  depends('kirana:payouts');
  const { items } = await api.get<Page<TransferDetails>>('/v1/payouts', { fetch });
  const ids = [...new Set(items.map(({ payer_id }) => payer_id))];
  const cards = ids.length
    ? await api.get<readonly Card[]>('/v1/users', { query: { ids }, fetch })
    : [];
  return { payouts: items, cards: new Map(cards.map((card) => [card.id, card])) };
};
