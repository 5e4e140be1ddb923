import { Problem, sayProblem } from '#lib/api/index.ts';
import { toast } from '#lib/ui/toasts.svelte.ts';
import { fetchCart, setLine, setMethod } from './actions.ts';
import {
  type Address,
  type BasketLine,
  type Cart,
  countOf,
  type Item,
  type Method,
  NO_WISHES,
  sumOf,
  type Wish,
  withoutAnswered,
  withWish,
  withWishes,
} from './model.ts';

const RETRY_MS = 3000;

/**
 * What the buyer has in hand in one shop. Taps show at once as wishes; they are sent one after the other, the latest
 * quantity of each thing only, and kept while there is no connection.
 */
export class Basket {
  readonly shopId: string;
  readonly currency: string;
  cart = $state.raw() as Cart;
  #wishes = $state.raw(NO_WISHES);
  #method = $state<Method | null>(null);
  #isSending = false;
  #retry: ReturnType<typeof setTimeout> | undefined;

  readonly lines: readonly BasketLine[] = $derived.by(() => withWishes(this.cart, this.#wishes));
  readonly count = $derived(countOf(this.lines));
  readonly sum = $derived.by(() => sumOf(this.lines, this.currency));
  readonly method: Method = $derived.by(() => this.#method ?? this.cart.method);
  /** The server has heard of everything, so its total is that of what is shown. */
  readonly isSettled = $derived.by(() => this.#wishes.size === 0 && this.#method === null);
  isOffline = $state(false);
  /** The line that was taken out last: it can come back. */
  removed = $state.raw<BasketLine | null>(null);
  /** What was refused last. Said in the cart too, for toasts lie under its sheet. */
  refusal = $state<string | null>(null);

  constructor(cart: Cart) {
    this.shopId = cart.business_id;
    this.currency = cart.quote.total.currency;
    this.cart = cart;
  }

  quantityOf(variantId: string): number {
    return this.lines.find((line) => line.variant_id === variantId)?.quantity ?? 0;
  }

  quantityOfProduct(productId: string): number {
    return countOf(this.lines.filter((line) => line.product_id === productId));
  }

  add(item: Item, quantity = 1): void {
    this.set(item, this.quantityOf(item.variant_id) + quantity);
  }

  takeOut(line: BasketLine): void {
    this.set(line, 0);
    this.removed = line;
  }

  set(item: Item, quantity: number): void {
    this.removed = null;
    this.refusal = null;
    this.#wishes = withWish(this.#wishes, item, quantity);
    void this.#send();
  }

  async choose(method: Method, address: Address | null = this.cart.address): Promise<void> {
    this.#method = method;
    try {
      this.cart = await setMethod(this.shopId, method, address);
    } catch (problem) {
      this.#say(problem);
    } finally {
      this.#method = null;
    }
  }

  /** Something changed elsewhere: another device, the shop's prices. */
  async refresh(): Promise<void> {
    if (!this.isSettled) return;
    try {
      const cart = await fetchCart(this.shopId);
      if (this.isSettled) this.cart = cart;
    } catch (problem) {
      if (!(problem instanceof Problem && problem.isPassing)) throw problem;
    }
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    clearTimeout(this.#retry);
    try {
      for (;;) {
        const next = [...this.#wishes].at(0);
        if (!next) break;
        const [variantId, wish] = next;
        try {
          const cart = await setLine(this.shopId, variantId, wish.quantity);
          this.#wishes = withoutAnswered(this.#wishes, variantId, wish);
          this.cart = cart;
          this.isOffline = false;
        } catch (problem) {
          if (problem instanceof Problem && problem.isPassing) {
            this.isOffline = problem.slug === 'offline';
            this.#retry = setTimeout(() => void this.#send(), problem.retryAfterMs ?? RETRY_MS);
            return;
          }
          await this.#refused(variantId, wish, problem);
        }
      }
    } finally {
      this.#isSending = false;
    }
  }

  /** Fewer are left than were tapped: take those that there are, and say so. */
  async #refused(variantId: string, wish: Wish, problem: unknown): Promise<void> {
    const left = problem instanceof Problem ? problem.facts.available : undefined;
    this.#wishes = withoutAnswered(this.#wishes, variantId, wish);
    this.#say(problem);
    if (typeof left === 'number' && left > 0 && left < wish.quantity) {
      if (!this.#wishes.has(variantId)) {
        this.#wishes = withWish(this.#wishes, wish.item, left);
      }
      return;
    }
    try {
      this.cart = await fetchCart(this.shopId);
    } catch {
      // What is shown is what was known before.
    }
  }

  #say(problem: unknown): void {
    this.refusal = sayProblem(problem);
    toast(this.refusal, { tone: 'wrong' });
  }
}
