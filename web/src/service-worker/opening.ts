/** Opening what is sealed while no page is there. */

import type { Standing } from '#lib/api/standing.ts';
import { withCrypto } from '#lib/crypto/brief.ts';
import type { DeviceMessage } from '#lib/crypto/model.ts';
import { Sealer } from '#lib/crypto/sealer.ts';
import { openDatabase } from '#lib/sync/database.ts';
import type { Entry } from '#lib/sync/entries.ts';
import { Shelf } from '#lib/sync/shelf.ts';

/** Comparing devices needs the person, so it waits for a page; and what came after it waits as well. */
export const needsNobody = ({ type }: DeviceMessage): boolean =>
  !type.startsWith('m.key.verification.');

/**
 * What could be opened of these, by id: what was opened before without the crypto, the rest by it if nobody else has
 * it. What was opened now is kept for the app, which shows it without opening it again.
 */
export async function open(
  standing: Standing,
  entries: readonly Entry[],
): Promise<ReadonlyMap<string, Entry>> {
  const shelf = await Shelf.open(standing.user);
  if (!shelf) return new Map();
  try {
    const known = await shelf.recall(entries);
    const closed = entries.filter(({ id }) => !known.has(id));
    if (closed.length === 0) return known;
    const opened = await withCrypto(standing, async (crypto) => {
      await crypto.pull(needsNobody);
      return new Sealer(crypto).open(closed);
    });
    await shelf.keep(opened ?? []);
    return new Map([...known, ...(opened ?? []).map((entry) => [entry.id, entry] as const)]);
  } finally {
    shelf.close();
  }
}

/** Up to where the app has followed the person's stream; null when it has not yet. */
export async function whereOf(user: string): Promise<number | null> {
  const db = await openDatabase(user);
  try {
    return (await db.get('cursors', user)) ?? null;
  } finally {
    db.close();
  }
}
