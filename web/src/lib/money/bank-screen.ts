/** What the screen of an owner's bank is drawn from. */

import { api, type Page } from '#lib/api/index.ts';
import { lookAtBank } from './bank.ts';
import { type Card, currenciesFor, may, type MoneyRequest, type MyMoney } from './model.ts';

export async function loadBank(own: string, actingFor: string | null, fetching: typeof fetch) {
  const options = { fetch: fetching, actingFor };
  const mine = await api.get<MyMoney>('/v1/wallets', options);
  if (!may(mine, 'spend')) return { mine, bank: null };
  const [told, asked] = await Promise.all([
    lookAtBank(options),
    api.get<Page<MoneyRequest>>('/v1/requests', { ...options, query: { limit: '200' } }),
  ]);
  const requests = asked.items.filter(
    ({ asker_id, state }) => asker_id === own && state === 'open',
  );
  const payers = [
    ...requests.map(({ payer_id }) => payer_id),
    ...told.lines.flatMap(({ proposals }) => proposals.map(({ payer_id }) => payer_id)),
  ];
  const ids = [...new Set(payers)].filter((id) => id !== null);
  const cards = ids.length
    ? await api.get<readonly Card[]>('/v1/users', { fetch: fetching, query: { ids } })
    : [];
  const likely = currenciesFor(mine, { zone: null, preferred: null, task: 'ask' });
  const used = [...requests.map(({ amount }) => amount.currency), ...likely];
  const currencies = [...new Set(used)];
  const known = new Map(cards.map((card) => [card.id, card]));
  return { mine, bank: { ...told, requests, cards: known, currencies } };
}
