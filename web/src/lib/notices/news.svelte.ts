/** What one was told by itself and has not seen yet: of a person, or of a shop that they act for. */

import { api } from '#lib/api/index.ts';
import type { Page, Schema } from '#lib/api/index.ts';
import { engine, perOwner } from '#lib/sync/index.ts';
import type { News } from './news.ts';

class Board {
  items = $state.raw<readonly News[]>([]);
  cards = $state.raw<ReadonlyMap<string, Schema['Card']>>(new Map());
  readonly #actingFor: string | null;

  constructor(actingFor: string | null) {
    this.#actingFor = actingFor;
  }

  async load(): Promise<void> {
    const { items } = await api.get<Page<News>>('/v1/notices', { actingFor: this.#actingFor });
    const ids = [...new Set(items.flatMap(({ other_id }) => other_id ?? []))];
    const cards = ids.length
      ? await api.get<readonly Schema['Card'][]>('/v1/users', { query: { ids }, remember: true })
      : [];
    this.cards = new Map(cards.map((card) => [card.id, card]));
    this.items = items;
  }

  /** It is gone at once; without a connection it is there again at the next start. */
  async see({ id }: News): Promise<void> {
    this.items = this.items.filter((one) => one.id !== id);
    await api.post(`/v1/notices/${id}/seen`, undefined, { actingFor: this.#actingFor });
  }
}

/** The one board of this person or shop. */
export const boardOf = perOwner((own) => new Board(own === engine().userId ? null : own));
