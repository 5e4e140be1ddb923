import { api, type Page, Problem } from '#lib/api/index.ts';
import type { ProductCard } from './model.ts';

const TYPING_MS = 180;

/** What of a shop's products is looked at: all, a collection, or what fits some words. The last question counts. */
export class Shelf {
  readonly shopId: string;
  words = $state('');
  collection = $state<string | null>(null);
  items = $state.raw<readonly ProductCard[]>([]);
  isLoading = $state(false);
  problem = $state.raw<Problem | null>(null);
  readonly hasMore = $derived.by(() => this.#next !== null);

  #next = $state<string | null>(null);
  /** Words that the shown items answer. */
  answered = $state('');
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(shopId: string, first: Page<ProductCard>) {
    this.shopId = shopId;
    this.#show(first);
  }

  /** While somebody types. */
  search(words: string): void {
    this.words = words;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.load(), words.trim() === '' ? 0 : TYPING_MS);
  }

  choose(collection: string | null): void {
    this.collection = collection;
    clearTimeout(this.#timer);
    void this.load();
  }

  /** From the beginning. */
  async load(): Promise<void> {
    const page = await this.#ask(null);
    if (page) this.#show(page);
  }

  async more(): Promise<void> {
    if (this.isLoading || this.#next === null) return;
    const page = await this.#ask(this.#next);
    if (!page) return;
    const isKnown = (id: string) => this.items.some((item) => item.id === id);
    this.#next = page.next;
    this.items = [...this.items, ...page.items.filter(({ id }) => !isKnown(id))];
  }

  #show(page: Page<ProductCard>): void {
    this.items = page.items;
    this.#next = page.next;
    this.answered = this.words.trim();
  }

  async #ask(after: string | null): Promise<Page<ProductCard> | null> {
    const asked = ++this.#asked;
    this.isLoading = true;
    this.problem = null;
    try {
      const page = await api.get<Page<ProductCard>>(`/v1/businesses/${this.shopId}/products`, {
        query: { q: this.words.trim(), collection: this.collection, after },
        remember: true,
      });
      return asked === this.#asked ? page : null;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (asked === this.#asked) this.problem = error;
      return null;
    } finally {
      if (asked === this.#asked) this.isLoading = false;
    }
  }
}
