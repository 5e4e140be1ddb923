/**
 * The client's engine: follows the person's stream and those of their shops, and empties the outbox.
 *
 * Each tab has a socket of its own and keeps what it hears, which may be kept twice; only the tab that has the
 * lock `kirana-engine` sends. When it goes, the next one takes over.
 */

import { api } from '#lib/api/client.ts';
import type { Schema } from '#lib/api/index.ts';
import { Problem } from '#lib/api/problem.ts';
import { connection } from './connection.svelte.ts';
import type { Database } from './database.ts';
import {
  empty,
  emptyExpired,
  keep,
  keepRuling,
  keptEntries,
  keptRulings,
  leave,
  openDatabase,
  placeOf,
  rememberFacts,
  seenFacts,
  startAfresh,
} from './database.ts';
import { isSealed } from './entries.ts';
import type { Entry, Ruling } from './entries.ts';
import type { Frame, Pointer, StreamPage } from './feed.ts';
import { Feed, isEntry } from './feed.ts';
import type { FactDoubt } from './facts.ts';
import { judgeFacts } from './facts.ts';
import { Notebook } from './notebook.svelte.ts';
import { Outbox } from './outbox.svelte.ts';
import type { ForDevice, Sealing } from './sealing.ts';
import type { Hit } from './shelf.ts';
import { isFull, Shelf } from './shelf.ts';
import type { Heard } from './socket.ts';
import { Socket } from './socket.ts';

/** Something changed and should be fetched again. `stream` is whose it is: the person's id or a shop's. */
export interface Change {
  readonly kind: string;
  readonly ref: string;
  readonly seq: number | null;
  readonly stream: string;
}

/** How far somebody has received and read. */
export interface Receipt {
  readonly conv: string;
  readonly user: string;
  readonly delivered: number;
  readonly read: number;
}

interface Told {
  /** An entry of a conversation, in the order of `seq`. */
  entry: { readonly entry: Entry; readonly stream: string };
  receipt: Receipt;
  typing: { readonly conv: string; readonly user: string };
  /** Whether somebody who is watched is here, or since when not; without either it is not for one to know. */
  presence: { readonly user: string; readonly isOnline: boolean; readonly at: number | null };
  /** Keys came: what could not be opened may open now. Null: of any conversation. */
  keys: { readonly convs: readonly string[] | null };
  /** Too much was missed: whatever is shown should be loaded again. */
  resync: { readonly stream: string };
  /** This device was signed out. */
  'signed-out': undefined;
  /** The people who run this server keep this person out. */
  suspended: undefined;
}

type Heads = Readonly<Record<string, number>>;

const NOWHERE = Number.MAX_SAFE_INTEGER;
const LATE_MS = 4000;
const ACK_MS = 1000;
const FULL_TRIES = 4;
const SWEEP_MS = 30_000;
/** What is on its way to be deleted, for all or for oneself. */
const DELETING = /\/v1\/messages\/([^/]+)\/(deletion|hiding)$/;

export class Engine {
  readonly userId: string;
  readonly outbox: Outbox;
  /** None where there is no cryptography. */
  readonly notebook: Notebook | null;
  /** Kept when this tab is the one that sends and has the keys: at once, or when the one before it goes. */
  readonly leads: Promise<void>;

  readonly #db: Database;
  readonly #shelf: Shelf | null;
  readonly #followed = new Set<string>();
  readonly #feeds = new Map<string, Feed>();
  readonly #acked = new Map<string, number>();
  readonly #listeners = new Map<string, Set<(told: never) => void>>();
  readonly #lead = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  #isStopped = false;
  #isLeading = false;
  #watched: readonly string[] = [];
  #sealing: Sealing | null = null;
  #forDevice: Promise<void> = Promise.resolve();
  #socket: Socket | null = null;
  #sweptUntil = 0;
  #keysHeard = 0;
  #sweeping: ReturnType<typeof setInterval> | undefined;
  /** What this device's clock lacks, by the server's. */
  #skewMs = 0;
  #late: ReturnType<typeof setTimeout> | undefined;
  #ackSoon: ReturnType<typeof setTimeout> | undefined;

  private constructor(
    userId: string,
    db: Database,
    shelf: Shelf | null,
    notebook: Notebook | null,
  ) {
    this.userId = userId;
    this.#db = db;
    this.#shelf = shelf;
    this.outbox = new Outbox(db, userId, undefined, shelf, () => this.now());
    this.notebook = notebook;
    this.leads = this.#lead.promise;
    this.outbox.onSent((_id, _answer, path) => {
      const [, deleted, how] = DELETING.exec(path) ?? [];
      if (deleted) void this.#forget([deleted], how === 'hiding' ? { hidden: true } : {});
    });
  }

