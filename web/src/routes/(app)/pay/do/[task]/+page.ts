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
  const [mine, contacts] = await Promise.all([
    api.get<MyMoney>('/v1/wallets', options),
    api.get<Page<Contact>>('/v1/contacts', { fetch, remember: true }),
  ]);
  const pages = await Promise.all(
    mine.items
      .slice(0, 3)
      .map(({ currency }) => api.get<Page<Line>>(`/v1/wallets/${currency}/statement`, options)),
  );
  const ids = peopleOf(
    pages.flatMap(({ items }) => items).filter(({ purpose }) => purpose !== 'purchase'),
  ).filter((id) => id !== own);
  const recent = ids.length
    ? await api.get<readonly Card[]>('/v1/users', {
        query: { ids: ids.slice(0, RECENT) },
        fetch,
        remember: true,
      })
    : [];
  return { task: params.task, own, actingFor, as, recent, contacts: contacts.items };
};
