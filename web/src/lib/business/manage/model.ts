import type { Schema } from '#lib/api/index.ts';

export type Profile = Schema['Profile'];
export type Category = Schema['Category'];
export type Proposal = Schema['Proposal'];
export type Closure = Schema['ShopClosure'];
export type Greeting = Schema['Greeting'];
export type Kind = Schema['ShopHours']['kind'];

export interface Opening {
  readonly opens: string;
  /** At or before `opens`: on the next day. Null: nobody knows. */
  readonly closes: string | null;
}

export const DAYS = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'] as const;
export type Day = (typeof DAYS)[number];

export interface DayHours {
  readonly day: Day;
  readonly openings: readonly Opening[];
}

/** What the owner means to save: rules that were proposed, or the week that the grid shows. */
export interface HoursDraft {
  readonly kind: Kind;
  readonly text: string;
  readonly rules: string;
  /** Only when the grid was edited; it wins over the rules. */
  readonly week: readonly DayHours[] | null;
}

/** All seven days in order, whatever came. */
export function fullWeek(
  week: readonly { readonly day: string; readonly openings: readonly Opening[] }[],
): DayHours[] {
  return DAYS.map((day) => ({
    day,
    openings: week.find((one) => one.day === day)?.openings ?? [],
  }));
}

/** The week with other hours on one day. */
export const withDay = (
  week: readonly DayHours[],
  day: Day,
  openings: readonly Opening[],
): DayHours[] => week.map((one) => (one.day === day ? { day, openings } : one));

/** The same hours on Monday to Friday, as on `day`. */
export function onWorkdays(week: readonly DayHours[], day: Day): DayHours[] {
  const openings = week.find((one) => one.day === day)?.openings ?? [];
  return week.map((one) => (DAYS.indexOf(one.day) < 5 ? { ...one, openings } : one));
}

/** The next range to offer on a day: after the last one, or what most shops have. */
export function nextOpening(openings: readonly Opening[]): Opening {
  const last = openings.at(-1)?.closes;
  if (!last) return { opens: '09:00', closes: '18:00' };
  const hour = Number(last.slice(0, 2));
  const pad = (value: number) => `${String(value % 24).padStart(2, '0')}:00`;
  return { opens: pad(hour + 1), closes: pad(hour + 4) };
}

/** A time field cannot show 24:00. */
export const forField = (clock: string | null): string =>
  clock === null ? '' : clock === '24:00' ? '00:00' : clock;

/** A handle that the name suggests; empty when it has no Latin letters (the server then finds one). */
export function handleFrom(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/&/g, ' and ')
    .replace(/[\u0300-\u036f'’]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 24)
    .replace(/-+$/, '');
}

export const isHandle = (text: string): boolean =>
  /^[a-z0-9](?:[a-z0-9]|-(?!-)){1,28}[a-z0-9]$/.test(text);

/** What a shop still lacks to look open, the most useful first. */
export type Lack = 'products' | 'hours' | 'photo' | 'place' | 'about';

export function lacksOf(shop: Profile, hasProducts: boolean): Lack[] {
  const lacks: [Lack, boolean][] = [
    ['products', !hasProducts],
    ['hours', shop.hours.kind === 'unknown'],
    ['photo', shop.logo === null],
    ['place', shop.location === null],
    ['about', shop.about === '' && shop.description === ''],
  ];
  return lacks.filter(([, is]) => is).map(([lack]) => lack);
}
