/**
 * Every text a person reads: `t.chat.typeHere`, `t.common.selected(3)`.
 *
 * English is the base and the type; another language is a file `<locale>.ts` whose default export is a
 * `Translation`, loaded only for its readers, with English where it says nothing. One file per room, so that a
 * room's words are in one place. Read `t` while drawing, never in a constant of a module: it is set by
 * `loadWords` before the first page is drawn.
 */

import { en } from './en/index.ts';
import type { Locale } from './locale.ts';
import { firstKnown, LOCALES, reader, setReader } from './locale.ts';

export { list, number, plural, reader, rememberLocale } from './locale.ts';
export type { Locale } from './locale.ts';

export type Messages = typeof en;

export type Translation<T = Messages> = {
  readonly [K in keyof T]?: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : Translation<T[K]>;
};

export let t: Messages = en;

const loaders = import.meta.glob<{ default: Translation }>('./locales/*.ts');

/** The languages that there are words for. */
export const languages = (Object.keys(LOCALES) as Locale[])
  .filter((locale) => locale === 'en' || `./locales/${locale}.ts` in loaders)
  .map((locale) => ({ value: locale, label: LOCALES[locale] }));

/** What the reader chose on this device, or else the first of the browser's languages that there are words for. */
export const preferredLocale = (): Locale => firstKnown(languages.map(({ value }) => value));

/** Fetches the words of a language, and turns the page its way. */
export async function loadWords(locale: Locale): Promise<void> {
  const load = loaders[`./locales/${locale}.ts`];
  t = load ? over(en, (await load()).default) : en;
  setReader(locale);
  document.documentElement.lang = locale;
  document.documentElement.dir = reader.direction;
}

function over<T>(base: T, translation: Translation<T>): T {
  const merged: Record<string, unknown> = { ...(base as Record<string, unknown>) };
  for (const [key, value] of Object.entries(translation as Record<string, unknown>)) {
    const below = merged[key];
    merged[key] =
      typeof value === 'object' && value !== null
        ? over(below, value as Translation<typeof below>)
        : value;
  }
  return merged as T;
}
