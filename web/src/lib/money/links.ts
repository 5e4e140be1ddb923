/** Money for somebody who is not here yet, by a link that whoever opens it first takes. */

import { api } from '#lib/api/index.ts';
import type { Money } from '#lib/values/money.ts';
import type { LinkSeen, MoneyLink } from './model.ts';

const SECRET_BYTES = 16;

/** What only the link knows: 128 random bits. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** The secret of a link's address, behind its `#`; null when there is none that could be one. */
export function secretOf(hash: string): string | null {
  const secret = hash.replace(/^#/, '');
  return /^[A-Za-z0-9_-]{22,64}$/.test(secret) ? secret : null;
}

export const makeLink = (
  id: string,
  { amount_minor, currency }: Money,
  secret: string,
  options: { actingFor: string | null; confirmation?: string },
): Promise<MoneyLink> =>
  api.post('/v1/money-links', { id, amount: { amount_minor, currency }, secret }, options);

export const takeBackLink = (
  id: string,
  linkId: string,
  actingFor: string | null,
): Promise<MoneyLink> => api.post(`/v1/money-links/${linkId}/withdrawal`, { id }, { actingFor });

export const lookAtLink = (linkId: string, secret: string): Promise<LinkSeen> =>
  api.post(`/v1/money-links/${linkId}/lookups`, { secret });

export const takeLink = (id: string, linkId: string, secret: string): Promise<LinkSeen> =>
  api.post(`/v1/money-links/${linkId}/taking`, { id, secret });
