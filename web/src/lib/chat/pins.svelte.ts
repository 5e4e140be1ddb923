/** What is pinned in a conversation, with its words as they read now. */

import { SvelteMap } from 'svelte/reactivity';
import { api } from '#lib/api/index.ts';
import type { Entry, Pin } from '#lib/sync/index.ts';
import { engine, fold, mergeEntries } from '#lib/sync/index.ts';
import { announce } from './announcing.ts';
import { contentText } from './model.ts';
import { MOST_PINS, settingsOf } from './settings.ts';
import type { Talk } from './talk.svelte.ts';

export interface Pinned extends Pin {
  readonly text: string;
}

interface Around {
  readonly items: readonly Entry[];
  readonly about: readonly Entry[];
}

export class Pins {
  readonly #talk: Talk;
  /** Those that stand outside of the part that is loaded, with what was said about them. */
  readonly #apart = new SvelteMap<string, readonly Entry[]>();

  readonly all: readonly Pin[] = $derived.by(
    () => settingsOf(this.#talk.conversation).pins?.slice(-MOST_PINS) ?? [],
  );
  /** Those that can be read; what was deleted or has disappeared is pinned no more. The newest last. */
  readonly shown: readonly Pinned[] = $derived(
    this.all.flatMap((pin) => {
      const body = this.#itemOf(pin.id)?.body ?? null;
      return body === null ? [] : [{ ...pin, text: contentText(body) }];
    }),
  );

  constructor(talk: Talk) {
    this.#talk = talk;
  }

  /** Gets those that are far above, and goes on hearing what becomes of them. Answers how to stop. */
  follow(): () => void {
    const look = () => void this.look().catch(() => undefined);
    const stops = [
      engine().hear('keys', look),
      engine().hear('entry', ({ entry }) => {
        const about = entry.target ?? '';
        const known = this.#apart.get(about);
        if (known) this.#apart.set(about, [...known, entry]);
      }),
    ];
    return () => stops.forEach((stop) => stop());
  }

  async look(): Promise<void> {
    for (const { id, seq } of this.all) {
      const item = this.#itemOf(id);
      if (item && item.seal?.state !== 'waiting') continue;
      const path = `/v1/conversations/${this.#talk.id}/messages`;
      const page = await api.get<Around>(path, { query: { around: seq, limit: 1 } });
      this.#apart.set(id, await engine().open(mergeEntries(page.items, page.about)));
    }
  }

  has(id: string): boolean {
    return this.all.some((pin) => pin.id === id);
  }

  /** Pins it in the place of one that is gone, else of the oldest when there is no room. */
  pin({ id, seq }: Pin): Promise<void> {
    const gone = this.all.find((one) => {
      const item = this.#itemOf(one.id);
      return item?.body === null && item.seal === null;
    });
    const change = { pin: { id, seq }, ...(gone && { unpin: gone.id }) };
    return announce(this.#talk.inbox, this.#talk.id, change);
  }

  unpin(id: string): Promise<void> {
    return announce(this.#talk.inbox, this.#talk.id, { unpin: id });
  }

  #itemOf(id: string) {
    const now = engine().now();
    const apart = this.#apart.get(id)?.filter(({ expires_at = Infinity }) => expires_at > now);
    const item = [...this.#talk.items, ...fold(apart ?? [])].find((one) => one.id === id);
    return item?.kind === 'message' ? item : undefined;
  }
}
