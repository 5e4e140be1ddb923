import { api, type Page, Problem } from '#lib/api/index.ts';
import type { Category, ShopCard } from './model.ts';
import { stateAt } from './model.ts';

const TYPING_MS = 180;

/** The shops that are looked at: by words, by kind, by being open. The last question counts. */
export class Directory {
  words = $state('');
  category = $state<string | null>(null);
  isOpenNow = $state(false);
  items = $state.raw<readonly ShopCard[]>([]);
  isLoading = $state(false);
  problem = $state.raw<Problem | null>(null);
  answered = $state('');
  #next = $state<string | null>(null);
  /** Kinds that were met so far. */
  #met = $state.raw<readonly string[]>([]);
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #categories: readonly Category[];

  readonly shown: readonly ShopCard[] = $derived.by(() =>
    this.isOpenNow
      ? this.items.filter(({ state }) => stateAt(state, Date.now()).state === 'open')
      : this.items,
  );
  readonly hasMore = $derived.by(() => this.#next !== null);
  /** Only kinds that lead somewhere. */
  readonly kinds: readonly Category[] = $derived.by(() =>
    this.#categories.filter(({ id }) => this.#met.includes(id)),
  );
  readonly isFiltered = $derived.by(
    () => this.answered !== '' || this.category !== null || this.isOpenNow,
  );

  constructor(first: Page<ShopCard>, categories: readonly Category[]) {
    this.#categories = categories;
    this.#show(first);
  }

  labelOf(category: string): string | undefined {
    return this.#categories.find(({ id }) => id === category)?.label;
  }

  search(words: string): void {
    this.words = words;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.load(), words.trim() === '' ? 0 : TYPING_MS);
  }

  choose(category: string | null): void {
    this.category = category;
    void this.load();
  }

  clear(): void {
    this.isOpenNow = false;
    this.category = null;
    this.search('');
  }

  async load(): Promise<void> {
    const page = await this.#ask(null);
    if (page) this.#show(page);
  }

  async more(): Promise<void> {
    if (this.isLoading || this.#next === null) return;
    const page = await this.#ask(this.#next);
    if (!page) return;
    this.#show({ next: page.next, items: [...this.items, ...page.items] });
  }

  #show({ items, next }: Page<ShopCard>): void {
    this.items = items;
    this.#next = next;
    this.answered = this.words.trim();
    this.#met = [...this.#met, ...items.map(({ category }) => category)];
  }

  async #ask(after: string | null): Promise<Page<ShopCard> | null> {
    const asked = ++this.#asked;
    this.isLoading = true;
    this.problem = null;
    try {
      const page = await api.get<Page<ShopCard>>('/v1/businesses', {
        query: { q: this.words.trim(), category: this.category, after },
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
