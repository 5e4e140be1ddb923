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
import { isSealed } from '#lib/sync/entries.ts';
import { shaped } from '#lib/sync/shapes.ts';
import { uploadSealed, newUpload } from './media.ts';
import type { Audience, Crypto, DeviceMessage, Member, Opened, SealedEntry } from './model.ts';
import { isPassing } from './problems.ts';

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
const NOTHING: ReadonlyMap<string, Entry> = new Map();

export class Sealer implements Sealing {
  readonly #crypto: Pick<Crypto, 'encrypt' | 'decrypt' | 'take' | 'resync'>;
  readonly #audiences = new Map<string, Promise<Audience>>();
  /** What was opened, for the next time it is shown. */
  readonly #opened = new Map<string, Entry>();

  constructor(crypto: Pick<Crypto, 'encrypt' | 'decrypt' | 'take' | 'resync'>) {
    this.#crypto = crypto;
  }

  async open(entries: readonly Entry[]): Promise<readonly Entry[]> {
    for (const { k, conv } of entries) if (k === 'change') this.#audiences.delete(conv);
    const closed = entries.filter(isSealed).filter((entry) => !this.#opened.has(entry.id));
    const fresh = closed.length > 0 ? await this.#openAll(closed) : NOTHING;
    return entries.map((entry) => {
      const known = isSealed(entry) ? (fresh.get(entry.id) ?? this.#opened.get(entry.id)) : null;
      return known?.seq === entry.seq ? known : entry;
    });
  }

  async seal(conv: string, id: string, content: Content): Promise<SealedBody> {
    try {
      const to = await this.#audienceOf(conv);
      const { ct, rev, com } = await this.#crypto.encrypt(to, id, content);
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
    return (await this.#crypto.take(heard)).n;
  }

  async resync(): Promise<void> {
    this.#audiences.clear();
    await this.#crypto.resync();
  }

  async #openAll(closed: readonly Entry[]): Promise<ReadonlyMap<string, Entry>> {
    const opened = await this.#decrypt(closed.map(asSealed));
    const fresh = new Map<string, Entry>();
    for (const [n, found] of opened.entries()) {
      const entry = closed[n];
      if (!entry || found.state === 'waiting') continue;
      const now = read(entry, found);
      fresh.set(entry.id, now);
      if (isForGood(found)) this.#keep(now);
    }
    return fresh;
  }

  /** What was to be opened while the worker had to be started again is asked for once more. */
  async #decrypt(closed: readonly SealedEntry[]): Promise<readonly Opened[]> {
    try {
      return await this.#crypto.decrypt(closed);
    } catch (error) {
      if (!isPassing(error)) return [];
      return this.#crypto.decrypt(closed).catch(() => []);
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

/** Whoever is not a member by the lists that were read so far may be one by the next. */
const isForGood = (found: Opened): boolean =>
  found.state === 'open' || (found.state === 'refused' && found.why !== 'not-a-member');

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
      const body = shaped(found.content);
      const isMembers = body.type === 'settings' && found.list !== null && !found.isByAdmin;
      const seal: Seal = {
        state: 'open',
        doubt: color === 'none' ? null : why,
        isSerious: color === 'red',
        ...(isMembers && { isMembers }),
      };
      return { ...entry, body, seal };
    }
    case 'refused':
      return { ...entry, seal: { state: 'refused', why: found.why } };
    case 'waiting':
      return { ...entry, seal: { state: 'waiting' } };
  }
}