  /** The time, by the server's clock as far as it is known. */
  now(): number {
    return Date.now() + this.#skewMs;
  }

  /**
   * Ready as soon as it is known where each stream stands: what is loaded after that misses nothing, for whatever
   * changes later is heard.
   */
  static async start(userId: string, shops: readonly string[]): Promise<Engine> {
    const [db, shelf] = await Promise.all([openDatabase(userId), Shelf.open(userId)]);
    const notebook = shelf && (await Notebook.open(userId, shelf, () => engine.now()));
    const engine: Engine = new Engine(userId, db, shelf, notebook);
    await Promise.all([
      engine.#sweep(),
      engine.outbox.open(),
      ...[userId, ...shops].map((id) => engine.#follow(id)),
    ]);
    engine.#connect();
    engine.#sweeping = setInterval(() => void engine.#sweep(), SWEEP_MS);
    if ('locks' in navigator) {
      void navigator.locks.request('kirana-engine', () => {
        engine.#begins();
        return engine.#stopped.promise;
      });
    } else {
      // Plain http in a home network: every tab sends. The ids keep it from being done twice.
      engine.#begins();
    }
    return engine;
  }

  #begins(): void {
    if (this.#isStopped) return;
    this.#isLeading = true;
    this.outbox.drain();
    this.#lead.resolve();
  }

  /** Private conversations can be read and written from now on. */
  plug(sealing: Sealing): void {
    this.#sealing = sealing;
    this.outbox.plug(sealing);
    this.tellKeys(null);
  }

  /** Keys came for these conversations, or for any. */
  tellKeys(convs: readonly string[] | null): void {
    this.#keysHeard += 1;
    this.outbox.hurry();
    this.#tell('keys', { convs });
  }

  /** Opens what is sealed, as far as that can be done now: what was opened before at once. */
  async open(entries: readonly Entry[]): Promise<readonly Entry[]> {
    const before = this.#keysHeard;
    const now = await this.#open(entries);
    // Keys that came meanwhile were told before there was anybody to open these again.
    return this.#keysHeard !== before && now.some(isSealed) ? this.#open(now) : now;
  }

  async #open(entries: readonly Entry[]): Promise<readonly Entry[]> {
    const sealed = entries.filter(isSealed);
    if (sealed.length === 0) return entries;
    const known = await this.recall(sealed);
    const unknown = sealed.flatMap(({ id }) => (known.has(id) ? [] : id));
    const gone = (await this.#shelf?.gone(unknown)) ?? new Map<string, boolean>();
    const rest = entries.filter(({ id }) => !known.has(id) && !gone.has(id));
    const tried = rest.some(isSealed) ? await this.#sealing?.open(rest) : undefined;
    const opened = new Map((tried ?? rest).map((entry) => [entry.id, entry]));
    const fresh = sealed.flatMap(({ id }) => opened.get(id) ?? []);
    void this.#shelf?.keep(fresh).catch((error: unknown) => this.#tolerate(error));
    const now = entries.map((entry) => known.get(entry.id) ?? opened.get(entry.id) ?? entry);
    const spent = this.#spentBy(fresh);
    await this.#forget(spent, { spent: true });
    return now.map((entry) => {
      const isSpent = spent.includes(entry.id) || (gone.get(entry.id) ?? null);
      return isSpent === null ? entry : emptied(entry, isSpent);
    });
  }

  /** What opens once and was opened by this person, on whichever device: no copy of it stays on this one. */
  #spentBy(entries: readonly Entry[]): readonly string[] {
    return entries.flatMap(({ from, body }) =>
      from === this.userId && body?.type === 'opened' ? body.target_id : [],
    );
  }

