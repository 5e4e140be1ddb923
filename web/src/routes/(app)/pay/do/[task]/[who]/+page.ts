import { error } from '@sveltejs/kit';
import { api } from '#lib/api/index.ts';
import type { Schema } from '#lib/api/index.ts';
import type { Card, MyMoney, Purse } from '#lib/money/model.ts';
import { askedBy, isGift, isTask } from '#lib/money/model.ts';
import { whose } from '../../../whose.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, parent, url, fetch }) => {
  if (!isTask(params.task)) error(404, 'not-found');
  const { me } = await parent();
  const { own, actingFor, as } = whose(url, me);
  const options = { fetch, remember: true };
  const [card, mine] = await Promise.all([
    api.get<Card>(`/v1/users/${params.who}`, options),
    api.get<MyMoney>('/v1/wallets', { ...options, actingFor }),
  ]);
  const shop =
    card.kind === 'business'
      ? await api.get<Schema['Profile']>(`/v1/businesses/${card.id}`, options)
      : null;
  const purse =
    params.task === 'top-up'
      ? await api.get<Purse>(`/v1/purses/${params.who}`, { fetch, actingFor })
      : null;
  const purpose = url.searchParams.get('for');
  return {
    task: params.task,
    own,
    actingFor,
    as,
    card,
    mine,
    asked: params.task === 'send' ? askedBy(url.searchParams) : null,
    preferred: purse?.currencies[0] ?? shop?.currency ?? null,
    hasFloat: purse?.tier === 'agent',
    conversation: url.searchParams.get('conversation'),
    purpose: isGift(purpose) ? purpose : undefined,
  };
};
