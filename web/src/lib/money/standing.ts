/** Payments that come by themselves: what one plans, and what one does with it. */

import { api } from '#lib/api/index.ts';
import { reader, t } from '#lib/i18n/index.ts';
import type { Money } from '#lib/values/money.ts';
import { date, dayInWords } from '#lib/values/time.ts';
import type { StandingOrder } from './model.ts';

export type Rhythm = StandingOrder['rhythm'];

export interface Plan {
  readonly payee_id: string;
  readonly amount: Money;
  readonly rhythm: Rhythm;
  readonly first_on: string;
  readonly ends_after?: number;
  readonly ends_on?: string;
}

export const makeStandingOrder = (
  id: string,
  { amount: { amount_minor, currency }, ...plan }: Plan,
  options: { actingFor: string | null; confirmation?: string },
): Promise<StandingOrder> =>
  api.post('/v1/standing-orders', { id, ...plan, amount: { amount_minor, currency } }, options);

export const changeStandingOrder = (
  id: string,
  act: 'pause' | 'resumption' | 'end',
  actingFor: string | null,
): Promise<StandingOrder> => api.post(`/v1/standing-orders/${id}/${act}`, undefined, { actingFor });

/** Another amount from the next run on; always confirmed. */
export const changeStandingAmount = (
  id: string,
  { amount_minor, currency }: Money,
  options: { actingFor: string | null; confirmation?: string },
): Promise<StandingOrder> =>
  api.put(`/v1/standing-orders/${id}/amount`, { amount: { amount_minor, currency } }, options);

/** A calendar day in words; it is the same day wherever it is read. */
export const dayName = (day: string): string =>
  dayInWords(noon(day), Date.now(), { locale: reader.formats, zone: 'UTC' });

const shortDay = (day: string): string =>
  date(noon(day), Date.now(), { locale: reader.formats, zone: 'UTC' });

const noon = (day: string): number => Date.parse(`${day}T12:00:00Z`);

/** How often, when next, and until when: `Every month · next on 29 February · 3 payments`. */
export function rhythmText(order: StandingOrder): string {
  const parts = [t.standing.every[order.rhythm]];
  if (order.state === 'paused') parts.push(t.standing.paused);
  else if (order.state === 'ended') parts.push(t.standing.ended);
  else if (order.next_on) parts.push(t.standing.next(shortDay(order.next_on)));
  if (order.state !== 'ended' && order.rhythm !== 'once') {
    if (order.ends_after) parts.push(t.standing.times(order.ends_after));
    if (order.ends_on) parts.push(t.standing.until(shortDay(order.ends_on)));
  }
  return parts.join(' · ');
}

/** What came of the latest run; null before there was one. */
export function lastText({ last }: StandingOrder): string | null {
  if (!last) return null;
  const day = shortDay(last.due_on);
  if (last.problem === null) return t.standing.paid(day);
  const why = t.standing.because[last.problem] ?? t.standing.otherwise;
  return last.attempt === 0 ? t.standing.missedOnce(day, why) : t.standing.missed(day, why);
}
