/** "Open until 20:00", in the shop's own time. */

import { reader, t } from '#lib/i18n/index.ts';
import { clock, shortWhen } from '#lib/values/time.ts';
import type { Profile } from './model.ts';

export function sayState({ state, zone }: Profile, now = Date.now()): string {
  const place = { locale: reader.formats, zone };
  switch (state.state) {
    case 'open':
      return state.closes_at ? t.manage.openUntil(clock(state.closes_at, place)) : t.manage.openNow;
    case 'closed':
      return state.opens_at
        ? t.manage.opensAt(when(state.opens_at, now, place))
        : t.manage.closedNow;
    case 'unknown':
      return t.manage.hoursUnknown;
  }
}

/** Today the clock is enough; another day is named. */
function when(at: number, now: number, place: { locale: string; zone: string }): string {
  const day = new Intl.DateTimeFormat(place.locale, { timeZone: place.zone, weekday: 'long' });
  const isToday = day.format(at) === day.format(now) && at - now < 86_400_000;
  return isToday ? shortWhen(at, now, place) : `${day.format(at)} ${clock(at, place)}`;
}
