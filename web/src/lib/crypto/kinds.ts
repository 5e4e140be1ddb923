/**
 * Whether a conversation is private is sticky: it is kept at first sight, and whatever the server says later, nothing
 * readable is sent into one that is known to be private. Every tab asks this before it sends; it needs no wasm.
 */

import type { DBSchema, IDBPDatabase } from 'idb';
import { deleteDB, openDB } from 'idb';
import { problems } from './problems.ts';

export type Kind = 'private' | 'business';

interface Schema extends DBSchema {
  kinds: { key: string; value: Kind };
}

const nameOf = (user: string): string => `kirana-kinds-${user}`;
const open = (user: string): Promise<IDBPDatabase<Schema>> =>
  openDB<Schema>(nameOf(user), 1, { upgrade: (db) => db.createObjectStore('kinds') });

/** Keeps the kind at first sight. Raises: `kind-changed` when it is another one than before. */
export async function checkKind(user: string, conv: string, kind: Kind): Promise<void> {
  const db = await open(user);
  try {
    const tx = db.transaction('kinds', 'readwrite');
    const known = await tx.store.get(conv);
    if (known === undefined) await tx.store.put(kind, conv);
    await tx.done;
    if (known !== undefined && known !== kind) throw problems.kindChanged(conv);
  } finally {
    db.close();
  }
}

export const forgetKinds = (user: string): Promise<void> => deleteDB(nameOf(user));
