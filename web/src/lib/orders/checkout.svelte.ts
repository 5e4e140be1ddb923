import { fetchWays, Problem, sayProblem, type Ways, withConfirmation } from '#lib/api/index.ts';
import { t } from '#lib/i18n/index.ts';
import { uuid7 } from '#lib/values/ids.ts';
import type { Money } from '#lib/values/money.ts';
import { fetchLastAddress, fetchOrder, fetchWallet, placeOrder } from './actions.ts';
import type { Basket } from './basket.svelte.ts';
import { type Address, type Order, type Payment, say, type Wallet } from './model.ts';

/** Who buys, as far as it is known. */
export interface Buyer {
  readonly name: string;
  readonly phone: string | null;
}

/** What went wrong, beside what it is about. */
interface Trouble {
  readonly about: 'street' | 'name' | 'phone' | 'order';
  readonly text: string;
  /** What was in the cart then: it is no trouble any more when that changes. */
  readonly cart?: string;
}

/**
 * From the cart to the order. The order's id is made when this is: however often the button is tapped, and whatever
 * becomes of the answer, it is placed once.
 */
export class Checkout {
  readonly basket: Basket;
  readonly shopName: string;
  #id = uuid7();
  #hasAnswered = true;

  payment = $state<Payment>('wallet');
  name = $state('');
  phone = $state('');
  note = $state('');
  street = $state('');
  city = $state('');
  postcode = $state('');
  addressNote = $state('');
  wallet = $state.raw<Wallet | null | undefined>(undefined);
  /** How one can pay here; until it is known, as everywhere. */
  ways = $state.raw<Ways | null>(null);
  #trouble = $state.raw<Trouble | null>(null);
  isPlacing = $state(false);
  placed = $state.raw<Order | null>(null);
  #hasChosenPayment = false;

  readonly total: Money = $derived.by(() => this.basket.cart.quote.total);
  readonly hasEnough = $derived.by(
    () => (this.wallet?.available.amount_minor ?? 0) >= this.total.amount_minor,
  );
  /** What the operator has switched on. A card only where it is known to work. */
  readonly offers: readonly Payment[] = $derived.by(() => {
    const { wallet = true, card = false, cash = true } = this.ways ?? {};
    return (['wallet', 'card', 'cash'] as const).filter((way) => ({ wallet, card, cash })[way]);
  });
  readonly trouble: Trouble | null = $derived.by(() => {
    const { cart } = this.#trouble ?? {};
    return cart === undefined || cart === this.#cart ? this.#trouble : null;
  });
  readonly #cart = $derived.by(() => `${this.basket.count} ${this.total.amount_minor}`);
  /** Nothing stands against it but what the person may still fill in. */
  readonly canPlace = $derived.by(
    () => this.basket.isSettled && this.basket.cart.is_ready && !this.isPlacing,
  );

  constructor(basket: Basket, shopName: string, buyer: Buyer) {
    this.basket = basket;
    this.shopName = shopName;
    this.name = buyer.name;
    this.phone = buyer.phone ?? '';
    this.#fill(basket.cart.address);
  }

  /** What is known already: money, and where the last delivery went. */
  async prepare(): Promise<void> {
    await Promise.all([this.readWallet(), this.#readAddress()]);
  }

  /** How much there is to pay with, and how one can pay; the choice follows it until the person chooses. */
  async readWallet(): Promise<void> {
    const { currency } = this.total;
    const [wallet, ways] = await Promise.allSettled([
      fetchWallet(currency),
      fetchWays(currency, { payee: this.basket.shopId }),
    ]);
    this.wallet = wallet.status === 'fulfilled' ? wallet.value : null;
    if (ways.status === 'fulfilled') this.ways = ways.value;
    if (!this.#hasChosenPayment || !this.offers.includes(this.payment)) {
      this.payment = this.#likeliest();
    }
  }

  #likeliest(): Payment {
    const canUse = (way: Payment) => this.offers.includes(way);
    if (canUse('wallet') && this.hasEnough) return 'wallet';
    return (['cash', 'card', 'wallet'] as const).find(canUse) ?? 'cash';
  }

  async #readAddress(): Promise<void> {
    if (this.street !== '' || !this.basket.cart.delivery.has_delivery) return;
    try {
      const address = await fetchLastAddress();
      if (this.street === '') this.#fill(address);
    } catch {
      // Then it is typed.
    }
  }

