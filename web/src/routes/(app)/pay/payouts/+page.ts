import { api, type Page } from '#lib/api/index.ts';
import type { Card, PayoutCase, PayoutFile } from '#lib/money/model.ts';
import type { PageLoad } from './$types';

/** For operators: what waits to be paid out, or is on its way, and the files for the bank. */
export const load: PageLoad = async ({ fetch, depends, url }) => {
  depends('kirana:payouts');
  const [cases, files] = await Promise.all([
    api.get<Page<PayoutCase>>('/v1/payout-cases', { fetch }),
    api.get<Page<PayoutFile>>('/v1/payout-files', { fetch }),
  ]);
  const of = url.searchParams.get('of');
  const isOne = ({ payout }: PayoutCase) => payout.id === of;
  const one =
    of === null || cases.items.some(isOne)
      ? cases.items.find(isOne)
      : (
          await api.get<Page<PayoutCase>>('/v1/payout-cases', { fetch, query: { over: true } })
        ).items.find(isOne);
  const shown = one ? [one, ...cases.items] : cases.items;
  const ids = [...new Set(shown.map(({ payout }) => payout.owner_id))];
  const cards = ids.length
    ? await api.get<readonly Card[]>('/v1/users', { query: { ids }, fetch })
    : [];
  return {
    one,
    cases: cases.items.filter((it) => it !== one),
    files: files.items,
    cards: new Map(cards.map((card) => [card.id, card])),
  };
};
