/** Payments by card, which happen on the provider's own page: where it is, and how one stands. */

import type { components } from './schema.d.ts';
import { api } from './client.ts';

export type CardPayment = components['schemas']['RailPayment'];
export type Ways = components['schemas']['Ways'];

const WAITS_MS = [200, 300, 400, 600, 900, 1300, 2000] as const;

/** How one can pay here in this currency; by card also into the payee's own account. */
export const fetchWays = (
  currency: string,
  { payee, by }: { payee?: string; by?: typeof fetch } = {},
): Promise<Ways> =>
  api.get(`/v1/ways/${currency}${payee ? `?payee=${payee}` : ''}`, {
    remember: true,
    ...(by && { fetch: by }),
  });

/** An order's by the order's id, a top-up's by its own. */
export const fetchCardPayment = (
  id: string,
  actingFor: string | null = null,
): Promise<CardPayment> => api.get(`/v1/card-payments/${id}`, { actingFor });

/** Waits until there is a page to pay at, or there will be none. A lost answer is asked for again. */
export async function pageOf(
  id: string,
  { actingFor = null, signal }: { actingFor?: string | null; signal?: AbortSignal } = {},
): Promise<CardPayment | null> {
  for (let tries = 0; !signal?.aborted; tries++) {
    try {
      const payment = await fetchCardPayment(id, actingFor);
      if (payment.state !== 'making') return payment;
    } catch (problem) {
      if (tries >= 30) throw problem;
    }
    const wait = WAITS_MS[Math.min(tries, WAITS_MS.length - 1)];
    await new Promise((done) => setTimeout(done, wait));
  }
  return null;
}

/** Leaves the app for a page to pay at; it leads back here. */
export function goToPage(url: string): void {
  if (/^https?:\/\//.test(url)) location.assign(url);
}
