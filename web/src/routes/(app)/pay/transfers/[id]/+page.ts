import { api } from '#lib/api/index.ts';
import type { Card, MyMoney, TransferDetails } from '#lib/money/model.ts';
import { whose } from '../../whose.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, parent, url, fetch, depends }) => {
  depends(`kirana:transfer:${params.id}`);
  const { me } = await parent();
  const { own, actingFor, as } = whose(url, me);
  const options = { fetch, remember: true };
  const [transfer, mine] = await Promise.all([
    api.get<TransferDetails>(`/v1/transfers/${params.id}`, { ...options, actingFor }),
    api.get<MyMoney>('/v1/wallets', { ...options, actingFor }),
  ]);
  const isOutgoing = transfer.payer_id === own;
  const ids = [isOutgoing ? transfer.payee_id : transfer.payer_id];
  const [card] = await api.get<readonly Card[]>('/v1/users', { query: { ids }, ...options });
  return { own, actingFor, as, mine, transfer, isOutgoing, card: card ?? null };
};
