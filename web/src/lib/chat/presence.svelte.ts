/** Whether the one whose chat is open is here: asked while it is open, and told in minutes. */

import { SvelteMap } from 'svelte/reactivity';
import { reader, t } from '#lib/i18n/index.ts';
import { engine } from '#lib/sync/index.ts';
import { clock, dayName } from '#lib/values/time.ts';

interface Seen {
  readonly isOnline: boolean;
  readonly at: number | null;
}

const AGAIN_MS = 60_000;

const seen = new SvelteMap<string, Seen>();

/** Asks again each minute, since what somebody lets others see may change meanwhile. */
export function watch(user: string): () => void {
  const running = engine();
  const stop = running.hear('presence', (told) => {
    seen.set(told.user, { isOnline: told.isOnline, at: told.at });
  });
  running.watch([user]);
  const timer = setInterval(() => running.watch([user]), AGAIN_MS);
  return () => {
    clearInterval(timer);
    stop();
    running.watch([]);
    seen.delete(user);
  };
}

export const isHere = (user: string): boolean => seen.get(user)?.isOnline ?? false;

/** In words; null when it is not for one to know. */
export function presenceOf(user: string, zone: string | undefined): string | null {
  const known = seen.get(user);
  if (!known) return null;
  if (known.isOnline) return t.privacy.online;
  if (known.at === null) return null;
  const place = { locale: reader.formats, zone };
  const day = dayName(known.at, Date.now(), place);
  return t.privacy.seenOn(day.toLocaleLowerCase(reader.locale), clock(known.at, place));
}
