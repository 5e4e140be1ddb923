/** What a person does with money. Each act carries the id it was begun with, so that it happens once. */

import { api, Problem } from '#lib/api/index.ts';
import { parsePhone } from '#lib/values/phone.ts';
import type { Money } from '#lib/values/money.ts';
import type { Card, MoneyRequest, Task, Transfer } from './model.ts';

interface Act {
  readonly id: string;
  readonly with: string;
  readonly amount: Money;
  readonly actingFor: string | null;
  readonly conversation?: string | null;
  readonly confirmation?: string;
  readonly source?: string;
  readonly into?: string;
}

const plain = ({ amount_minor, currency }: Money): Money => ({ amount_minor, currency });

/** Sends, asks, takes or gives cash, tops up: what the task says. */
export function perform(task: Task, act: Act): Promise<Transfer | MoneyRequest> {
  const { id, actingFor, confirmation } = act;
  const amount = plain(act.amount);
  const options = { actingFor, confirmation };
  const conversation_id = act.conversation ?? undefined;
  switch (task) {
    case 'send':
      return api.post(
        '/v1/transfers',
        { id, payee_id: act.with, amount, conversation_id },
        options,
      );
    case 'ask':
      return api.post('/v1/requests', { id, payer_id: act.with, amount, conversation_id }, options);
    case 'cash-in':
      return api.post('/v1/cash-ins', { id, customer_id: act.with, amount }, options);
    case 'cash-out':
      return api.post('/v1/cash-outs', { id, agent_id: act.with, amount }, options);
    case 'top-up': {
      const { source, into } = act;
      return api.post('/v1/top-ups', { id, owner_id: act.with, amount, source, into }, options);
    }
  }
}

export const payRequest = (
  id: string,
  requestId: string,
  options: { actingFor: string | null; confirmation?: string },
): Promise<Transfer> => api.post(`/v1/requests/${requestId}/payment`, { id }, options);

export const declineRequest = (id: string, actingFor: string | null): Promise<MoneyRequest> =>
  api.post(`/v1/requests/${id}/decline`, undefined, { actingFor });

export const takeBackRequest = (id: string, actingFor: string | null): Promise<MoneyRequest> =>
  api.post(`/v1/requests/${id}/cancellation`, undefined, { actingFor });

export const giveBack = (
  id: string,
  transferId: string,
  options: { actingFor: string | null; confirmation?: string },
): Promise<Transfer> => api.post(`/v1/transfers/${transferId}/refunds`, { id }, options);

export const askPayout = (
  id: string,
  amount: Money,
  options: { actingFor: string | null; confirmation?: string },
): Promise<Transfer> => api.post('/v1/payouts', { id, amount: plain(amount) }, options);

export const settlePayout = (
  id: string,
  payoutId: string,
  source: 'cash' | 'bank',
): Promise<Transfer> => api.post(`/v1/payouts/${payoutId}/settlement`, { id, source });

export const refusePayout = (id: string, payoutId: string): Promise<Transfer> =>
  api.post(`/v1/payouts/${payoutId}/rejection`, { id });

/** Somebody by telephone number or handle; null when nobody has it. */
export async function findPerson(text: string): Promise<Card | null> {
  const phone = parsePhone(text);
  const query = phone ? { phone } : { handle: text.trim().replace(/^@/, '').toLowerCase() };
  try {
    return await api.post<Card>('/v1/contact-lookups', query);
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 422)) return null;
    throw error;
  }
}
