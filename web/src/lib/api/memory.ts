/** Answers kept on this device, so that what was loaded stays readable without a connection. */

import type { DBSchema, IDBPDatabase } from 'idb';
import { openDB } from 'idb';

interface Answers extends DBSchema {
  answers: { key: string; value: { value: unknown; at: number }; indexes: { at: number } };
}

const KEEP = 400;

let opened: Promise<IDBPDatabase<Answers>> | null = null;

function open(): Promise<IDBPDatabase<Answers>> {
  return (opened ??= openDB<Answers>('kirana-answers', 1, {
    upgrade: (db) => db.createObjectStore('answers').createIndex('at', 'at'),
  }));
}

export async function remember(key: string, value: unknown): Promise<void> {
  const db = await open();
  await db.put('answers', { value, at: Date.now() }, key);
  const count = await db.count('answers');
  if (count <= KEEP) return;
  const stale = await db.getAllKeysFromIndex('answers', 'at', null, count - KEEP);
  await Promise.all(stale.map((old) => db.delete('answers', old)));
}

export async function remembered<T>(key: string): Promise<T | undefined> {
  const db = await open();
  return (await db.get('answers', key))?.value as T | undefined;
}

export async function forgetAnswers(): Promise<void> {
  await (await open()).clear('answers');
}
