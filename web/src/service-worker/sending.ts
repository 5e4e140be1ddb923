/** Sending what waits while no page is there, when the browser finds that the line is back. */

import { call } from '#lib/api/client.ts';
import type { Standing } from '#lib/api/standing.ts';
import { readStanding } from '#lib/api/standing.ts';
import { withCrypto } from '#lib/crypto/brief.ts';
import { Sealer } from '#lib/crypto/sealer.ts';
import { openDatabase } from '#lib/sync/database.ts';
import type { Sending } from '#lib/sync/outbox.ts';
import { OutboxCore } from '#lib/sync/outbox.ts';
import { Shelf } from '#lib/sync/shelf.ts';
import { needsNobody } from './opening.ts';

class Outbox extends OutboxCore {
  items: readonly Sending[] = [];
  progress: Readonly<Record<string, number>> = {};
}

/** Rejects when something is left, so that the browser tries again. A page that is there sends by itself. */
export async function sendWaiting(): Promise<void> {
  const standing = await readStanding();
  if (!standing) return;
  const isLeft = await navigator.locks.request('kirana-engine', { ifAvailable: true }, (lock) =>
    lock ? send(standing) : false,
  );
  if (isLeft) throw new Error('Not everything could be sent.');
}

async function send(standing: Standing): Promise<boolean> {
  const [db, shelf] = await Promise.all([openDatabase(standing.user), Shelf.open(standing.user)]);
  const outbox = new Outbox(db, standing.user, call, shelf);
  try {
    await outbox.open();
    if (!outbox.items.some((sending) => sending.private)) return await outbox.sendOnce();
    const isLeft = await withCrypto(standing, async (crypto) => {
      await crypto.pull(needsNobody);
      outbox.plug(new Sealer(crypto));
      return outbox.sendOnce();
    });
    return isLeft ?? (await outbox.sendOnce());
  } finally {
    outbox.close();
    shelf?.close();
    db.close();
  }
}