  pay(payment: Payment): void {
    this.#hasChosenPayment = true;
    this.payment = payment;
    this.#trouble = null;
  }

  async place(): Promise<void> {
    if (!this.canPlace || this.#isIncomplete()) return;
    this.isPlacing = true;
    this.#trouble = null;
    const shown = this.total;
    try {
      await this.#rememberAddress();
      const placing = this.#order(shown);
      const order = await withConfirmation(
        t.orders.confirmPay(say(shown), this.shopName),
        async (confirmation) => {
          this.#hasAnswered = false;
          return placeOrder(placing, confirmation);
        },
      );
      this.#hasAnswered = true;
      if (order) this.#done(order);
      else this.#trouble = { about: 'order', text: t.orders.gaveUp };
    } catch (problem) {
      await this.#refused(problem, shown);
    } finally {
      this.isPlacing = false;
    }
  }

  /** The next order is another one. */
  again(): void {
    this.#renew();
    this.placed = null;
    this.#trouble = null;
    this.note = '';
    void this.readWallet();
  }

  #renew(): void {
    this.#id = uuid7();
    this.#hasAnswered = true;
  }

  #done(order: Order): void {
    this.placed = order;
    this.#renew();
    void this.basket.refresh();
  }

  #isIncomplete(): boolean {
    if (this.basket.method === 'delivery' && this.street.trim() === '') {
      this.#trouble = { about: 'street', text: sayProblem(new Problem('address-needed', 422, '')) };
    } else if (this.name.trim() === '') {
      const facts = { field: 'name' };
      this.#trouble = {
        about: 'name',
        text: sayProblem(new Problem('contact-needed', 422, '', facts)),
      };
    } else return false;
    return true;
  }

  #address(): Address | null {
    const [street, city, postcode, note] = [
      this.street.trim(),
      this.city.trim(),
      this.postcode.trim(),
      this.addressNote.trim(),
    ];
    return street ? { street, city, postcode, note } : null;
  }

  #fill(address: Address | null): void {
    if (!address) return;
    this.street = address.street;
    this.city = address.city ?? '';
    this.postcode = address.postcode ?? '';
    this.addressNote = address.note ?? '';
  }

  /** For the next time, in this shop; an order is not held up by it. */
  async #rememberAddress(): Promise<void> {
    if (this.basket.method !== 'delivery') return;
    const [now, known] = [this.#address(), this.basket.cart.address];
    const isSame = (['street', 'city', 'postcode', 'note'] as const).every(
      (key) => (now?.[key] ?? '') === (known?.[key] ?? ''),
    );
    if (!isSame) await this.basket.choose('delivery', now);
  }

  #order(shown: Money) {
    const lines = this.basket.cart.lines;
    return {
      id: this.#id,
      business_id: this.basket.shopId,
      quantities: Object.fromEntries(lines.map((line) => [line.variant_id, line.quantity])),
      method: this.basket.method,
      payment: this.payment,
      contact: { name: this.name.trim(), phone: this.phone.trim() || null },
      address: this.basket.method === 'delivery' ? this.#address() : null,
      note: this.note.trim(),
      shown_total: shown,
    };
  }

  async #refused(problem: unknown, shown: Money): Promise<void> {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.isPassing) {
      this.#trouble = { about: 'order', text: t.orders.unsure };
      return;
    }
    if (problem.slug === 'id-reused' && !this.#hasAnswered) {
      // An earlier try went through, and only its answer was lost.
      this.#done(await fetchOrder(this.#id));
      return;
    }
    // A refusal about money uses up the id, and after any refusal nothing was ordered.
    this.#renew();
    await this.basket.refresh();
    this.#trouble = { ...this.#troubleOf(problem, shown), cart: this.#cart };
    if (problem.slug === 'insufficient-funds') void this.readWallet();
  }

  #troubleOf(problem: Problem, shown: Money): Trouble {
    const { slug, facts } = problem;
    if (slug === 'price-changed') {
      const now = facts.total as Money;
      return { about: 'order', text: t.orders.priceChanged(say(shown), say(now)) };
    }
    if (slug === 'out-of-stock') return { about: 'order', text: t.orders.outOfStock };
    if (slug === 'address-needed') return { about: 'street', text: sayProblem(problem) };
    if (slug === 'contact-needed') {
      return { about: facts.field === 'name' ? 'name' : 'phone', text: sayProblem(problem) };
    }
    return { about: 'order', text: sayProblem(problem) };
  }
}
