/**
 * What the service worker has to know of the person to tell them of something while no page is open: who it is, and
 * how much may be shown. A page writes it; nothing secret is in it.
 */

import type { DBSchema, IDBPDatabase } from 'idb';
import { deleteDB, openDB } from 'idb';

export interface Standing {
  readonly user: string;
  readonly device: string;
  readonly shops: readonly string[];
  /** Whether they want to be told at all. */
  readonly isOn: boolean;
  /** Names and words may stand on a locked screen. */
  readonly showsWords: boolean;
}

interface Schema extends DBSchema {
  standing: { key: 'now'; value: Standing };
}

const NAME = 'kirana-standing';

const open = (): Promise<IDBPDatabase<Schema>> =>
  openDB<Schema>(NAME, 1, { upgrade: (db) => db.createObjectStore('standing') });

async function within<T>(work: (db: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
  const db = await open();
  try {
    return await work(db);
  } finally {
    db.close();
  }
}

export const readStanding = (): Promise<Standing | undefined> =>
  within((db) => db.get('standing', 'now'));

export async function writeStanding(standing: Standing): Promise<void> {
  await within((db) => db.put('standing', standing, 'now'));
}

/** At signing out: nothing is told here any more, and nothing that was told stays on the screen. */
export async function forgetStanding(): Promise<void> {
  await deleteDB(NAME);
  const registration = await navigator.serviceWorker?.getRegistration();
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
  for (const shown of (await registration?.getNotifications?.()) ?? []) shown.close();
}
