/**
 * What a person keeps about their chats, as a map of items. Each of their devices may change it at any time, connected
 * or not. Pure: whichever way the copies of them meet, and however often, the same comes out.
 */

import { Problem } from '#lib/api/problem.ts';

export interface Note {
  /** When it was written, by the server's clock. Of two the later one counts. */
  readonly at: number;
  /** Null once it was taken out: so it does not come back from a device that had not heard. */
  readonly value: unknown;
}

export type Notes = ReadonlyMap<string, Note>;

export const NOTHING: Notes = new Map();

export const asNotes = (items: readonly (readonly [string, Note])[]): Notes => new Map(items);

const VERSION = 1;
/** A device that was away for longer than 90 days is signed out, and comes back with nothing. */
const FORGET_MS = 100 * 24 * 3600 * 1000;
const MOST_FORGOTTEN = 500;

export function mergeNotes(one: Notes, other: Notes): Notes {
  const merged = new Map(one);
  for (const [key, note] of other) {
    const known = merged.get(key);
    if (!known || isLater(note, known)) merged.set(key, note);
  }
  return merged;
}

/** Written at the same moment, any order will do, if only it is the same everywhere. */
const isLater = (one: Note, other: Note): boolean =>
  one.at === other.at ? JSON.stringify(one.value) > JSON.stringify(other.value) : one.at > other.at;

/** Without what was taken out so long ago that every device knows. */
export function pruneNotes(notes: Notes, now: number): Notes {
  const gone = [...notes]
    .filter(([, { value }]) => value === null)
    .sort(([a, one], [b, other]) => other.at - one.at || (a < b ? -1 : 1));
  const old = gone.filter(([, { at }], n) => n >= MOST_FORGOTTEN || at < now - FORGET_MS);
  const pruned = new Map(notes);
  for (const [key] of old) pruned.delete(key);
  return pruned;
}

/** The same items give the same text. */
export function writeNotes(notes: Notes): string {
  const items = [...notes].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({
    v: VERSION,
    notes: items.map(([key, { at, value }]) => [key, at, value]),
  });
}

/** Raises: `newer-notebook` for what a newer app has written; this one must not write over it. */
export function readNotes(text: string): Notes {
  const { v, notes } = JSON.parse(text) as { v: number; notes: [string, number, unknown][] };
  if (v !== VERSION) throw new Problem('newer-notebook', 409, 'A newer app has written this.');
  return asNotes(notes.map(([key, at, value]) => [key, { at, value }]));
}
