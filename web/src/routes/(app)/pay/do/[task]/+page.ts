import { error } from '@sveltejs/kit';
import { api, type Page } from '#lib/api/index.ts';
import type { Card, Contact, Line, MyMoney } from '#lib/money/model.ts';
import { isTask, peopleOf } from '#lib/money/model.ts';
import { whose } from '../../whose.ts';
import type { PageLoad } from './$types';

const RECENT = 4;

/** For whom: people of late first, then those saved. */
export const load: PageLoad = async ({ params, parent, url, fetch }) => {
  if (!isTask(params.task)) error(404, 'not-found');
  const { me } = await parent();
  const { own, actingFor, as } = whose(url, me);
  const options = { fetch, actingFor, remember: true };
  if (params.task === 'cash-out') {
    const agents = await api.get<Page<string>>('/v1/cash-agents', { fetch, remember: true });
    const recent = await cardsOf(agents.items.filter((id) => id !== own));
    return { task: params.task, own, actingFor, as, recent, contacts: [] };
  }
  const [mine, contacts] = await Promise.all([
    api.get<MyMoney>('/v1/wallets', options),
    api.get<Page<Contact>>('/v1/contacts', { fetch, remember: true }),
  ]);
  if (params.task === 'top-up') {
    const agents = await api.get<Page<string>>('/v1/cash-agents', { fetch, remember: true });
    const recent = await cardsOf(agents.items);
    return { task: params.task, own, actingFor, as, recent, contacts: contacts.items };
  }
  const [purse, purses] =
    params.task === 'cash-in' ? ['floats', mine.floats] : ['wallets', mine.items];
  const pages = await Promise.all(
    purses
      .slice(0, 3)
      .map(({ currency }) => api.get<Page<Line>>(`/v1/${purse}/${currency}/statement`, options)),
  );
  const ids = peopleOf(
    pages.flatMap(({ items }) => items).filter(({ purpose }) => purpose !== 'purchase'),
  ).filter((id) => id !== own);
  const recent = await cardsOf(ids.slice(0, RECENT));
  return { task: params.task, own, actingFor, as, recent, contacts: contacts.items };

  async function cardsOf(ids: readonly string[]): Promise<readonly Card[]> {
    if (ids.length === 0) return [];
    return api.get<readonly Card[]>('/v1/users', {
      query: { ids: [...ids] },
      fetch,
      remember: true,
    });
  }
};
