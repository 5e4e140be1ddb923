/** The crypto of the person who is signed in: started by the shell, with the engine. */

import { SvelteMap } from 'svelte/reactivity';
import { Problem } from '#lib/api/problem.ts';
import { engine } from '#lib/sync/index.ts';
import type { Door } from './door.ts';
import { forgetKinds } from './kinds.ts';
import type { Crypto, Person, Status, Verification } from './model.ts';
import { Sealer } from './sealer.ts';
import { forgetVault } from './vault.ts';

/** What screens show of it. */
class Keys {
  /** Null until it is known, which may take a while after the start. */
  status = $state.raw<Status | null>(null);
  /**
   * Why there is none: the page was not loaded over a safe connection, the browser has deleted what was kept, or it
   * cannot do it.
   */
  failure = $state<'insecure' | 'lost' | 'broken' | null>(null);
  /** Comparisons under way and those that ended and were not put away, by id. */
  readonly comparisons = new SvelteMap<string, Verification>();
  /** People who were looked at or whose identity changed, by id. */
  readonly people = new SvelteMap<string, Person>();
  /** Rises when somebody's devices changed. */
  devicesChanged = $state(0);

  #door: Door | null = null;

  get crypto(): Crypto {
    if (!this.#door) throw new Problem('keys-not-ready', 0, 'The keys are not ready yet.');
    return this.#door.crypto;
  }

  get isReady(): boolean {
    return this.status !== null;
  }

  /** Who somebody is by their keys, from now on kept up to date in `people`. */
  async look(user: string): Promise<void> {
    this.people.set(user, await this.crypto.person(user));
  }

  /** Learns whose keys are others than before, as far as that is known here. */
  async notice(users: readonly string[]): Promise<void> {
    for (const person of await this.crypto.changed(users)) this.people.set(person.user, person);
  }

  /** Asks a person, one of our own devices, or all of our own, to compare. */
  async compare(user: string, device?: string): Promise<Verification> {
    const asked = await this.crypto.verify({ user, device });
    if (!this.comparisons.has(asked.id)) this.comparisons.set(asked.id, asked);
    return asked;
  }

  /** When we compared with somebody on this device, in ms. */
  verifiedAt(user: string): number | null {
    return Number(localStorage.getItem(verifiedKey(user))) || null;
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
    door.on('status', (status) => {
      this.status = status;
      running.notebook?.hurry();
    });
    door.on('keys', ({ convs }) => running.tellKeys(convs));
    door.on('devices', ({ users }) => {
      running.outbox.hurry();
      this.devicesChanged += 1;
      for (const user of users) if (this.people.has(user)) void this.look(user).catch(noMatter);
    });
    door.on('person', (person) => this.people.set(person.user, person));
    door.on('verification', (one) => this.#compared(one));
    door.on('restarted', () => this.comparisons.clear());
    try {
      this.status = await begun(door.crypto);
      running.plug(new Sealer(door.crypto));
      running.notebook?.plug({
        seal: (text) => door.crypto.sealNotebook(text),
        open: (ciphertext) => door.crypto.openNotebook(ciphertext),
      });
      for (const one of await door.crypto.verifications()) this.#compared(one);
      await door.crypto.pull();
      running.tellKeys(null);
    } catch (error) {
      if (this.#door !== door) return; // Somebody signed in or out in the meantime.
      if (error instanceof Problem && error.isShutOut) return; // This page is left.
      if (error instanceof Problem && error.isPassing) this.#later(door);
      else {
        const isLost = error instanceof Problem && error.slug === 'store-lost';
        if (!isLost) console.error(error);
        this.failure = isLost ? 'lost' : 'broken';
      }
    }
  }

  stop(): void {
    this.#door?.close();
    this.#door = null;
    this.status = null;
    this.failure = null;
    this.comparisons.clear();
    this.people.clear();
  }

  /** At signing out: no key stays on this device. */
  async forget(): Promise<void> {
    const door = this.#door;
    this.stop();
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(VERIFIED)) localStorage.removeItem(key);
    }
    if (door) await Promise.all([forgetVault(door.user, door.device), forgetKinds(door.user)]);
  }

  #compared(one: Verification): void {
    this.comparisons.set(one.id, one);
    if (one.phase !== 'done') return;
    this.devicesChanged += 1;
    if (!one.isOwn) localStorage.setItem(verifiedKey(one.user), String(Date.now()));
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

/** A beginning that was cut off, by leaving the page for example, goes on here. */
async function begun(crypto: Crypto): Promise<Status> {
  try {
    return await crypto.begin();
  } catch (error) {
    if (!(error instanceof Problem) || error.slug !== 'identity-exists') throw error;
    return crypto.status();
  }
}

const VERIFIED = 'kirana.verified.';
const verifiedKey = (user: string): string => VERIFIED + user;

/** It is asked again when somebody looks. */
const noMatter = (): void => undefined;

export const keys = new Keys();