  /** What does not fit about the facts of a part of a conversation, by what they are about. */
  async judgeFacts(
    run: readonly Entry[],
    how: { isWhole: boolean; mayBegin: boolean },
  ): Promise<ReadonlyMap<string, FactDoubt>> {
    const ids = run.flatMap(({ k, id }) => (k === 'fact' ? id : []));
    if (ids.length === 0 || !globalThis.isSecureContext) return new Map();
    const memory = { key: await this.#factsKey(), seen: await seenFacts(this.#db, ids) };
    const { doubts, hashes } = await judgeFacts(run, memory, how);
    const fresh = [...hashes].filter(([id]) => !memory.seen.has(id));
    if (fresh.length > 0) await rememberFacts(this.#db, new Map(fresh));
    return doubts;
  }

  /** The server's key is the one that it told first. */
  async #factsKey(): Promise<string> {
    const known = await this.#db.get('facts', 'key');
    if (known !== undefined) return known;
    const { facts_key } = await api.get<Schema['ServerFacts']>('/v1/server');
    await this.#db.put('facts', facts_key, 'key');
    return facts_key;
  }

  /** Is on its way to be deleted, for all or for oneself. */
  isDoomed(id: string): boolean {
    return this.outbox.items.some(
      ({ path, refused }) => !refused && DELETING.exec(path)?.[1] === id,
    );
  }

  /** What was opened of these before, by id: without the crypto, and without their ciphertext. */
  async recall(entries: readonly Entry[]): Promise<ReadonlyMap<string, Entry>> {
    return (await this.#shelf?.recall(entries)) ?? new Map();
  }

  /** Looks among the private messages that were opened here. Those that are about to be deleted are gone. */
  async find(words: string, limit: number): Promise<readonly Hit[]> {
    const hits = (await this.#shelf?.find(words, limit)) ?? [];
    return hits.filter(({ message }) => !this.isDoomed(message.id));
  }

  /** A private message that was opened here; `gone` when it is deleted, null when it is not here. */
  async look(id: string): Promise<Hit | 'gone' | null> {
    if (this.isDoomed(id)) return 'gone';
    return (await this.#shelf?.look(id)) ?? null;
  }

  /** How far back that reaches; null when nothing was opened here. */
  async opensSince(): Promise<number | null> {
    return (await this.#shelf?.since()) ?? null;
  }

  /** One is no longer in this conversation: nothing of it stays on this device. */
  async leave(stream: string, conv: string): Promise<void> {
    await Promise.all([leave(this.#db, stream, conv), this.#shelf?.leave(conv)]);
  }

  /** Whatever was opened is opened anew. */
  async forgetOpened(): Promise<void> {
    await this.#shelf?.clear();
  }

  /** Follow the shops that were joined since. */
  async followShops(shops: readonly string[]): Promise<void> {
    const fresh = shops.filter((id) => !this.#followed.has(id));
    await Promise.all(fresh.map((id) => this.#follow(id)));
    if (fresh.length > 0) this.#socket?.say(this.#hello());
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#late);
    clearTimeout(this.#ackSoon);
    clearInterval(this.#sweeping);
    this.#socket?.stop();
    this.outbox.close();
    this.notebook?.close();
    this.#stopped.resolve();
    this.#db.close();
    this.#shelf?.close();
  }

  /** The network came back, or the person did. */
  hurry(): void {
    this.#socket?.hurry();
    this.outbox.hurry();
  }

  /** `on('order', ({ ref }) => …)`: a thing of that kind changed. Answers how to stop listening. */
  on(kind: string, listener: (change: Change) => void): () => void {
    return this.#listen(`change ${kind}`, listener);
  }

  /** Conversations, receipts, typing, and the engine's own news. */
  hear<K extends keyof Told>(what: K, listener: (told: Told[K]) => void): () => void {
    return this.#listen(what, listener);
  }

  /** What is fleeting: typing. Lost when there is no connection, and that is right. */
  typing(conv: string, stream: string): void {
    this.#socket?.say({ t: 'typing', conv, ...this.#of(stream) });
  }

  /** From now on hears of the presence of these, and of nobody else. */
  watch(users: readonly string[]): void {
    this.#watched = users;
    this.#socket?.say({ t: 'watch', users });
  }

  /** Entries that are on this device: the latest, or those before or after a number. */
  async keptEntries(
    stream: string,
    conv: string,
    which: { limit: number; before?: number; after?: number },
  ): Promise<readonly Entry[]> {
    return this.open(await keptEntries(this.#db, stream, conv, which));
  }

  /** The newest settings that this device has read, whatever the server says now; sealed. */
  rulings(convs: readonly string[]): Promise<ReadonlyMap<string, Ruling>> {
    return keptRulings(this.#db, convs);
  }

  keepRuling(conv: string, ruling: Ruling): Promise<void> {
    return keepRuling(this.#db, conv, ruling);
  }

  /** The number of a message in its conversation, if this device has it. */
  placeOf(conv: string, id: string): Promise<number | null> {
    return placeOf(this.#db, conv, id);
  }

  /** Entries that were fetched as history are kept as well. */
  async keepEntries(stream: string, entries: readonly Entry[]): Promise<void> {
    await this.#keep(stream, entries, null);
    await this.#forget(goneAmong(entries));
  }

  /** Knows where the stream stands before anything is loaded; without a connection the socket tells later. */
  async #follow(stream: string): Promise<void> {
    this.#followed.add(stream);
    const kept = await this.#db.get('cursors', stream);
    if (kept !== undefined) {
      this.#begin(stream, kept);
      return;
    }
    try {
      const { pos } = await this.#read(stream, NOWHERE);
      await startAfresh(this.#db, stream, pos);
      this.#begin(stream, pos);
    } catch (error) {
      if (!(error instanceof Problem) || !error.isPassing) throw error;
    }
  }

  #begin(stream: string, pos: number): void {
    this.#feeds.set(
      stream,
      new Feed(pos, {
        read: (after) => this.#read(stream, after),
        handle: (frames, after) => this.#handle(stream, frames, after),
        resync: (head) => this.#resync(stream, head),
      }),
    );
  }

  async #resync(stream: string, head: number): Promise<void> {
    await startAfresh(this.#db, stream, head);
    // What was deleted in the meantime is told to nobody any more.
    if (stream === this.userId) await this.forgetOpened();
    await this.#sealing?.resync();
    this.#tell('resync', { stream });
  }

  #read(stream: string, after: number): Promise<StreamPage> {
    const actingFor = stream === this.userId ? null : stream;
    return api.get('/v1/stream', { query: { after }, actingFor });
  }

  async #handle(stream: string, frames: readonly Frame[], pos: number): Promise<void> {
    const entries = frames.filter(isEntry);
    await this.#keep(stream, entries, pos);
    await this.#forget(goneAmong(entries));
    await this.#forget(
      frames.flatMap((frame) => (frame.k === 'hidden' ? (frame as Pointer).ref : [])),
      { hidden: true },
    );
    await this.outbox.arrived(entries.map((entry) => entry.id));
    const opened = new Map((await this.open(entries)).map((entry) => [entry.id, entry]));
    for (const frame of frames) {
      if (isEntry(frame)) this.#tell('entry', { entry: opened.get(frame.id) ?? frame, stream });
      else {
        const { k: kind, ref, seq = null } = frame as Pointer;
        if (kind === 'secret') this.notebook?.hurry();
        if (kind === 'devices') this.#take({ changed: [{ user: ref, rev: seq ?? 0 }] });
        this.#tell(`change ${kind}`, { kind, ref, seq, stream });
      }
    }
    this.#ackSoon ??= setTimeout(() => this.#acknowledge(), ACK_MS);
  }

  #acknowledge(): void {
    this.#ackSoon = undefined;
    for (const [stream, { pos }] of this.#feeds) {
      if (this.#acked.get(stream) === pos) continue;
      if (this.#socket?.say({ t: 'ack', pos, ...this.#of(stream) })) this.#acked.set(stream, pos);
    }
  }

  #connect(): void {
    const url = new URL('/v1/socket', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    this.#socket = new Socket(url.href, {
      hello: () => this.#hello(),
      hear: (frame) => this.#heard(frame),
      changed: (isOpen) => this.#connected(isOpen),
      failed: () => void this.#checkSession(),
    });
  }

  #connected(isOpen: boolean): void {
    connection.hasSocket = isOpen;
    if (isOpen) {
      clearTimeout(this.#late);
      this.#late = undefined;
      connection.isLate = false;
      this.outbox.hurry();
      this.notebook?.hurry();
      if (this.#watched.length > 0) this.watch(this.#watched);
    } else {
      this.#late ??= setTimeout(() => (connection.isLate = true), LATE_MS);
    }
  }

  #hello(): Heard {
    const places = [...this.#followed].map((id) => [id, this.#feeds.get(id)?.pos ?? null] as const);
    const streams = Object.fromEntries(places.filter(([id]) => id !== this.userId));
    return { t: 'hello', pos: this.#feeds.get(this.userId)?.pos ?? null, streams };
  }

  #heard(frame: Heard): void {
    const stream = typeof frame.stream === 'string' ? frame.stream : this.userId;
    const feed = this.#feeds.get(stream);
    switch (frame.t) {
      case 'ev':
        feed?.push(frame as unknown as Frame).catch((error: unknown) => this.#tolerate(error));
        break;
      case 'welcome':
        this.#skewMs = (frame.now as number) - Date.now();
        void this.#sweep();
        this.#welcomed({ [this.userId]: frame.pos as number, ...(frame.streams as Heads) });
        break;
      case 'resync':
        feed?.startAt(frame.head as number).catch((error: unknown) => this.#tolerate(error));
        break;
      case 'rcpt':
        this.#tell('receipt', {
          conv: frame.conv as string,
          user: frame.user as string,
          delivered: frame.d as number,
          read: frame.r as number,
        });
        break;
      case 'td':
        this.#take({ items: frame.items as readonly unknown[] });
        break;
      case 'otk':
        this.#take({
          counts: frame.counts as Record<string, number>,
          unused: frame.unused as readonly string[],
        });
        break;
      case 'eph':
        if (frame.k === 'typing') {
          this.#tell('typing', { conv: frame.conv as string, user: frame.user as string });
        } else if (frame.k === 'presence') {
          this.#tell('presence', {
            user: frame.user as string,
            isOnline: frame.online === true,
            at: typeof frame.seen_at === 'number' ? frame.seen_at : null,
          });
        }
        break;
      case 'bye':
        if (frame.why === 'auth') this.#tell('signed-out', undefined);
        if (frame.why === 'suspended') this.#tell('suspended', undefined);
        break;
    }
  }

  /** One after another, in the order they came; acknowledged only when they are kept. */
  #take(heard: ForDevice): void {
    const sealing = this.#sealing;
    if (!sealing || !this.#isLeading) return;
    this.#forDevice = this.#forDevice
      .then(() => sealing.take(heard))
      .then((n) => void (heard.items && this.#socket?.say({ t: 'ack', n })))
      .catch((error: unknown) => this.#tolerate(error));
  }

  /** A stream whose place was not known goes on from its head; what was shown may be older than that. */
  #welcomed(heads: Heads): void {
    for (const [stream, head] of Object.entries(heads)) {
      if (this.#feeds.has(stream)) continue;
      this.#begin(stream, head);
      this.#resync(stream, head).catch((error: unknown) => this.#tolerate(error));
    }
  }

  /** A socket that is refused again and again: no network, or no session any more? */
  async #checkSession(): Promise<void> {
    if (!navigator.onLine) return;
    try {
      await api.get('/v1/me');
    } catch (error) {
      if (error instanceof Problem && error.isShutOut)
        this.#tell(error.status === 401 ? 'signed-out' : 'suspended', undefined);
      return;
    }
    // Requests pass where sockets do not: follow the streams that way.
    for (const feed of this.#feeds.values())
      feed.poll().catch((error: unknown) => this.#tolerate(error));
  }

  /**
   * When the device is full, old opened messages go first. If that is not enough it goes on without keeping: the
   * position stays where it was, and the next start reads on from there.
   */
  async #keep(stream: string, entries: readonly Entry[], pos: number | null): Promise<void> {
    for (let tries = 0; tries < FULL_TRIES; tries++) {
      try {
        return await keep(this.#db, stream, entries, pos);
      } catch (error) {
        if (!isFull(error)) throw error;
        await this.#shelf?.evict();
      }
    }
    console.warn('The device is full: what came is not kept.');
  }

  /** Deleted, or hidden: no copy stays on this device. */
  async #forget(ids: readonly string[], mark: Pick<Entry, 'hidden' | 'spent'> = {}): Promise<void> {
    if (ids.length === 0) return;
    const kept = mark.spent ? { isSpent: true as const } : {};
    await Promise.all([empty(this.#db, ids, mark), this.#shelf?.forget(ids, kept)]);
  }

  /** What disappears does so by this device's own clock, also while it was closed. */
  async #sweep(): Promise<void> {
    const [from, to] = [this.#sweptUntil, this.now()];
    this.#sweptUntil = to;
    try {
      await Promise.all([emptyExpired(this.#db, from, to), this.#shelf?.sweep(to)]);
    } catch (error) {
      this.#tolerate(error);
    }
  }

  /** Without a network nothing is lost: the position stays, and the next connection goes on from it. */
  #tolerate(error: unknown): void {
    if (!this.#isStopped && !(error instanceof Problem)) console.error(error);
  }

  #of(stream: string): { stream?: string } {
    return stream === this.userId ? {} : { stream };
  }

  #listen(what: string, listener: (told: never) => void): () => void {
    const all = this.#listeners.get(what) ?? new Set();
    all.add(listener);
    this.#listeners.set(what, all);
    return () => all.delete(listener);
  }

  #tell(what: string, told: unknown): void {
    for (const listener of this.#listeners.get(what) ?? []) {
      try {
        listener(told as never);
      } catch (error) {
        console.error(error);
      }
    }
  }
}

const emptied = (entry: Entry, isSpent: boolean): Entry => ({
  ...entry,
  ct: undefined,
  body: undefined,
  seal: undefined,
  ...(isSpent && { spent: true as const }),
});

/** What these say is deleted: for all, by its time, or for oneself. */
const goneAmong = (entries: readonly Entry[]): readonly string[] =>
  entries.flatMap(({ k, id, target, ct, body, hidden }) => {
    if (k === 'deletion') return target ?? [];
    return (k === 'message' && ct === undefined && body === undefined) || hidden ? id : [];
  });
