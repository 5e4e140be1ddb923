import { loadWords, preferredLocale } from '#lib/i18n/index.ts';
import type { LayoutLoad } from './$types';

export const ssr = false;

let isReady = false;

export const load: LayoutLoad = async () => {
  if (!isReady) await loadWords(preferredLocale());
  isReady = true;
};
