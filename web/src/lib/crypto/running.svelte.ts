/** The crypto of the person who is signed in: started by the shell, with the engine. */

import { SvelteMap } from 'svelte/reactivity';
import { Problem } from '#lib/api/problem.ts';
import { engine } from '#lib/sync/index.ts';
import type { Door } from './door.ts';
import { forgetKinds } from './kinds.ts';
import type { Crypto, Status, Verification } from './model.ts';
import { Sealer } from './sealer.ts';
import { forgetVault } from './vault.ts';

/** What screens show of it. */
class Keys {
  /** Null until it is known, which may take a while after the start. */
  status = $state.raw<Status | null>(null);
  /** Why there is none: the page was not loaded over a safe connection, or the browser cannot do it. */
  failure = $state<'insecure' | 'broken' | null>(null);
  /** Comparisons under way, by id. */
  readonly comparisons = new SvelteMap<string, Verification>();

  #door: Door | null = null;

  get crypto(): Crypto {
    if (!this.#door) throw new Problem('keys-not-ready', 0, 'The keys are not ready yet.');
    return this.#door.crypto;
  }

  get isReady(): boolean {
    return this.status !== null;
  }

  /** Makes the identity of a new person by itself; a further device waits to be confirmed. */
  async start(door: Door): Promise<void> {
    if (this.#door) return;
    if (!globalThis.isSecureContext) {
      this.failure = 'insecure';
      return;
    }
    this.#door = door;
    const running = engine();
    void running.leads.then(() => door.lead());
    door.on('status', (status) => (this.status = status));
    door.on('keys', ({ convs }) => running.tellKeys(convs));
    door.on('devices', () => running.outbox.hurry());
    door.on('verification', (one) => this.comparisons.set(one.id, one));
    door.on('restarted', () => this.comparisons.clear());
    try {
      const found = await door.crypto.status();
      this.status = found.device === 'new' ? await door.crypto.begin() : found;
      running.plug(new Sealer(door));
      await door.crypto.pull();
      running.tellKeys(null);
    } catch (error) {
      if (error instanceof Problem && error.isPassing) this.#later(door);
      else {
        console.error(error);
        this.failure = 'broken';
      }
    }
  }

  stop(): void {
    this.#door?.close();
    this.#door = null;
    this.status = null;
    this.failure = null;
    this.comparisons.clear();
  }

  /** At signing out: no key stays on this device. */
  async forget(): Promise<void> {
    const door = this.#door;
    this.stop();
    if (door) await Promise.all([forgetVault(door.user, door.device), forgetKinds(door.user)]);
  }

  /** Without a connection there may be nobody to tell where one stands. */
  #later(door: Door): void {
    this.#door = null;
    const again = () => {
      removeEventListener('online', again);
      clearTimeout(timer);
      if (this.#door === null) void this.start(door);
    };
    const timer = setTimeout(again, 20_000);
    addEventListener('online', again);
  }
}

export const keys = new Keys();
