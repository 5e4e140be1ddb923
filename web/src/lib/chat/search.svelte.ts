/** Looking for words among all messages: the private ones on this device, the others on the server. */

import { reader, t } from '#lib/i18n/index.ts';
import { engine } from '#lib/sync/index.ts';
import { dayInWords } from '#lib/values/time.ts';
import type { Inbox } from './inbox.svelte.ts';
import type { Found } from './model.ts';

const TYPING_MS = 250;

export class Search {
  #here = $state.raw<readonly Found[] | null>(null);
  #there = $state.raw<readonly Found[] | null>(null);
  /** The server could not be asked. */
  #isAlone = $state(false);
  #since = $state.raw<number | null>(null);
  #isOwn = $state(true);

  /** The newest first; null while nothing is known yet. What is found here does not wait for the server. */
  readonly found: readonly Found[] | null = $derived.by(() => {
    if (this.#there === null && (this.#here ?? []).length === 0) return null;
    const all = [...(this.#here ?? []), ...(this.#there ?? [])];
    return all.sort((a, b) => b.message.ts - a.message.ts);
  });

  /** Looks for these words; answers how to stop. */
  look(inbox: Inbox, words: string): () => void {
    const stop = new AbortController();
    this.#here = this.#there = null;
    this.#isAlone = false;
    this.#isOwn = inbox.actingFor === null;
    if (words !== '') {
      const timer = setTimeout(() => this.#look(inbox, words, stop.signal), TYPING_MS);
      stop.signal.addEventListener('abort', () => clearTimeout(timer));
    }
    return () => stop.abort();
  }

  /** What to say of how far the search reaches. */
  notes(zone?: string): readonly string[] {
    if (!this.#isOwn) return [];
    const place = { locale: reader.formats, zone };
    const here =
      this.#since === null
        ? t.store.searchesNothing
        : t.store.searchesBackTo(dayInWords(this.#since, engine().now(), place));
    return this.#isAlone ? [here, t.store.shopsNeedConnection] : [here];
  }

  #look(inbox: Inbox, words: string, signal: AbortSignal): void {
    const last = (take: () => void) => () => !signal.aborted && take();
    void Promise.all([inbox.searchHere(words), engine().opensSince()])
      .catch(() => [[], null] as const)
      .then(([items, since]) => last(() => ([this.#here, this.#since] = [items, since]))());
    inbox
      .search(words, signal)
      .then((items) => last(() => (this.#there = items))())
      .catch(
        last(() => {
          this.#there = [];
          this.#isAlone = true;
        }),
      );
  }
}
