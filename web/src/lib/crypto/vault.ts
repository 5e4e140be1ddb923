/**
 * What a device keeps beside the library's own store: the key of that store, wrapped by one that cannot be taken out
 * of the browser, and what the rules of this room have to remember.
 */

import type { DBSchema, IDBPDatabase } from 'idb';
import { deleteDB, openDB } from 'idb';
import type { Bytes } from './bytes.ts';
import { fromUtf8, random, utf8 } from './bytes.ts';
import type { KnownLists } from './lists.ts';

interface Wrapped {
  readonly iv: Bytes;
  readonly bytes: ArrayBuffer;
}

/** What is known of a conversation, whatever the server says later. */
export interface Known {
  /** Of a direct one: who is in it. */
  readonly pair?: readonly string[];
  readonly lists?: KnownLists;
  /** From the first entry on that came with a key proven by its sender, every later one has to. */
  readonly provenFrom?: number;
  /** How often devices of its people had gone when the key in use was made. */
  readonly cuts?: number;
}

interface Facts {
  /** Up to where device messages were handled. */
  n: number;
  /** When this device began, by the server's clock. */
  bornAt: number;
  recoveryKey: Wrapped;
  /** The state of the backup that was restored last. */
  restored: string;
  /** An upload of identity keys that waits for its confirmation. */
  reset: Wrapped;
}

interface Schema extends DBSchema {
  keys: { key: 'wrapping' | 'recovery'; value: CryptoKey };
  store: { key: 'key'; value: Wrapped };
  facts: { key: string; value: Facts[keyof Facts] };
  /** The `devices_rev` of each user whose answer was processed. */
  revs: { key: string; value: number };
  /** The identity key of each person that was verified. */
  verified: { key: string; value: string };
  conversations: { key: string; value: Known };
  /** Which message stands where: neither ever changes. */
  places: {
    key: [conv: string, seq: number];
    value: { id: string };
    indexes: { id: string };
  };
}

const PLAIN = ['keys', 'store', 'facts', 'revs', 'verified', 'conversations'] as const;

const nameOf = (user: string, device: string): string => `kirana-vault-${user}-${device}`;
const cutsOf = (user: string): string => `cuts:${user}`;
export const storeNameOf = (user: string, device: string): string =>
  `kirana-crypto-${user}-${device}`;

/** `begun`: the identity, the backup and the recovery key are being made here. */
type Secret = 'recoveryKey' | 'reset' | 'begun';

export class Vault {
  readonly #db: IDBPDatabase<Schema>;
  readonly #wrapping: CryptoKey;
  /** For the library's store. */
  readonly storeKey: Bytes;

  private constructor(db: IDBPDatabase<Schema>, wrapping: CryptoKey, storeKey: Bytes) {
    this.#db = db;
    this.#wrapping = wrapping;
    this.storeKey = storeKey;
  }

  static async open(user: string, device: string): Promise<Vault> {
    const db = await openDB<Schema>(nameOf(user, device), 1, {
      upgrade(db) {
        for (const name of PLAIN) db.createObjectStore(name);
        db.createObjectStore('places').createIndex('id', 'id');
      },
    });
    const kept = await db.get('keys', 'wrapping');
    const wrapped = await db.get('store', 'key');
    if (kept && wrapped) return new Vault(db, kept, await unwrap(kept, wrapped));
    const wrapping = await makeKey();
    const storeKey = random(32);
    const made = await wrap(wrapping, storeKey);
    const tx = db.transaction(['keys', 'store'], 'readwrite');
    void tx.objectStore('keys').put(wrapping, 'wrapping');
    void tx.objectStore('store').put(made, 'key');
    await tx.done;
    return new Vault(db, wrapping, storeKey);
  }

  close(): void {
    this.#db.close();
  }

