/** The card of the link that one is writing, until it is sent or left out. */

import type { LinkPreview } from '#lib/sync/index.ts';
import type { OwnPage } from './link-cards.ts';
import { makeCard, pageIn } from './link-cards.ts';

const TYPED_MS = 400;

export class Linking {
  card = $state.raw<LinkPreview | null>(null);
  #page: OwnPage | null = null;
  #leftOut: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** These are the words now. */
  look(text: string): void {
    const page = pageIn(text, location.origin);
    if (page?.url === this.#page?.url) return;
    clearTimeout(this.#timer);
    this.#page = page;
    this.card = null;
    if (page === null || page.url === this.#leftOut) return;
    this.#timer = setTimeout(() => void this.#make(page), TYPED_MS);
  }

  leaveOut(): void {
    this.#leftOut = this.card?.url ?? null;
    this.card = null;
  }

  /** The card to send with these words; the next ones begin anew. */
  take(text: string): { readonly preview?: LinkPreview } {
    const preview = this.card;
    this.stop();
    return preview && pageIn(text, location.origin)?.url === preview.url ? { preview } : {};
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.card = this.#page = this.#leftOut = null;
  }

  async #make(page: OwnPage): Promise<void> {
    const card = await makeCard(page).catch(() => null);
    if (this.#page?.url === page.url) this.card = card;
  }
}
