/**
 * One act with money, from the first tap to its receipt.
 *
 * The id is made when the sheet opens. It stays while we do not know what became of it, so that trying again never
 * pays twice; a refusal that is final takes a new one, because the server remembers what it refused.
 */

import { Problem, sayProblem, withConfirmation } from '#lib/api/index.ts';
import { t } from '#lib/i18n/index.ts';
import { uuid7 } from '#lib/values/ids.ts';

type Send<T> = (id: string, confirmation?: string) => Promise<T>;

export class Payment<T> {
  #id = uuid7();
  #last: { readonly text: string; readonly send: Send<T> } | null = null;
  state = $state<'ready' | 'busy' | 'unsure' | 'done'>('ready');
  error = $state<string | null>(null);
  result = $state.raw<T | null>(null);

  get id(): string {
    return this.#id;
  }

  /** `text` is what the confirmation says: "Send ₹250 to Ravi". A second tap meanwhile does nothing. */
  async run(text: string, send: Send<T>): Promise<T | null> {
    if (this.state === 'busy' || this.state === 'done') return null;
    // While the outcome is open, only the very same act may be tried again.
    const act = this.state === 'unsure' && this.#last ? this.#last : { text, send };
    this.#last = act;
    this.state = 'busy';
    this.error = null;
    let wasSent = false;
    try {
      const id = this.#id;
      const result = await withConfirmation(act.text, (confirmation) => {
        wasSent = navigator.onLine;
        return act.send(id, confirmation);
      });
      if (result === null) {
        this.state = 'ready';
        return null;
      }
      this.result = result;
      this.state = 'done';
      return result;
    } catch (error) {
      this.#failed(error, wasSent);
      return null;
    }
  }

  #failed(error: unknown, wasSent: boolean): void {
    const isOpen = !(error instanceof Problem) || error.isPassing;
    if (isOpen && error instanceof Problem && error.status === 429) {
      this.state = 'ready';
      this.error = sayProblem(error);
    } else if (isOpen && wasSent) {
      this.state = 'unsure';
      this.error = t.money.unsure;
    } else if (isOpen) {
      this.state = 'ready';
      this.error = t.money.needsConnection;
    } else {
      this.#id = uuid7();
      this.state = 'ready';
      this.error = sayProblem(error);
    }
  }
}
