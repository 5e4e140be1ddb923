/** What was typed and not sent, by conversation; it outlives a reload, but not another person on this device. */

import { SvelteMap } from 'svelte/reactivity';

const PREFIX = 'kirana.draft.';

export class Drafts {
  readonly #prefix: string;
  readonly #texts = new SvelteMap<string, string>();

  constructor(userId: string, own: string) {
    this.#prefix = `${PREFIX}${userId}.${own}.`;
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(this.#prefix)) {
        this.#texts.set(key.slice(this.#prefix.length), localStorage.getItem(key) ?? '');
      } else if (key.startsWith(PREFIX) && !key.startsWith(`${PREFIX}${userId}.`)) {
        localStorage.removeItem(key);
      }
    }
  }

  get(conv: string): string {
    return this.#texts.get(conv) ?? '';
  }

  set(conv: string, text: string): void {
    if (text.trim() === '') {
      this.#texts.delete(conv);
      localStorage.removeItem(this.#prefix + conv);
    } else {
      this.#texts.set(conv, text);
      try {
        localStorage.setItem(this.#prefix + conv, text);
      } catch {
        // The device is full: it stays as long as the page does.
      }
    }
  }
}
