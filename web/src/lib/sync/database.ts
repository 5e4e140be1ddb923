/** What one person's device keeps: how far each stream was followed, entries for reading offline, the outbox. */

import type { DBSchema, IDBPDatabase } from 'idb';
import { deleteDB, openDB } from 'idb';
import type { Entry } from './entries.ts';
import type { KeptSending } from './outbox.svelte.ts';
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
}

export type Database = IDBPDatabase<Schema>;

export const openDatabase = (userId: string): Promise<Database> =>
  openDB<Schema>(nameOf(userId), 2, {
    upgrade(db, before, _, tx) {
      if (before < 1) {
        db.createObjectStore('cursors');
        db.createObjectStore('entries');
        const outbox = db.createObjectStore('outbox', { keyPath: 'n', autoIncrement: true });
        outbox.createIndex('id', 'id');
      }
      const entries = tx.objectStore('entries');
      entries.createIndex('id', 'id');
      entries.createIndex('expires_at', 'expires_at');
    },
  });

export async function deleteDatabase(userId: string): Promise<void> {
  await Promise.all([deleteDB(nameOf(userId)), forgetShelf(userId)]);
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

/** Entries of a conversation that are on this device, the last ones before `before`, in order. */
export async function keptEntries(
  db: Database,
  stream: string,
  conv: string,
  limit: number,
  before = Number.MAX_SAFE_INTEGER,
): Promise<Entry[]> {
  const range = IDBKeyRange.bound([stream, conv, 0], [stream, conv, before], false, true);
  const found: Entry[] = [];
  let cursor = await db.transaction('entries').store.openCursor(range, 'prev');
  while (cursor && found.length < limit) {
    found.push(cursor.value);
    cursor = await cursor.continue();
  }
  return found.reverse();
}

/** Takes the content from these: they were deleted, for all or for oneself. Their numbers stay. */
export async function empty(
  db: Database,
  ids: readonly string[],
  mark: Pick<Entry, 'hidden'>,
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

/** One is no longer in this conversation. */
export async function leave(db: Database, stream: string, conv: string): Promise<void> {
  await db.delete('entries', IDBKeyRange.bound([stream, conv], [stream, conv, []]));
}

/** Forgets what is known of a stream, to start afresh at `head`. */
export async function startAfresh(db: Database, stream: string, head: number): Promise<void> {
  const tx = db.transaction(['cursors', 'entries'], 'readwrite');
  void tx.objectStore('entries').delete(IDBKeyRange.bound([stream], [stream, []]));
  void tx.objectStore('cursors').put(head, stream);
  await tx.done;
}
