/** What one person's device keeps: how far each stream was followed, entries for reading offline, the outbox. */

import type { DBSchema, IDBPDatabase } from 'idb';
import { deleteDB, openDB } from 'idb';
import type { Entry, Ruling } from './entries.ts';
import type { KeptSending } from './outbox.ts';
import { forgetNotebook } from './notebook.svelte.ts';
import { forgetShelf } from './shelf.ts';

interface Schema extends DBSchema {
  /** By stream: the user's own id, or a shop's. */
  cursors: { key: string; value: number };
  entries: {
    key: [stream: string, conv: string, seq: number];
    value: Entry;
    indexes: { id: string; expires_at: number };
  };
  outbox: { key: number; value: KeptSending; indexes: { id: string } };
  /** The hash of each fact that was seen, by its id; the server's key for them as `key`. */
  facts: { key: string; value: string };
  /** By conversation: the newest that were opened here, sealed as they came. */
  rulings: { key: string; value: Ruling };
}

export type Database = IDBPDatabase<Schema>;

export const openDatabase = (userId: string): Promise<Database> =>
  openDB<Schema>(nameOf(userId), 4, {
    upgrade(db, before, _, tx) {
      if (before < 1) {
        db.createObjectStore('cursors');
        db.createObjectStore('entries');
        const outbox = db.createObjectStore('outbox', { keyPath: 'n', autoIncrement: true });
        outbox.createIndex('id', 'id');
      }
      if (before < 2) {
        const entries = tx.objectStore('entries');
        entries.createIndex('id', 'id');
        entries.createIndex('expires_at', 'expires_at');
      }
      if (before < 3) db.createObjectStore('facts');
      db.createObjectStore('rulings');
    },
  });

export async function deleteDatabase(userId: string): Promise<void> {
  await Promise.all([deleteDB(nameOf(userId)), forgetShelf(userId), forgetNotebook(userId)]);
}

const nameOf = (userId: string): string => `kirana-${userId}`;

/**
 * Keeps entries and the position after them together, so that a position never promises what is not there. History
 * has no position.
 */
export async function keep(
  db: Database,
  stream: string,
  entries: readonly Entry[],
  pos: number | null,
): Promise<void> {
  const tx = db.transaction(['cursors', 'entries'], 'readwrite');
  const kept = tx.objectStore('entries');
  for (const entry of entries) void kept.put(asReceived(entry), [stream, entry.conv, entry.seq]);
  if (pos !== null) {
    const cursors = tx.objectStore('cursors');
    // Another tab may be further; it has kept everything up to there.
    if (pos > ((await cursors.get(stream)) ?? -1)) void cursors.put(pos, stream);
  }
  await tx.done;
}

/** What came sealed is kept sealed. */
const asReceived = (entry: Entry): Entry =>
  entry.ct === undefined ? entry : { ...entry, body: undefined, seal: undefined };

/**
 * Entries of a conversation that are on this device, in order: of the last `limit` numbers before `before`, or
 * of the first after `after`.
 */
export async function keptEntries(
  db: Database,
  stream: string,
  conv: string,
  { limit, before, after }: { limit: number; before?: number; after?: number },
): Promise<Entry[]> {
  const kept = db.transaction('entries').store;
  let first = (after ?? NaN) + 1;
  if (after === undefined) {
    const all = IDBKeyRange.bound(
      [stream, conv, 0],
      [stream, conv, before ?? Number.MAX_SAFE_INTEGER],
      false,
      true,
    );
    const last = await kept.openKeyCursor(all, 'prev');
    if (!last) return [];
    first = last.key[2] - limit + 1;
  }
  return kept.getAll(
    IDBKeyRange.bound([stream, conv, Math.max(0, first)], [stream, conv, first + limit - 1]),
  );
}

/** The number of a message, if it is on this device. */
export async function placeOf(db: Database, conv: string, id: string): Promise<number | null> {
  const all = await db.getAllFromIndex('entries', 'id', id);
  return all.find((entry) => entry.conv === conv)?.seq ?? null;
}

/** Takes the content from these: they were deleted, for all or for oneself. Their numbers stay. */
export async function empty(
  db: Database,
  ids: readonly string[],
  mark: Pick<Entry, 'hidden' | 'spent'>,
): Promise<void> {
  const tx = db.transaction('entries', 'readwrite');
  for (const id of ids) {
    let cursor = await tx.store.index('id').openCursor(id);
    while (cursor) {
      await cursor.update({ ...cursor.value, ...mark, body: undefined, ct: undefined });
      cursor = await cursor.continue();
    }
  }
  await tx.done;
}

/** Takes the content from what disappeared between these two moments. */
export async function emptyExpired(db: Database, from: number, to: number): Promise<void> {
  const tx = db.transaction('entries', 'readwrite');
  let cursor = await tx.store.index('expires_at').openCursor(IDBKeyRange.bound(from, to));
  while (cursor) {
    await cursor.update({ ...cursor.value, body: undefined, ct: undefined });
    cursor = await cursor.continue();
  }
  await tx.done;
}

/** What of these facts was seen before. */
export async function seenFacts(
  db: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { store } = db.transaction('facts');
  const found = await Promise.all(ids.map(async (id) => [id, await store.get(id)] as const));
  return new Map(found.filter((one): one is [string, string] => one[1] !== undefined));
}

export async function rememberFacts(
  db: Database,
  hashes: ReadonlyMap<string, string>,
): Promise<void> {
  const tx = db.transaction('facts', 'readwrite');
  for (const [id, hash] of hashes) void tx.store.put(hash, id);
  await tx.done;
}

export async function keptRulings(
  db: Database,
  convs: readonly string[],
): Promise<ReadonlyMap<string, Ruling>> {
  const { store } = db.transaction('rulings');
  const found = await Promise.all(
    convs.map(async (conv) => [conv, await store.get(conv)] as const),
  );
  return new Map(found.filter((one): one is [string, Ruling] => one[1] !== undefined));
}

/** Another tab may have kept newer ones. */
export async function keepRuling(db: Database, conv: string, ruling: Ruling): Promise<void> {
  const tx = db.transaction('rulings', 'readwrite');
  const known = await tx.store.get(conv);
  if ((known?.settings?.seq ?? 0) <= (ruling.settings?.seq ?? 0)) {
    const [settings, admin_settings] = [ruling.settings, ruling.admin_settings];
    void tx.store.put(
      {
        settings: settings && asReceived(settings),
        admin_settings: admin_settings && asReceived(admin_settings),
      },
      conv,
    );
  }
  await tx.done;
}

/** One is no longer in this conversation. */
export async function leave(db: Database, stream: string, conv: string): Promise<void> {
  await db.delete('rulings', conv);
  await db.delete('entries', IDBKeyRange.bound([stream, conv], [stream, conv, []]));
}

/** Forgets what is known of a stream, to start afresh at `head`. */
export async function startAfresh(db: Database, stream: string, head: number): Promise<void> {
  const tx = db.transaction(['cursors', 'entries'], 'readwrite');
  void tx.objectStore('entries').delete(IDBKeyRange.bound([stream], [stream, []]));
  void tx.objectStore('cursors').put(head, stream);
  await tx.done;
}
