import type { Schema } from '#lib/api/index.ts';
import { api, type Page } from '#lib/api/index.ts';
import type { Card } from '#lib/identity/model.ts';
import type { PageLoad } from './$types';

/** For operators; to others the server says that they may not. */
export const load: PageLoad = async ({ fetch, depends, url }) => {
  depends('kirana:rail-cases');
  const isUnderWay = url.searchParams.get('state') === 'under-way';
  const query = { under_way: isUnderWay };
  const { items } = await api.get<Page<Schema['RailCase']>>('/v1/rail-cases', { fetch, query });
  const named = items.flatMap((it) => [
    it.owner_id,
    it.payee_id ?? it.owner_id,
    it.settlement?.proposed_by ?? it.owner_id,
  ]);
  const ids = [...new Set(named)];
  const cards = ids.length
    ? await api.get<readonly Card[]>('/v1/users', { fetch, query: { ids } })
    : [];
  return { isUnderWay, cases: items, cards };
};
