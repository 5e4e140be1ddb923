import type { Schema } from '#lib/api/index.ts';
import { reader, t } from '#lib/i18n/index.ts';
import { clock, dayOf, type Place } from '#lib/values/time.ts';

/** A shop as everybody sees it. */
export type Shop = Schema['Profile'];

/** A shop in a list. */
export type ShopCard = Schema['ShopCard'];

export type Category = Schema['Category'];

type HoursState = Schema['HoursState'];
type DayOpenings = Schema['DayOpenings'];

const DAY_MS = 86_400_000;

/**
 * `state` as it is at `now`: a page that is open for hours must not go on saying "open". What comes after the next
 * border is not known here, so only that border is said.
 */
export function stateAt(state: HoursState, now: number): HoursState {
  const { closes_at: closesAt = null, opens_at: opensAt = null } = state;
  if (state.state === 'open' && closesAt !== null && closesAt <= now) {
    return { state: 'closed', closes_at: null, opens_at: null };
  }
  if (state.state === 'closed' && opensAt !== null && opensAt <= now) {
    return { state: 'open', closes_at: null, opens_at: null };
  }
  return state;
}

/** "Open until 9:30 pm", "Closed · opens tomorrow at 7:00"; null where nobody knows. Hours are the shop's own. */
export function sayState(state: HoursState, now: number, place: Place): string | null {
  const { state: name, closes_at: closesAt = null, opens_at: opensAt = null } = stateAt(state, now);
  if (name === 'unknown') return null;
  if (name === 'open') {
    const isSoon = closesAt !== null && closesAt - now < DAY_MS;
    return isSoon ? t.business.openUntil(clock(closesAt, place)) : t.business.open;
  }
  return opensAt === null ? t.business.closed : t.business.opensAt(sayWhen(opensAt, now, place));
}

function sayWhen(at: number, now: number, place: Place): string {
  const time = clock(at, place);
  const day = dayOf(at, place);
  if (day === dayOf(now, place)) return t.business.opensToday(time);
  if (day === dayOf(now + DAY_MS, place)) return t.business.opensTomorrow(time);
  const isNear = at - now < 6 * DAY_MS;
  const format = new Intl.DateTimeFormat(place.locale, {
    timeZone: place.zone,
    ...(isNear ? { weekday: 'long' } : { day: 'numeric', month: 'short' }),
  });
  return t.business.opensOn(format.format(at), time);
}

/** "7:00–13:00, 16:00–21:30", in the reader's way of writing clocks. */
export function sayOpenings({ openings }: Pick<DayOpenings, 'openings'>): string {
  if (openings.length === 0) return t.business.closedDay;
  return openings.map(sayOpening).join(', ');
}

function sayOpening({ opens, closes }: DayOpenings['openings'][number]): string {
  if (closes === null) return t.business.openEnd(sayClock(opens));
  if (opens === '00:00' && (closes === '24:00' || closes === '00:00')) return t.business.allDay;
  return `${sayClock(opens)}–${sayClock(closes)}`;
}

/** A clock of the shop's calendar has no date and no zone. */
const sayClock = (text: string): string =>
  clock(Date.parse(`2026-01-01T${text === '24:00' ? '00:00' : text}:00Z`), {
    locale: reader.formats,
    zone: 'UTC',
  });

/** "Monday", of a date on the shop's calendar. */
export const sayDay = (on: string): string =>
  new Intl.DateTimeFormat(reader.formats, { weekday: 'long', timeZone: 'UTC' }).format(
    Date.parse(`${on}T00:00:00Z`),
  );
