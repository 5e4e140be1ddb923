/** A shop's own account at Stripe, and what is to be looked into there. */

import { api, type Page, type Schema } from '#lib/api/index.ts';

export interface OwnCards {
  readonly accounts: readonly Schema['CardAccount'][];
  readonly newKeyUrl: string;
  readonly cases: readonly Schema['RailCase'][];
}

export async function fetchOwnCards(actingFor: string, by: typeof fetch): Promise<OwnCards> {
  const options = { fetch: by, actingFor };
  const [{ items, new_key_url }, cases] = await Promise.all([
    api.get<Schema['CardAccounts']>('/v1/card-accounts', options),
    api.get<Page<Schema['RailCase']>>('/v1/own-rail-cases', options),
  ]);
  return { accounts: items, newKeyUrl: new_key_url, cases: cases.items };
}
