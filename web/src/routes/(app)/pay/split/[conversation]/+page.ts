import type { Schema } from '#lib/api/index.ts';
import { api } from '#lib/api/index.ts';
import type { Card, MyMoney } from '#lib/money/model.ts';
import { whose } from '../../whose.ts';
import type { PageLoad } from './$types';

/** Those of a conversation among whom a bill is split, oneself first. */
export const load: PageLoad = async ({ params, parent, url, fetch }) => {
  const { me } = await parent();
  const { own, actingFor, as } = whose(url, me);
  const options = { fetch, remember: true, actingFor };
  const [conversation, mine] = await Promise.all([
    api.get<Schema['Conversation']>(`/v1/conversations/${params.conversation}`, options),
    api.get<MyMoney>('/v1/wallets', options),
  ]);
  const here = new Set(
    conversation.members.filter(({ state }) => state === 'joined').map(({ user_id }) => user_id),
  );
  const cards: readonly Card[] = conversation.cards;
  const people = cards
    .filter(({ id }) => here.has(id))
    .toSorted(
      (a, b) => Number(b.id === own) - Number(a.id === own) || a.name.localeCompare(b.name),
    );
  return { own, actingFor, as, mine, people, conversation: conversation.id };
};
