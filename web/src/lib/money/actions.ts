/** What a person does with money. Each act carries the id it was begun with, so that it happens once. */

import { api, type CardPayment, download, type Page } from '#lib/api/index.ts';
import { reader } from '#lib/i18n/index.ts';
import type { Money } from '#lib/values/money.ts';
import type {
  Claim,
  Gift,
  MoneyRequest,
  MyMoney,
  Offers,
  PaymentAddress,
  Payout,
  Split,
  Task,
  Transfer,
} from './model.ts';

interface Act {
  readonly id: string;
  readonly with: string;
  readonly amount: Money;
  readonly actingFor: string | null;
  readonly conversation?: string | null;
  readonly confirmation?: string;
  readonly source?: string;
  readonly into?: string;
  readonly purpose?: Gift;
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
        { id, payee_id: act.with, amount, conversation_id, purpose: act.purpose },
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

/** Asks each of the others for their share of what one has paid. */
export const splitBill = (
  id: string,
  bill: Money,
  shares: readonly { readonly owner_id: string; readonly amount_minor: number }[],
  { conversation, actingFor }: { conversation: string | null; actingFor: string | null },
): Promise<Split> => {
  const body = { id, amount: plain(bill), shares, conversation_id: conversation ?? undefined };
  return api.post('/v1/splits', body, { actingFor });
};

export const getSplit = (id: string, actingFor: string | null): Promise<Split> =>
  api.get(`/v1/splits/${id}`, { actingFor });

export const remindOfSplit = (id: string, actingFor: string | null): Promise<Split> =>
  api.post(`/v1/splits/${id}/reminders`, undefined, { actingFor });

export const cancelSplit = (id: string, actingFor: string | null): Promise<Split> =>
  api.post(`/v1/splits/${id}/cancellation`, undefined, { actingFor });

export const remindOfRequest = (id: string, actingFor: string | null): Promise<MoneyRequest> =>
  api.post(`/v1/requests/${id}/reminders`, undefined, { actingFor });

export const giveBack = (
  id: string,
  transferId: string,
  options: { actingFor: string | null; confirmation?: string },
): Promise<Transfer> => api.post(`/v1/transfers/${transferId}/refunds`, { id }, options);

export const askPayout = (
  id: string,
  amount: Money,
  addressId: string | null,
  options: { actingFor: string | null; confirmation?: string },
): Promise<Transfer> =>
  api.post('/v1/payouts', { id, amount: plain(amount), address_id: addressId }, options);

export const takeBackPayout = (
  id: string,
  payoutId: string,
  actingFor: string | null,
): Promise<Transfer> => api.post(`/v1/payouts/${payoutId}/withdrawal`, { id }, { actingFor });

/** Nothing is in the wallet until the provider has the money. */
export const topUpByCard = (
  id: string,
  amount: Money,
  actingFor: string | null,
): Promise<CardPayment> =>
  api.post('/v1/card-top-ups', { id, amount: plain(amount) }, { actingFor });

export const settlePayout = (
  id: string,
  payoutId: string,
  source: 'cash' | 'bank',
): Promise<Transfer> => api.post(`/v1/payouts/${payoutId}/settlement`, { id, source });

export const refusePayout = (
  id: string,
  payoutId: string,
  reason: NonNullable<Payout['reason']>,
): Promise<Transfer> => api.post(`/v1/payouts/${payoutId}/rejection`, { id, reason });

export const setPaymentAddress = (
  id: string,
  rail: string,
  details: PaymentAddress['details'],
  options: { actingFor: string | null; confirmation?: string },
): Promise<PaymentAddress> => api.post('/v1/payment-addresses', { id, rail, details }, options);

export const endPaymentAddress = (id: string, actingFor: string | null): Promise<void> =>
  api.del(`/v1/payment-addresses/${id}`, { actingFor });

/** What a payer has to know of a request: what is left of it, and where it can be paid from. */
export async function waysToPay(
  requestId: string,
  actingFor: string | null,
): Promise<{ request: MoneyRequest; offers: Offers | null; mine: MyMoney }> {
  const [request, mine] = await Promise.all([
    api.get<MoneyRequest>(`/v1/requests/${requestId}`, { actingFor }),
    api.get<MyMoney>('/v1/wallets', { actingFor }),
  ]);
  const isOpen = request.state === 'open' && request.claim === null;
  const offers = isOpen
    ? await api.get<Offers>(`/v1/offers/${request.reference}`, { actingFor })
    : null;
  return { request, offers, mine };
}

export async function claimsOf(
  requestId: string,
  actingFor: string | null,
): Promise<{ request: MoneyRequest; claims: readonly Claim[] }> {
  const [request, claims] = await Promise.all([
    api.get<MoneyRequest>(`/v1/requests/${requestId}`, { actingFor }),
    api.get<Page<Claim>>(`/v1/requests/${requestId}/claims`, { actingFor }),
  ]);
  return { request, claims: claims.items };
}

/** Says that one has paid to an address that was offered. */
export const makeClaim = (
  id: string,
  to: { readonly request_id: string; readonly address_id: string; readonly bank_ref?: string },
  actingFor: string | null,
): Promise<Claim> => api.post('/v1/claims', { id, ...to }, { actingFor });

export const confirmClaim = (
  id: string,
  claimId: string,
  received: Money | null,
  actingFor: string | null,
): Promise<Claim> =>
  api.post(
    `/v1/claims/${claimId}/confirmation`,
    { id, received: received ? plain(received) : undefined },
    { actingFor },
  );

export const rejectClaim = (
  id: string,
  claimId: string,
  actingFor: string | null,
): Promise<Claim> => api.post(`/v1/claims/${claimId}/rejection`, { id }, { actingFor });

export const takeBackClaim = (
  id: string,
  claimId: string,
  actingFor: string | null,
): Promise<Claim> => api.post(`/v1/claims/${claimId}/withdrawal`, { id }, { actingFor });

export type MonthFormat = 'pdf' | 'csv' | 'camt' | 'beancount';

const ENDINGS: Readonly<Record<MonthFormat, string>> = {
  pdf: 'pdf',
  csv: 'csv',
  camt: 'xml',
  beancount: 'beancount',
};

/** What happened to a wallet in a month (`2026-11`), as a file that the browser saves. */
export function saveMonth(
  currency: string,
  month: string,
  format: MonthFormat,
  actingFor: string | null,
): Promise<void> {
  const language = encodeURIComponent(reader.formats);
  const path = `/v1/wallets/${currency}/months/${month}?format=${format}&language=${language}`;
  return download(path, `kirana-${currency}-${month}.${ENDINGS[format]}`, actingFor);
}
