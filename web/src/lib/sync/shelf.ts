/**
 * What was opened on this device, sealed again: so that a private conversation is there at once, without a connection
 * and without the crypto, and can be searched. Words lie here only under a key that no script can take out; what
 * stands beside them (ids, times, numbers) the server knows as well.
 */

import type { DBSchema, IDBPDatabase } from 'idb';
import { deleteDB, openDB } from 'idb';
import type { Entry } from './entries.ts';
import { keysOf, spokenOf, wanted } from './words.ts';

/** A value that only this device can read. */
export interface Locked {
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly bytes: ArrayBuffer;
}

interface Row {
  readonly id: string;
  readonly conv?: string;
  /** Of a change of words: whose. */
  readonly about?: string;
  readonly expires_at?: number;
  /** Keyed hashes of its words and their beginnings. */
  readonly words?: readonly number[];
  /** None when it was deleted: then it does not come back, nor does what is about it. */
  readonly locked?: Locked;
  /** It was opened for the one time that it may be. */
  readonly isSpent?: true;
}

interface Schema extends DBSchema {
  keys: { key: 'lock' | 'words'; value: CryptoKey };
  rows: {
    key: string;
    value: Row;
    indexes: { words: number; about: string; conv: string; expires_at: number };
  };
}

type Kept = Pick<Entry, 'conv' | 'seq' | 'id' | 'from' | 'ts' | 'body' | 'seal'>;

/** A message that holds what was looked for, as it reads now. */
export interface Hit {
  readonly message: Entry;
  readonly about: readonly Entry[];
}

const nameOf = (userId: string): string => `kirana-shelf-${userId}`;
const EVICTED_AT_ONCE = 500;
const EVICTIONS = 20;
const HASHES_KEPT = 20_000;
const utf8 = new TextEncoder();

export class Shelf {
  readonly #db: IDBPDatabase<Schema>;
  readonly #lock: CryptoKey;
  readonly #hashing: CryptoKey;
  readonly #hashes = new Map<string, Promise<number>>();
  #work: Promise<unknown> = Promise.resolve();

  private constructor(db: IDBPDatabase<Schema>, lock: CryptoKey, hashing: CryptoKey) {
    this.#db = db;
    this.#lock = lock;
    this.#hashing = hashing;
  }

  /** Null where a browser gives no cryptography: there is no private conversation either. */
  static async open(userId: string): Promise<Shelf | null> {
    // Without https there is none, whatever the types say.
    if (!('subtle' in crypto)) return null;
    const db: IDBPDatabase<Schema> = await openDB<Schema>(nameOf(userId), 1, {
      upgrade(db) {
        db.createObjectStore('keys');
        const rows = db.createObjectStore('rows', { keyPath: 'id' });
        rows.createIndex('words', 'words', { multiEntry: true });
        rows.createIndex('about', 'about');
        rows.createIndex('conv', 'conv');
        rows.createIndex('expires_at', 'expires_at');
      },
      // Another tab signs out: nothing here keeps what was read.
      blocking: () => db.close(),
    });
    const [lock, hashing] = await Promise.all([
      crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']),
      crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']),
    ]);
    const tx = db.transaction('keys', 'readwrite');
    // Two tabs may be first at once; one pair stays.
    if ((await tx.store.count()) === 0) {
      void tx.store.put(lock, 'lock');
      void tx.store.put(hashing, 'words');
    }
    const kept = await Promise.all([tx.store.get('lock'), tx.store.get('words')]);
    await tx.done;
    return new Shelf(db, kept[0] ?? lock, kept[1] ?? hashing);
  }

  close(): void {
    this.#db.close();
  }

  /** Everything that was asked for before is done. */
  settled(): Promise<unknown> {
    return this.#work;
  }

  /** The copies of these that were opened before, by id. One that stands elsewhere, or is by another, is no copy. */
  async recall(entries: readonly Entry[]): Promise<ReadonlyMap<string, Entry>> {
    const tx = this.#db.transaction('rows');
    const rows = await Promise.all(entries.map(({ id }) => tx.store.get(id)));
    const now = Date.now();
    const found = await Promise.all(
      entries.map(async (entry, n): Promise<[string, Entry] | null> => {
        const row = rows[n];
        if (!row?.locked || (row.expires_at ?? Infinity) <= now) return null;
        const kept = await this.unlock<Kept>(row.id, row.locked).catch(() => null);
        if (!kept) return null;
        const { conv, seq, from, body, seal } = kept;
        const isSame = conv === entry.conv && seq === entry.seq && from === entry.from;
        return isSame ? [entry.id, { ...entry, body, seal }] : null;
      }),
    );
    return new Map(found.filter((one) => one !== null));
  }

