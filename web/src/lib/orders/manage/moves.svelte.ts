/**
 * Moves of orders that are shown at once and sent after five seconds, so that a slip of the thumb can be undone
 * before the customer hears of it.
 */

import { SvelteMap } from 'svelte/reactivity';
import { Problem, sayProblem } from '#lib/api/index.ts';
import { t } from '#lib/i18n/index.ts';
import { engine } from '#lib/sync/index.ts';
import { toast } from '#lib/ui/toasts.svelte.ts';
import { uuid7 } from '#lib/values/ids.ts';
import { moveOrder } from './actions.ts';
import type { State } from './model.ts';

interface Movable {
  readonly id: string;
  readonly number: number;
  readonly state: State;
}

interface Pending {
  readonly from: State;
  readonly to: State;
  readonly timer: ReturnType<typeof setTimeout> | null;
}

const UNDO_MS = 5000;

export class Moves {
  readonly #pending = new SvelteMap<string, Pending>();
  readonly #shopId: string;
  readonly #changed: () => Promise<void>;

  constructor(shopId: string, changed: () => Promise<void>) {
    this.#shopId = shopId;
    this.#changed = changed;
  }

  /** Where the order is shown: where it is, or where it is about to go. */
  stateOf({ id, state }: Pick<Movable, 'id' | 'state'>): State {
    const pending = this.#pending.get(id);
    return pending?.from === state ? pending.to : state;
  }

  isPending({ id, state }: Pick<Movable, 'id' | 'state'>): boolean {
    return this.#pending.get(id)?.from === state;
  }

  move(order: Movable, to: State): void {
    if (this.isPending(order)) return;
    const timer = setTimeout(() => void this.#send(order.id), UNDO_MS);
    this.#pending.set(order.id, { from: order.state, to, timer });
    toast(t.manage.movedTo(order.number, t.manage.states[to]), {
      undo: () => this.#undo(order.id),
    });
  }

  /** Send what waits: the seller goes elsewhere. */
  flush(): void {
    for (const [id, { timer }] of this.#pending) if (timer !== null) void this.#send(id);
  }

  #undo(id: string): void {
    const pending = this.#pending.get(id);
    // What was sent cannot be taken back.
    if (!pending || pending.timer === null) return;
    clearTimeout(pending.timer);
    this.#pending.delete(id);
  }

  async #send(id: string): Promise<void> {
    const pending = this.#pending.get(id);
    if (!pending || pending.timer === null) return;
    clearTimeout(pending.timer);
    const sent = { ...pending, timer: null };
    this.#pending.set(id, sent);
    try {
      await moveOrder(this.#shopId, id, pending.to);
      await this.#changed();
      this.#settle(id, sent);
    } catch (problem) {
      if (problem instanceof Problem && problem.isPassing) {
        // It is written down and goes out with the next connection; until then it is shown as done.
        await engine().outbox.add({
          id: uuid7(),
          lane: `order ${id}`,
          path: `/v1/orders/${id}/moves`,
          body: { to: pending.to },
          actingFor: this.#shopId,
        });
        return;
      }
      this.#settle(id, sent);
      toast(sayProblem(problem), { tone: 'wrong' });
      await this.#changed();
    }
  }

  /** What was sent is over, unless the order was taken further in the meantime: that still waits. */
  #settle(id: string, sent: Pending): void {
    if (this.#pending.get(id) === sent) this.#pending.delete(id);
  }
}
