/** The crypto as the engine's port: entries in, entries out. Knows which audience a conversation has now. */

import { api } from '#lib/api/client.ts';
import { Problem } from '#lib/api/problem.ts';
import type {
  Content,
  Entry,
  ForDevice,
  Seal,
  SealedBody,
  SealedFile,
  Sealing,
  UploadState,
  Watch,
} from '#lib/sync/index.ts';
import { shaped } from '#lib/sync/index.ts';
import type { Door } from './door.ts';
import { uploadSealed, newUpload } from './media.ts';
import type { Audience, DeviceMessage, Member, Opened, SealedEntry } from './model.ts';

/** As much of a conversation as says for whom its messages are. */
interface Told {
  readonly form: string;
  readonly rev: string | null;
  readonly members: readonly Member[];
}

/** What waits for somebody rather than being wrong: it is tried again when keys or devices change. */
const WAITS = new Set([
  'unconfirmed-device',
  'waiting-for-devices',
  'no-member-list',
  'not-listed',
  'crypto-closed',
]);
const MOST_KEPT = 5000;

export class Sealer implements Sealing {
  readonly #door: Door;
  readonly #audiences = new Map<string, Promise<Audience>>();
  /** What was opened, for the next time it is shown. */
  readonly #opened = new Map<string, Entry>();

  constructor(door: Door) {
    this.#door = door;
  }

  async open(entries: readonly Entry[]): Promise<readonly Entry[]> {
    for (const { k, conv } of entries) if (k === 'change') this.#audiences.delete(conv);
    const closed = entries.filter(isClosed).filter((entry) => !this.#opened.has(entry.id));
    if (closed.length > 0) await this.#openAll(closed);
    return entries.map((entry) => {
      const known = isClosed(entry) ? this.#opened.get(entry.id) : undefined;
      return known?.seq === entry.seq ? known : entry;
    });
  }

  async seal(conv: string, id: string, content: Content): Promise<SealedBody> {
    try {
      const to = await this.#audienceOf(conv);
      const { ct, rev, com } = await this.#door.crypto.encrypt(to, id, content);
      return { ct, rev, com };
    } catch (error) {
      if (!(error instanceof Problem) || !WAITS.has(error.slug)) throw error;
      this.#audiences.delete(conv);
      throw new Problem(error.slug, 0, error.title, error.facts);
    }
  }

  stale(conv: string, facts: Readonly<Record<string, unknown>>): void {
    const before = this.#audiences.get(conv);
    this.#audiences.delete(conv);
    const { members, members_rev } = facts;
    if (!Array.isArray(members) || typeof members_rev !== 'number' || !before) return;
    const now = before.then((known) => ({ ...known, members_rev, members: members as Member[] }));
    now.catch(() => this.#audiences.delete(conv));
    this.#audiences.set(conv, now);
  }

  upload(
    file: Blob,
    from: UploadState | string,
    keep: (state: UploadState) => Promise<void>,
    watch: Watch,
  ): Promise<SealedFile> {
    const state = typeof from === 'string' ? newUpload(from) : from;
    return uploadSealed(file, state, { keep, ...watch });
  }

  async take({ items, counts, unused, changed }: ForDevice): Promise<number> {
    const heard = { items: items as readonly DeviceMessage[] | undefined, counts, unused, changed };
    return (await this.#door.crypto.take(heard)).n;
  }

  async resync(): Promise<void> {
    this.#audiences.clear();
    await this.#door.crypto.resync();
  }

  async #openAll(closed: readonly Entry[]): Promise<void> {
    const opened = await this.#door.crypto.decrypt(closed.map(asSealed)).catch(() => []);
    for (const [n, found] of opened.entries()) {
      const entry = closed[n];
      if (entry && found.state !== 'waiting') this.#keep(read(entry, found));
    }
  }

  #keep(entry: Entry): void {
    this.#opened.set(entry.id, entry);
    if (this.#opened.size <= MOST_KEPT) return;
    const [oldest] = this.#opened.keys();
    if (oldest !== undefined) this.#opened.delete(oldest);
  }

  #audienceOf(conv: string): Promise<Audience> {
    const known = this.#audiences.get(conv);
    if (known) return known;
    const asked = api
      .get<Told>(`/v1/conversations/${conv}`)
      .then(({ form, rev, members }): Audience => ({
        conv,
        form: form === 'group' ? 'group' : 'direct',
        members_rev: Number(rev?.split('.')[0] ?? 0),
        members,
      }));
    asked.catch(() => this.#audiences.delete(conv));
    this.#audiences.set(conv, asked);
    return asked;
  }
}

const isClosed = ({ ct, body }: Entry): boolean => ct !== undefined && body === undefined;

/** The entry as the crypto takes it. */
export const asSealed = ({ conv, seq, id, from = '', ts, ct = '', com }: Entry): SealedEntry => ({
  conv,
  seq,
  id,
  from,
  ts,
  ct,
  com,
});

function read(entry: Entry, found: Opened): Entry {
  switch (found.state) {
    case 'open': {
      const { color, why } = found.shield;
      const seal: Seal = {
        state: 'open',
        doubt: color === 'none' ? null : why,
        isSerious: color === 'red',
      };
      return { ...entry, body: shaped(found.content), seal };
    }
    case 'refused':
      return { ...entry, seal: { state: 'refused', why: found.why } };
    case 'waiting':
      return { ...entry, seal: { state: 'waiting' } };
  }
}
