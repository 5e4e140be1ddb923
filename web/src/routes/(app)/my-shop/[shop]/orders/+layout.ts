import { api, type Page } from '#lib/api/index.ts';
import { OPEN_STATES, type Counts, type Summary } from '#lib/orders/manage/model.ts';
import type { LayoutLoad } from './$types';

const LATEST = 100;

/** The latest orders of any state, and every one that is still open. */
export const load: LayoutLoad = async ({ params, fetch, depends }) => {
  depends('kirana:shop-orders');
  const options = { fetch, actingFor: params.shop, remember: true };
  const list = (query: Record<string, string | number>) =>
    api.get<Page<Summary>>('/v1/orders', {
      ...options,
      query: { business_id: params.shop, ...query },
    });
  const [latest, counts] = await Promise.all([
    list({ limit: LATEST }),
    api.get<Counts>(`/v1/businesses/${params.shop}/order-counts`, options),
  ]);
  const known = (state: string) => latest.items.filter((order) => order.state === state).length;
  const older = await Promise.all(
    OPEN_STATES.filter((state) => (counts[state] ?? 0) > known(state)).map((state) =>
      list({ state, limit: 200 }),
    ),
  );
  const all = [...latest.items, ...older.flatMap(({ items }) => items)];
  return { orders: [...new Map(all.map((order) => [order.id, order])).values()], counts };
};
