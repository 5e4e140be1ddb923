/** The reader's language. Set once, before anything is drawn; another choice reloads the page. */

export const LOCALES = {
  en: 'English',
  hi: 'हिन्दी',
  ar: 'العربية',
  de: 'Deutsch',
  es: 'Español',
  pt: 'Português',
} as const;

export type Locale = keyof typeof LOCALES;

const KEY = 'kirana.locale';

interface Reader {
  /** The language of the words. */
  readonly locale: Locale;
  /** The tag to format dates and numbers among words by: their language with the reader's region. */
  readonly formats: string;
  /** The tag to write and read money by, as the reader's device does, whatever the words speak. */
  readonly figures: string;
  readonly direction: 'ltr' | 'rtl';
}

export let reader: Reader = read('en', ['en']);

export function setReader(locale: Locale): void {
  reader = read(locale, globalThis.navigator?.languages ?? []);
}

function read(locale: Locale, preferred: readonly string[]): Reader {
  const formats = preferred.find((tag) => languageOf(tag) === locale) ?? locale;
  const figures = preferred[0] ?? formats;
  return { locale, formats, figures, direction: locale === 'ar' ? 'rtl' : 'ltr' };
}

export function firstKnown(known: readonly Locale[]): Locale {
  const wanted = [localStorage.getItem(KEY) ?? '', ...navigator.languages].map(languageOf);
  return wanted.flatMap((language) => known.find((locale) => locale === language) ?? [])[0] ?? 'en';
}

export function rememberLocale(locale: Locale): void {
  localStorage.setItem(KEY, locale);
}

function languageOf(tag: string): string {
  return tag.split('-')[0] ?? '';
}

type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };

/** The form for `n` in the reader's language; `#` becomes the number. */
export function plural(n: number, forms: Forms): string {
  const form = forms[new Intl.PluralRules(reader.locale).select(n)] ?? forms.other;
  return form.replace('#', number(n));
}

export const number = (n: number): string => new Intl.NumberFormat(reader.formats).format(n);

/** `Asha, Ravi and Meera`. */
export const list = (items: readonly string[]): string =>
  new Intl.ListFormat(reader.formats, { type: 'conjunction' }).format(items);
