/** Instants are epoch milliseconds; days and hours are read in a zone. */

export interface Place {
  readonly locale: string;
  /** IANA zone; the device's own when absent. */
  readonly zone?: string;
}

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const DAY = 86_400_000;

/** `14:05`, in the reader's way of writing it. */
export function clock(at: number, place: Place): string {
  return dates(place, HOUR_AND_MINUTE).format(at);
}

/** For a list of conversations or orders: 14:05 · Yesterday · Tuesday · 3 Mar · 3 Mar 2024. */
export function shortWhen(at: number, now: number, place: Place): string {
  const days = daysBetween(at, now, place);
  if (days <= 0) return clock(at, place);
  if (days === 1) return titled(relative(-1, 'day', place), place.locale);
  if (days < 7) return dates(place, WEEKDAY).format(at);
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
  const known = (days[zone ?? ''] ??= new Map<number, string>());
  // No zone is apart from another by less than a quarter of an hour.
  const quarter = Math.floor(at / QUARTER);
  const found = known.get(quarter);
  if (found !== undefined) return found;
  if (known.size >= DAYS_KEPT) known.clear();
  const day = dates({ locale: 'en-CA', zone }, DAY_ONLY).format(at);
  known.set(quarter, day);
  return day;
}

/** The day of each quarter of an hour, by zone: to format one takes long. */
const days: Record<string, Map<number, string>> = {};
const DAYS_KEPT = 20_000;

/** What stands in a field for date and time: `2026-03-03T14:05`, read in the place. */
export function fieldOf(at: number, { zone }: Place): string {
  const parts = dates(
    { locale: 'en-CA', zone },
    {
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    },
  ).formatToParts(at);
  const part = (wanted: string) => parts.find(({ type }) => type === wanted)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`;
}

/** The instant that such a field means; NaN when it is empty. An hour that a change of clocks leaves out is the next. */
export function instantOf(field: string, place: Place): number {
  const wanted = Date.parse(`${field}Z`);
  if (Number.isNaN(wanted)) return NaN;
  const lead = (at: number): number => Date.parse(`${fieldOf(at, place)}Z`) - at;
  const near = wanted - lead(wanted);
  const exactly = wanted - lead(near);
  return fieldOf(exactly, place) === field ? exactly : Math.max(near, exactly);
}

/** This month and those before it, `2026-11` first. */
export function lastMonths(now: number, count: number, place: Place): readonly string[] {
  const [year = 0, month = 0] = dayOf(now, place).split('-').map(Number);
  return Array.from({ length: count }, (_, back) =>
    new Date(Date.UTC(year, month - 1 - back, 1)).toISOString().slice(0, 7),
  );
}

/** `November 2026` for `2026-11`. */
export const monthName = (month: string, { locale }: Place): string =>
  dates({ locale, zone: 'UTC' }, { month: 'long', year: 'numeric' }).format(
    Date.parse(`${month}-01T00:00:00Z`),
  );

/** Whole calendar days from `at` to `now`; negative when `at` is still to come. */
function daysBetween(at: number, now: number, place: Place): number {
  return Math.round((Date.parse(dayOf(now, place)) - Date.parse(dayOf(at, place))) / DAY);
}

const yearOf = (at: number, place: Place): string => dayOf(at, place).slice(0, 4);

function relative(value: number, unit: Intl.RelativeTimeFormatUnit, { locale }: Place): string {
  const format = (ages[locale] ??= new Intl.RelativeTimeFormat(locale, {
    numeric: 'auto',
    style: 'short',
  }));
  return format.format(value, unit);
}

const ages: Record<string, Intl.RelativeTimeFormat> = {};

const titled = (text: string, locale: string): string =>
  text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);

const HOUR_AND_MINUTE = { hour: 'numeric', minute: '2-digit' } as const;
const WEEKDAY = { weekday: 'long' } as const;
const DAY_ONLY = { dateStyle: 'short' } as const;

/** By what they write, and for whom. */
const formats: Record<string, Record<string, Intl.DateTimeFormat>> = {};

function dates({ locale, zone }: Place, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const its = (formats[`${locale} ${zone ?? ''}`] ??= {});
  return (its[keyOf(options)] ??= new Intl.DateTimeFormat(locale, { timeZone: zone, ...options }));
}

const keys = new WeakMap<Intl.DateTimeFormatOptions, string>();

/** Those that are used most are written down as text once. */
function keyOf(options: Intl.DateTimeFormatOptions): string {
  const known = keys.get(options) ?? JSON.stringify(options);
  keys.set(options, known);
  return known;
}