  async fact<K extends 'n' | 'bornAt' | 'restored'>(name: K): Promise<Facts[K] | undefined> {
    return (await this.#db.get('facts', name)) as Facts[K] | undefined;
  }

  async setFact<K extends 'n' | 'bornAt' | 'restored'>(name: K, value: Facts[K]): Promise<void> {
    await this.#db.put('facts', value, name);
  }

  /** A secret that this device may show again. */
  async secret(name: Secret): Promise<string | null> {
    const kept = (await this.#db.get('facts', name)) as Wrapped | undefined;
    return kept ? fromUtf8(await unwrap(this.#wrapping, kept)) : null;
  }

  async setSecret(name: Secret, value: string | null): Promise<void> {
    if (value === null) await this.#db.delete('facts', name);
    else await this.#db.put('facts', await wrap(this.#wrapping, utf8(value)), name);
  }

  recoveryCipher(): Promise<CryptoKey | undefined> {
    return this.#db.get('keys', 'recovery');
  }

  async setRecoveryCipher(cipher: CryptoKey): Promise<void> {
    await this.#db.put('keys', cipher, 'recovery');
  }

  async revs(users: Iterable<string>): Promise<Map<string, number>> {
    const tx = this.#db.transaction('revs');
    const found = await Promise.all(
      [...users].map(async (user) => [user, await tx.store.get(user)] as const),
    );
    return new Map(found.filter((one): one is [string, number] => one[1] !== undefined));
  }

  async learnRevs(revs: Readonly<Record<string, number>>): Promise<void> {
    const tx = this.#db.transaction('revs', 'readwrite');
    for (const [user, rev] of Object.entries(revs)) {
      if (rev > ((await tx.store.get(user)) ?? -1)) await tx.store.put(rev, user);
    }
    await tx.done;
  }

  /** How often devices of these people have gone, or may have come and gone unseen. */
  async cuts(users: readonly string[]): Promise<number> {
    const tx = this.#db.transaction('facts');
    const found = await Promise.all(users.map((user) => tx.store.get(cutsOf(user))));
    return found.reduce((sum: number, cuts) => sum + ((cuts as number | undefined) ?? 0), 0);
  }

  async cut(user: string): Promise<void> {
    const tx = this.#db.transaction('facts', 'readwrite');
    const before = ((await tx.store.get(cutsOf(user))) as number | undefined) ?? 0;
    await tx.store.put(before + 1, cutsOf(user));
    await tx.done;
  }

  async verified(): Promise<[user: string, master: string][]> {
    const tx = this.#db.transaction('verified');
    const [users, masters] = await Promise.all([tx.store.getAllKeys(), tx.store.getAll()]);
    return users.map((user, i) => [user, masters[i]!]);
  }

  async setVerified(user: string, master: string | null): Promise<void> {
    if (master === null) await this.#db.delete('verified', user);
    else await this.#db.put('verified', master, user);
  }

  async conversation(conv: string): Promise<Known> {
    return (await this.#db.get('conversations', conv)) ?? {};
  }

  async learn(conv: string, more: Partial<Known>): Promise<void> {
    const tx = this.#db.transaction('conversations', 'readwrite');
    await tx.store.put({ ...(await tx.store.get(conv)), ...more }, conv);
    await tx.done;
  }

  /** False when this message was seen elsewhere, or another one here. */
  async place(conv: string, seq: number, id: string): Promise<boolean> {
    const tx = this.#db.transaction('places', 'readwrite');
    const here = await tx.store.get([conv, seq]);
    const there = await tx.store.index('id').getKey(id);
    const isFree = here === undefined && there === undefined;
    if (isFree) await tx.store.put({ id }, [conv, seq]);
    await tx.done;
    return isFree || (here?.id === id && there?.[0] === conv && there[1] === seq);
  }
}

/** Nobody opens the library's store without it. */
export const lockNameOf = (user: string): string => `kirana-crypto-${user}`;

/** This device has had its keys and was confirmed. Asking makes nothing. */
export async function isSettled(user: string, device: string): Promise<boolean> {
  const there = await indexedDB.databases();
  if (!there.some(({ name }) => name === nameOf(user, device))) return false;
  const vault = await Vault.open(user, device);
  try {
    return (await vault.fact('bornAt')) !== undefined;
  } finally {
    vault.close();
  }
}

/** Everything of this device goes. Nothing may be open. */
export async function forgetVault(user: string, device: string): Promise<void> {
  const store = storeNameOf(user, device);
  const names = [nameOf(user, device), `${store}::matrix-sdk-crypto`];
  names.push(`${store}::matrix-sdk-crypto-meta`);
  await Promise.all(names.map((name) => deleteDB(name)));
}

const makeKey = (): Promise<CryptoKey> =>
  crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);

async function wrap(key: CryptoKey, bytes: Bytes): Promise<Wrapped> {
  const iv = random(12);
  return { iv, bytes: await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, bytes) };
}

async function unwrap(key: CryptoKey, { iv, bytes }: Wrapped): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, bytes));
}
