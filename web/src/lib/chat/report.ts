/** Showing to the operator what somebody wrote, in a way that can neither be invented nor changed. */

import type { Schema } from '#lib/api/index.ts';
import { api, Problem } from '#lib/api/index.ts';
import { asSealed, keys } from '#lib/crypto/index.ts';
import type { Entry, MessageItem } from '#lib/sync/index.ts';

export type Reason = Schema['Reason'];
export const REASONS: readonly Reason[] = ['spam', 'abuse', 'threat', 'fraud', 'other'];
export const MAX_REPORTED = 5;

/** Only what was opened here can be proven. */
export const isReportable = ({ seal, body }: MessageItem): boolean =>
  seal?.state === 'open' && body !== null;

/** Others of the same person near the one that is reported, the latest last. */
export function besides(chosen: MessageItem, items: readonly MessageItem[]): MessageItem[] {
  const theirs = items.filter((item) => item.from === chosen.from && isReportable(item));
  const at = theirs.findIndex(({ id }) => id === chosen.id);
  return theirs.slice(Math.max(0, at - 10), at + 11);
}

/** Throws when one of them is no longer on the server, or cannot be proven. */
export async function report(
  conv: string,
  items: readonly MessageItem[],
  reason: Reason,
): Promise<void> {
  const entries = await Promise.all(items.map(({ id, seq }) => sealedEntry(conv, id, seq)));
  const opened = await keys.crypto.decrypt(entries.map(asSealed));
  const messages = opened.map((one) => {
    if (one.state !== 'open') throw gone();
    return { id: one.id, k: one.proof.k, c: one.proof.c };
  });
  await api.post('/v1/reports', { messages, reason });
}

async function sealedEntry(conv: string, id: string, seq: number): Promise<Entry> {
  const { items } = await api.get<{ items: readonly Entry[] }>(
    `/v1/conversations/${conv}/messages`,
    { query: { around: seq, limit: 1 } },
  );
  const found = items.find((entry) => entry.id === id);
  if (found?.ct === undefined) throw gone();
  return found;
}

const gone = (): Problem => new Problem('not-found', 404, 'This message is no longer there.');