  /** Which of these do not come back; true for those that were opened for the one time that they may be. */
  async gone(ids: readonly string[]): Promise<ReadonlyMap<string, boolean>> {
    const tx = this.#db.transaction('rows');
    const rows = await Promise.all(ids.map((id) => tx.store.get(id)));
    return new Map(
      rows.flatMap((row) => (row && !row.locked ? [[row.id, row.isSpent === true] as const] : [])),
    );
  }

  /** Keeps what was opened. When the device is full the oldest goes for it. */
  keep(entries: readonly Entry[]): Promise<void> {
    return this.#after(async () => {
      const open = entries.filter(
        ({ body, seal, hidden, expires_at = Infinity }) =>
          isKnown(body) && seal?.state === 'open' && !hidden && expires_at > Date.now(),
      );
      if (open.length === 0) return;
      const rows = await Promise.all(open.map((entry) => this.#rowOf(entry)));
      for (let tries = 0; ; tries++) {
        try {
          return await this.#put(rows);
        } catch (error) {
          if (!isFull(error) || tries === EVICTIONS) throw error;
          if ((await this.evict()) === 0) return;
        }
      }
    });
  }

  /** Deleted, for all or for oneself: it goes, with what was said about it, and does not come back. */
  forget(ids: readonly string[], mark: Pick<Row, 'isSpent'> = {}): Promise<void> {
    return this.#after(async () => {
      if (ids.length === 0) return;
      const tx = this.#db.transaction('rows', 'readwrite');
      for (const id of ids) {
        await tx.store.put({ id, ...mark });
        await dropAbout(tx.store, id);
      }
      await tx.done;
    });
  }

  /** What has disappeared by now. */
  sweep(now: number): Promise<void> {
    return this.#after(async () => {
      const tx = this.#db.transaction('rows', 'readwrite');
      const over = await tx.store.index('expires_at').getAllKeys(IDBKeyRange.upperBound(now));
      for (const id of over) {
        await tx.store.put({ id });
        await dropAbout(tx.store, id);
      }
      await tx.done;
    });
  }

  /** One is no longer in this conversation. */
  leave(conv: string): Promise<void> {
    return this.#after(async () => {
      const tx = this.#db.transaction('rows', 'readwrite');
      const its = await tx.store.index('conv').getAllKeys(conv);
      await Promise.all(its.map((id) => tx.store.delete(id)));
      await tx.done;
    });
  }

  /** Makes room: the oldest go. Answers how many went. */
  async evict(): Promise<number> {
    const oldest = await this.#db.getAllKeys('rows', null, EVICTED_AT_ONCE);
    const tx = this.#db.transaction('rows', 'readwrite');
    await Promise.all(oldest.map((id) => tx.store.delete(id)));
    await tx.done;
    return oldest.length;
  }

  clear(): Promise<void> {
    return this.#after(() => this.#db.clear('rows'));
  }

  /** The message as it reads now; `gone` when it was deleted or has disappeared, null when it was never opened here. */
  async look(id: string): Promise<Hit | 'gone' | null> {
    const row = await this.#db.get('rows', id);
    if (!row) return null;
    return (await this.#hitOf(id, Date.now())) ?? 'gone';
  }

  /** Messages that hold these words as they read now, the newest first. */
  async find(words: string, limit: number): Promise<readonly Hit[]> {
    const asked = wanted(words);
    if (!asked) return [];
    const hashes = await Promise.all(asked.keys.map((key) => this.#hash(key)));
    const counts = await Promise.all(
      hashes.map((hash) => this.#db.countFromIndex('rows', 'words', hash)),
    );
    const rarest = hashes[counts.indexOf(Math.min(...counts))]!;
    const ids = await this.#db.getAllKeysFromIndex('rows', 'words', rarest);
    const hits = new Map<string, Hit>();
    const now = Date.now();
    for (const id of ids.reverse()) {
      const hit = await this.#hitOf(id, now);
      if (hit && asked.isIn(spokenOf(currentOf(hit)))) hits.set(hit.message.id, hit);
      if (hits.size === limit) break;
    }
    return [...hits.values()].sort((a, b) => b.message.ts - a.message.ts);
  }

  /** When the oldest message was written that is kept here. */
  async since(): Promise<number | null> {
    let cursor = await this.#db.transaction('rows').store.openCursor();
    while (cursor && !cursor.value.locked) cursor = await cursor.continue();
    if (!cursor?.value.locked) return null;
    return (await this.unlock<Kept>(cursor.value.id, cursor.value.locked)).ts;
  }

  async lock(name: string, value: unknown): Promise<Locked> {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const how = { name: 'AES-GCM', iv, additionalData: utf8.encode(name) };
    return {
      iv,
      bytes: await crypto.subtle.encrypt(how, this.#lock, utf8.encode(JSON.stringify(value))),
    };
  }

  async unlock<T>(name: string, { iv, bytes }: Locked): Promise<T> {
    const how = { name: 'AES-GCM', iv, additionalData: utf8.encode(name) };
    return JSON.parse(
      new TextDecoder().decode(await crypto.subtle.decrypt(how, this.#lock, bytes)),
    ) as T;
  }

  async #hitOf(id: string, now: number): Promise<Hit | null> {
    const found = await this.#db.get('rows', id);
    const row = found?.about === undefined ? found : await this.#db.get('rows', found.about);
    if (!row?.locked || (row.expires_at ?? Infinity) <= now) return null;
    const about = await this.#db.getAllFromIndex('rows', 'about', row.id);
    const message = await this.#entryOf(row.id, row.locked);
    const changes = about.flatMap(({ id, locked }) => (locked ? [this.#entryOf(id, locked)] : []));
    return { message, about: await Promise.all(changes) };
  }

  async #entryOf(id: string, locked: Locked): Promise<Entry> {
    return { k: 'message', ...(await this.unlock<Kept>(id, locked)) };
  }

  async #rowOf(entry: Entry): Promise<Row> {
    const { conv, seq, id, from, ts, body, seal, expires_at } = entry;
    const kept: Kept = { conv, seq, id, from, ts, body, seal };
    const content = body && 'type' in body && body.type !== 'settings' ? body : null;
    const isEdit = content?.type === 'edit';
    const words = [...keysOf(spokenOf(isEdit ? content.content : content))];
    return {
      id,
      conv,
      ...(isEdit && { about: content.target_id }),
      ...(expires_at !== undefined && { expires_at }),
      words: await Promise.all(words.map((word) => this.#hash(word))),
      locked: await this.lock(id, kept),
    };
  }

  async #put(rows: readonly Row[]): Promise<void> {
    const tx = this.#db.transaction('rows', 'readwrite');
    try {
      for (const row of rows) {
        const known = await tx.store.get(row.id);
        const target = row.about === undefined ? undefined : await tx.store.get(row.about);
        const isGone = [known, target].some((one) => one && !one.locked);
        if (!isGone) await tx.store.put(row);
      }
    } catch (error) {
      tx.done.catch(() => undefined);
      throw error;
    }
    await tx.done;
  }

  /** 48 bits: two words that share one are told apart by the text. */
  #hash(word: string): Promise<number> {
    const known = this.#hashes.get(word);
    if (known) return known;
    if (this.#hashes.size >= HASHES_KEPT) this.#hashes.clear();
    const made = crypto.subtle
      .sign('HMAC', this.#hashing, utf8.encode(word))
      .then((bytes) => Number(new DataView(bytes).getBigUint64(0) >> 16n));
    this.#hashes.set(word, made);
    return made;
  }

  /** One after another, so that what was deleted cannot be put back by what came before. */
  #after(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    return done;
  }
}

export const forgetShelf = (userId: string): Promise<void> => deleteDB(nameOf(userId));

/** What this app does not know is opened anew: the next one may. */
const isKnown = (body: Entry['body']): boolean =>
  body !== undefined && !('type' in body && body.type === 'unknown');

export const isFull = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'QuotaExceededError';

interface Rows {
  readonly delete: (id: string) => Promise<void>;
  readonly index: (name: 'about') => { getAllKeys: (id: string) => Promise<string[]> };
}

async function dropAbout(rows: Rows, id: string): Promise<void> {
  for (const about of await rows.index('about').getAllKeys(id)) await rows.delete(about);
}

/** The words of a message after the last change of them that its sender made. */
function currentOf({ message, about }: Hit): Entry['body'] {
  const last = about
    .filter(({ conv, from }) => conv === message.conv && from === message.from)
    .sort((a, b) => a.seq - b.seq)
    .at(-1)?.body;
  return last && 'type' in last && last.type === 'edit' ? last.content : message.body;
}
