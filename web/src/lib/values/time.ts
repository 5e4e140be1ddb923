/** Instants are epoch milliseconds; days and hours are read in a zone. */

export interface Place {
  readonly locale: string;
  /** IANA zone; the device's own when absent. */
  readonly zone?: string;
}

const MINUTE = 60_000;
const DAY = 86_400_000;

/** `14:05`, in the reader's way of writing it. */
export function clock(at: number, place: Place): string {
  return dates(place, { hour: 'numeric', minute: '2-digit' }).format(at);
}

/** For a list of conversations or orders: 14:05 · Yesterday · Tuesday · 3 Mar · 3 Mar 2024. */
export function shortWhen(at: number, now: number, place: Place): string {
  const days = daysBetween(at, now, place);
  if (days <= 0) return clock(at, place);
  if (days === 1) return titled(relative(-1, 'day', place), place.locale);
  if (days < 7) return dates(place, { weekday: 'long' }).format(at);
  return date(at, now, place);
}

/** For the line between two days of a conversation: Today · Yesterday · Tuesday, 3 March. */
export function dayName(at: number, now: number, place: Place): string {
  const days = daysBetween(at, now, place);
  if (days === 0 || days === 1) return titled(relative(-days, 'day', place), place.locale);
  return dates(place, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(days > 300 && { year: 'numeric' }),
  }).format(at);
}

/** `3 March`, with the year when it is another one; for a sentence. */
export const dayInWords = (at: number, now: number, place: Place): string =>
  dates(place, {
    day: 'numeric',
    month: 'long',
    ...(yearOf(at, place) !== yearOf(now, place) && { year: 'numeric' }),
  }).format(at);

/** `3 Mar`, with the year when it is another one. */
export function date(at: number, now: number, place: Place): string {
  const isThisYear = yearOf(at, place) === yearOf(now, place);
  return dates(place, {
    day: 'numeric',
    month: 'short',
    ...(!isThisYear && { year: 'numeric' }),
  }).format(at);
}

/** `Tue 3 Mar, 14:05`: when it must be exact, as on a receipt. */
export function exact(at: number, place: Place): string {
  return dates(place, { dateStyle: 'medium', timeStyle: 'short' }).format(at);
}

/** `now`, `5 min. ago`, `in 2 hr.`, for ages that are looked at while they pass. */
export function ago(at: number, now: number, place: Place): string {
  const ms = at - now;
  const size = Math.abs(ms);
  if (size < MINUTE) return relative(0, 'second', place);
  if (size < 60 * MINUTE) return relative(Math.trunc(ms / MINUTE), 'minute', place);
  if (size < DAY) return relative(Math.trunc(ms / (60 * MINUTE)), 'hour', place);
  return relative(Math.trunc(ms / DAY), 'day', place);
}

/** `2:07`, of a voice note or a call. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const tail = `${hours ? String(minutes).padStart(2, '0') : minutes}:${String(whole % 60).padStart(2, '0')}`;
  return hours ? `${hours}:${tail}` : tail;
}

/** The calendar day in the place, `2026-03-03`; also the key to group by. */
export function dayOf(at: number, { zone }: Place): string {
  return dates({ locale: 'en-CA', zone }, { dateStyle: 'short' }).format(at);
}

/** Whole calendar days from `at` to `now`; negative when `at` is still to come. */
function daysBetween(at: number, now: number, place: Place): number {
  return Math.round((Date.parse(dayOf(now, place)) - Date.parse(dayOf(at, place))) / DAY);
}

const yearOf = (at: number, place: Place): string => dayOf(at, place).slice(0, 4);

function relative(value: number, unit: Intl.RelativeTimeFormatUnit, { locale }: Place): string {
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' }).format(
    value,
    unit,
  );
}

const titled = (text: string, locale: string): string =>
  text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);

const formats = new Map<string, Intl.DateTimeFormat>();

function dates({ locale, zone }: Place, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${zone ?? ''} ${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, { timeZone: zone, ...options });
    formats.set(key, found);
  }
  return found;
}
