/** What one person's device keeps: how far each stream was followed, entries for reading offline, the outbox. */

import type { DBSchema, IDBPDatabase } from 'idb';
import { deleteDB, openDB } from 'idb';
import type { Entry } from './entries.ts';
import type { Sending } from './outbox.svelte.ts';

interface Schema extends DBSchema {
  /** By stream: the user's own id, or a shop's. */
  cursors: { key: string; value: number };
  entries: { key: [stream: string, conv: string, seq: number]; value: Entry };
  outbox: { key: number; value: Sending; indexes: { id: string } };
}

export type Database = IDBPDatabase<Schema>;

export const openDatabase = (userId: string): Promise<Database> =>
  openDB<Schema>(nameOf(userId), 1, {
    upgrade(db) {
      db.createObjectStore('cursors');
      db.createObjectStore('entries');
      db.createObjectStore('outbox', { keyPath: 'n', autoIncrement: true }).createIndex('id', 'id');
    },
  });

export const deleteDatabase = (userId: string): Promise<void> => deleteDB(nameOf(userId));

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

/** The latest entries of a conversation that are on this device, in order. */
export async function keptEntries(
  db: Database,
  stream: string,
  conv: string,
  limit: number,
): Promise<Entry[]> {
  const range = IDBKeyRange.bound([stream, conv, 0], [stream, conv, Number.MAX_SAFE_INTEGER]);
  const found: Entry[] = [];
  let cursor = await db.transaction('entries').store.openCursor(range, 'prev');
  while (cursor && found.length < limit) {
    found.push(cursor.value);
    cursor = await cursor.continue();
  }
  return found.reverse();
}

/** Forgets what is known of a stream, to start afresh at `head`. */
export async function startAfresh(db: Database, stream: string, head: number): Promise<void> {
  const tx = db.transaction(['cursors', 'entries'], 'readwrite');
  void tx.objectStore('entries').delete(IDBKeyRange.bound([stream], [stream, []]));
  void tx.objectStore('cursors').put(head, stream);
  await tx.done;
}
