import { api } from '#lib/api/index.ts';
import type { Card, MyMoney } from '#lib/money/model.ts';
import { whose } from '../../whose.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, parent, url, fetch }) => {
  const { me } = await parent();
  const { actingFor, as } = whose(url, me);
  const [card, mine] = await Promise.all([
    api.get<Card>(`/v1/users/${params.who}`, { fetch, remember: true }),
    api.get<MyMoney>('/v1/wallets', { fetch, actingFor, remember: true }),
  ]);
  return { actingFor, as, card, mine };
};
