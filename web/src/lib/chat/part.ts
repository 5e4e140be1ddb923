/** The part of a conversation that is in memory, and what was said elsewhere about it. Pure. */

import type { Entry } from '#lib/sync/index.ts';
import { mergeEntries, thingOf } from '#lib/sync/index.ts';

/**
 * What changes something that was said, by what it changes: edits, reactions, votes, deletions, and facts. It stays
 * when the part that it stands in goes, so that what comes back is as it was.
 */
export class Asides {
  readonly #byThing = new Map<string, readonly Entry[]>();
  readonly #closed = new Map<string, Entry>();

  /** Answers whether any of these is one. */
  add(entries: readonly Entry[]): boolean {
    let isAny = false;
    for (const entry of entries) {
      if (entry.quiet && entry.ct !== undefined && entry.body === undefined) {
        this.#closed.set(entry.id, entry);
        continue;
      }
      const thing = thingOf(entry);
      if (thing === null) continue;
      this.#closed.delete(entry.id);
      this.#byThing.set(thing, mergeEntries(this.#byThing.get(thing) ?? [], [entry]));
      isAny = true;
    }
    return isAny;
  }

  /** What concerns these. */
  of(entries: readonly Entry[]): readonly Entry[] {
    const things = new Set(entries.flatMap((entry) => [entry.id, thingOf(entry) ?? entry.id]));
    return [...things].flatMap((thing) => this.#byThing.get(thing) ?? []);
  }

  /** Those that wait for a key to say what they are about. */
  get closed(): readonly Entry[] {
    return [...this.#closed.values()];
  }
}

/** Numbers of the first and the last entry that is looked at. */
export interface Seen {
  readonly from: number;
  readonly to: number;
}

/** At most `most` of these: what is far from those that are looked at goes, first at the end that is farther. */
export function trimmed(
  entries: readonly Entry[],
  most: number,
  { from, to }: Seen,
): readonly Entry[] {
  let excess = entries.length - most;
  if (excess <= 0) return entries;
  const keep = Math.floor(most / 3);
  const before = entries.findIndex(({ seq }) => seq >= from);
  const after = entries.length - 1 - entries.findLastIndex(({ seq }) => seq <= to);
  const spare = { start: Math.max(0, before - keep), end: Math.max(0, after - keep) };
  const end = after > before ? Math.min(excess, spare.end) : 0;
  excess -= end;
  const start = Math.min(excess, spare.start);
  excess -= start;
  return entries.slice(start, entries.length - end - Math.min(excess, spare.end - end));
}

/** The last entries whose numbers follow each other. */
export function lastRun(entries: readonly Entry[]): readonly Entry[] {
  const start = entries.findLastIndex(
    (entry, index) => index === 0 || entries[index - 1]?.seq !== entry.seq - 1,
  );
  return entries.slice(Math.max(0, start));
}

/** The unbroken row of entries around a number; none when that is not among them. */
export function runAround(entries: readonly Entry[], seq: number): readonly Entry[] {
  const here = entries.findIndex((entry) => entry.seq === seq);
  if (here === -1) return [];
  const next = entries.slice(here + 1).filter((entry, n) => entry.seq === seq + 1 + n);
  return [...lastRun(entries.slice(0, here + 1)), ...next];
}
