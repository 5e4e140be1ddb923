/**
 * What was said or done and is not with the server yet. Written down before it is sent, sent one at a time per
 * lane (a conversation), tried again with the same id until the server has it. A final refusal stays, with its
 * reason, until the person removes it or tries again.
 */

import { call } from '#lib/api/client.ts';
import { Problem } from '#lib/api/problem.ts';
import type { Database } from './database.ts';
import type { Content, SealedFile } from './entries.ts';
import { uploadInParts } from './parts.ts';
import type { SealedBody, Sealing, UploadState } from './sealing.ts';
import type { Locked, Shelf } from './shelf.ts';
import { isFull } from './shelf.ts';

export interface Sending {
  /** Its place in the queue; given by the database. */
  readonly n: number;
  /** The id of what it creates, and so of its retries. */
  readonly id: string;
  /** Those of one lane go in order; a conversation's id. */
  readonly lane: string;
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body: unknown;
  readonly actingFor: string | null;
  /** Files that must be there first. */
  readonly uploads: readonly Upload[];
  /** How many of them are. */
  readonly uploaded: number;
  /** Of a private conversation, its lane: nothing of this leaves the device but sealed. */
  readonly private: Private | null;
  readonly at: number;
  /** It stays until then, by the server's clock, and holds up nothing that is said meanwhile. */
  readonly due_at?: number;
  /** The person stopped it; what was said after it goes before it. */
  readonly isPaused?: boolean;
  /** What it waits for, when that is not the connection: somebody's keys, or one's own. */
  readonly held: { readonly slug: string; readonly facts: Facts } | null;
  readonly refused: { readonly slug: string; readonly title: string; readonly facts: Facts } | null;
}

export interface Upload {
  /** Where it goes; a sealed one goes its own way. */
  readonly path: string;
  readonly file: Blob;
  /** The id of the file. */
  readonly media: string;
  /** It goes in parts, and so goes on where it stopped; sealed ones always do. */
  readonly isInParts?: boolean;
}

interface Private {
  readonly content: Content;
  /** How to open the files that are there, by id; of the one under way how far it is. */
  readonly files: Readonly<Record<string, SealedFile>>;
  readonly underway: UploadState | null;
  /** Once sealed, the same bytes are sent until they arrive, or the server asks for another audience. */
  readonly sealed: SealedBody | null;
}

/** As it lies on the device: what is private under a key that cannot be taken out. */
export type KeptSending = Sending & { readonly locked?: Locked };

type Facts = Readonly<Record<string, unknown>>;
type NewSending = Pick<Sending, 'id' | 'lane' | 'path' | 'body'> &
  Partial<Pick<Sending, 'method' | 'actingFor' | 'uploads' | 'due_at'>> & {
    readonly private?: Content;
    /** What was sent of it before, under another id: files are not sealed anew. */
    readonly before?: Sending;
  };

type Note =
  | { readonly kind: 'changed' }
  | { readonly kind: 'progress'; readonly id: string; readonly part: number }
  | {
      readonly kind: 'sent';
      readonly id: string;
      readonly answer: unknown;
      readonly path: string;
    };

type Listener = (id: string, answer: unknown, path: string) => void;

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
const STALE_TRIES = 3;
/** A device that slept, or whose clock was put right, looks again after this. */
const LOOK_MS = 30_000;

/** A page draws what waits, a service worker does not: whoever extends it says where that is kept. */
export abstract class OutboxCore {
  /** What waits or was refused, the oldest first; the same in every tab. */
  abstract items: readonly Sending[];
  /** How much of the files is with the server, from 0 to 1, by the id of the sending. */
  abstract progress: Readonly<Record<string, number>>;

  readonly #db: Database;
  readonly #channel: BroadcastChannel;
  readonly #send: typeof call;
  readonly #shelf: Pick<Shelf, 'lock' | 'unlock'> | null;
  readonly #now: () => number;
  readonly #listeners = new Set<Listener>();
  readonly #onStale = new Set<(lane: string) => void>();
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #stops = new Map<string, AbortController>();
  #sealing: Sealing | null = null;
  #adding: Promise<unknown> = Promise.resolve();
  #isDraining = false;
  #isClosed = false;
  #due: ReturnType<typeof setTimeout> | undefined;
  #wake = () => {};
  #woken = new Promise<void>(() => {});

  constructor(
    db: Database,
    userId: string,
    send: typeof call = call,
    shelf: Pick<Shelf, 'lock' | 'unlock'> | null = null,
    now: () => number = Date.now,
  ) {
    this.#db = db;
    this.#now = now;
    this.#send = send;
    this.#shelf = shelf;
    this.#renewWake();
    this.#channel = new BroadcastChannel(`kirana-outbox-${userId}`);
    this.#channel.onmessage = ({ data }: MessageEvent<Note>) => {
      if (data.kind === 'progress') {
        this.#note(data.id, data.part);
        return;
      }
      if (data.kind === 'sent') this.#tell(data);
      void this.#changed();
    };
  }

  async open(): Promise<void> {
    await this.#refresh();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#due);
    this.#channel.close();
    this.#wake();
  }

  /** Writes it down; it is sent as soon as it may be. */
  async add({ before, ...sending }: NewSending): Promise<void> {
    const value: Omit<Sending, 'n'> = {
      method: 'POST',
      actingFor: null,
      uploads: [],
      uploaded: 0,
      ...sending,
      private: sending.private
        ? {
            content: sending.private,
            files: before?.private?.files ?? {},
            underway: before?.private?.underway ?? null,
            sealed: null,
          }
        : null,
      at: Date.now(),
      held: null,
      refused: null,
    };
    // One after another, so that what was said first goes first.
    const added = this.#adding.then(async () => {
      // The place is given by the database, so that two tabs never share one.
      await this.#db.add('outbox', await this.#lock(value as Sending));
    });
    this.#adding = added.catch(() => undefined);
    await added;
    void offerToSend();
    await this.#announce({ kind: 'changed' });
  }

  /** What the server answered to what was sent, in this tab or another. */
  onSent(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The server refused something there since others are in it by now, or have other devices. */
  onStale(listener: (lane: string) => void): () => void {
    this.#onStale.add(listener);
    return () => this.#onStale.delete(listener);
  }

  /** Stops the files of a sending, or lets them go on where they stopped. */
  async pause(id: string, isPaused = true): Promise<void> {
    const sending = this.items.find((item) => item.id === id);
    if (!sending) return;
    await this.#change(sending, { isPaused });
    await this.#announce({ kind: 'changed' });
  }

  /** Changes what is not due yet; with no time it goes now. Nothing happens when it has gone already. */
  async revise(id: string, due_at: number | undefined, content?: Content): Promise<void> {
    const sending = this.items.find((item) => item.id === id);
    if (sending?.due_at === undefined) return;
    const body =
      content && !sending.private ? { ...(sending.body as object), body: content } : null;
    await this.#change(
      sending,
      {
        due_at,
        ...(due_at === undefined && { at: Date.now() }),
        ...(body && { body }),
        ...(content && sending.private && { private: { ...sending.private, content } }),
      },
      ({ due_at: known }) => known !== undefined,
    );
    await this.#announce({ kind: 'changed' });
  }

  /** Gives it up: what was refused, or is still under way. */
  async remove(id: string): Promise<void> {
    await this.#delete(id);
    await this.#announce({ kind: 'changed' });
  }

  /** The stream brought it: it has arrived, whatever became of the answer. */
  async arrived(ids: readonly string[]): Promise<void> {
    const mine = ids.filter((id) => this.items.some((item) => item.id === id));
    if (mine.length === 0) return;
    await Promise.all(mine.map((id) => this.#delete(id)));
    await this.#announce({ kind: 'changed' });
  }

  /** This tab sends from now on. Only the one that has the engine's lock may. */
  drain(): void {
    this.#isDraining = true;
    this.#look();
    this.#start();
  }

  /**
   * Sends what can be sent at this moment, for whoever will not stay. Answers whether a later try may send more: what
   * waits for its time is a page's affair.
   */
  async sendOnce(): Promise<boolean> {
    const lanes = new Set(this.items.filter(isGoing).map(({ lane }) => lane));
    await Promise.all([...lanes].map((lane) => this.#drainLane(lane, true)));
    return this.items.some(isGoing);
  }

  /** From now on what is private can be sealed. */
  plug(sealing: Sealing): void {
    this.#sealing = sealing;
    this.#wake();
  }

  /** Something changed outside: a connection, a sign-in. Try what waits at once. */
  hurry(): void {
    this.#wake();
    this.#look();
  }

  /** What is due by now waits like anything that was said just now. */
  #look(): void {
    clearTimeout(this.#due);
    const times = this.items.flatMap(({ due_at }) => due_at ?? []);
    if (!this.#isDraining || this.#isClosed || times.length === 0) return;
    const now = this.#now();
    const due = this.items.filter(({ due_at = Infinity }) => due_at <= now);
    const wait = Math.min(LOOK_MS, ...times.map((at) => at - now));
    if (due.length === 0) this.#due = setTimeout(() => this.#look(), wait);
    else {
      Promise.all(due.map(({ id }) => this.revise(id, undefined))).catch((error: unknown) =>
        console.error(error),
      );
    }
  }

  #start(): void {
    if (!this.#isDraining || this.#isClosed) return;
    for (const { lane } of this.items.filter(isGoing)) {
      if (this.#lanes.has(lane)) continue;
      const work = this.#drainLane(lane)
        .catch((error: unknown) => console.error(error))
        .finally(() => {
          this.#lanes.delete(lane);
          if (this.items.some((item) => item.lane === lane && isGoing(item))) this.#start();
        });
      this.#lanes.set(lane, work);
    }
  }

  async #drainLane(lane: string, isOnce = false): Promise<void> {
    let wait = FIRST_WAIT_MS;
    for (;;) {
      const next = this.items.find((item) => item.lane === lane && isGoing(item));
      if (!next || this.#isClosed) return;
      const stop = new AbortController();
      this.#stops.set(next.id, stop);
      try {
        const answer = await this.#deliver(next, stop.signal);
        await this.#delete(next.id);
        const note = { kind: 'sent', id: next.id, answer, path: next.path } as const;
        this.#tell(note);
        await this.#announce(note);
        wait = FIRST_WAIT_MS;
      } catch (error) {
        if (stop.signal.aborted) continue;
        if (isFull(error)) {
          if (isOnce) return;
          await this.#rest(LONGEST_WAIT_MS);
          continue;
        }
        if (!(error instanceof Problem)) throw error;
        if (error.isPassing || error.isShutOut) {
          const { slug, facts } = error;
          const isHeld = error.status === 0 && slug !== 'offline';
          await this.#change(next, { held: isHeld ? { slug, facts } : null });
          await this.#announce({ kind: 'changed' });
          if (isOnce) return;
          const jitter = 0.5 + Math.random() / 2;
          await this.#rest(error.retryAfterMs ?? wait * jitter);
          wait = Math.min(wait * 2, LONGEST_WAIT_MS);
        } else {
          await this.#refuse(next, error);
        }
      } finally {
        this.#stops.delete(next.id);
      }
    }
  }

  async #deliver(sending: Sending, signal: AbortSignal): Promise<unknown> {
    const { method, path, body, actingFor, uploads, uploaded } = sending;
    if (sending.private) return this.#deliverSealed(sending, sending.private, signal);
    for (const [n, upload] of uploads.slice(uploaded).entries()) {
      const progress = this.#counter(sending, uploaded + n);
      if (upload.isInParts) {
        await uploadInParts(upload, { signal, progress }, actingFor, this.#send);
      } else {
        await this.#send('POST', upload.path, upload.file, { actingFor, signal });
        progress(upload.file.size);
      }
      await this.#change(sending, { uploaded: uploaded + n + 1 });
    }
    return this.#send(method, path, body, { actingFor });
  }

  async #deliverSealed(sending: Sending, known: Private, signal: AbortSignal): Promise<unknown> {
    const sealing = this.#sealing;
    // What was sealed before goes as it is, also where there are no keys.
    if (!sealing && !known.sealed) throw notReady();
    const keep = async (change: Partial<Private>): Promise<void> => {
      known = { ...known, ...change };
      await this.#change(sending, { private: known });
    };
    for (const [n, { media, file }] of sending.uploads.entries()) {
      if (known.files[media]) continue;
      if (!sealing) throw notReady();
      const from = known.underway?.id === media ? known.underway : media;
      const watch = { signal, progress: this.#counter(sending, n) };
      const done = await sealing.upload(file, from, (underway) => keep({ underway }), watch);
      await keep({ files: { ...known.files, [media]: done }, underway: null });
    }
    for (let tries = 0; ; tries++) {
      if (!known.sealed) {
        if (!sealing) throw notReady();
        const hasFiles = sending.uploads.length > 0;
        const content = hasFiles ? { ...known.content, files: known.files } : known.content;
        await keep({ sealed: await sealing.seal(sending.lane, sending.id, content) });
      }
      try {
        const body = { ...(sending.body as object), ...known.sealed };
        return await this.#send(sending.method, sending.path, body);
      } catch (error) {
        if (!(error instanceof Problem) || error.slug !== 'stale-audience') throw error;
        sealing?.stale(sending.lane, error.facts);
        for (const listener of this.#onStale) listener(sending.lane);
        await keep({ sealed: null });
        if (tries === STALE_TRIES) throw new Problem(error.slug, 0, error.title, error.facts);
      }
    }
  }

  /** Tells every tab how far the files are, while the one at `index` goes. */
  #counter({ id, uploads }: Sending, index: number): (sent: number) => void {
    const sizes = uploads.map(({ file }) => file.size);
    const all = sizes.reduce((sum, size) => sum + size, 0);
    const before = sizes.slice(0, index).reduce((sum, size) => sum + size, 0);
    return (sent) => {
      const part = Math.min(1, (before + sent) / Math.max(1, all));
      this.#note(id, part);
      if (!this.#isClosed) this.#channel.postMessage({ kind: 'progress', id, part } satisfies Note);
    };
  }

  #note(id: string, part: number): void {
    this.progress = { ...this.progress, [id]: part };
  }

  /** Writes down what became of it, unless it has arrived in the meantime. */
  async #change(
    { n, id }: Sending,
    change: Partial<Omit<Sending, 'n' | 'id'>>,
    isStill: (known: KeptSending) => boolean = () => true,
  ): Promise<void> {
    const kept = change.private ? await this.#lock({ id, ...change }) : change;
    const tx = this.#db.transaction('outbox', 'readwrite');
    const known = await tx.store.get(n);
    if (known && isStill(known)) await tx.store.put({ ...known, ...kept });
    await tx.done;
    await this.#refresh();
  }

  async #refuse(sending: Sending, { slug, title, facts }: Problem): Promise<void> {
    await this.#change(sending, { refused: { slug, title, facts } });
    await this.#announce({ kind: 'changed' });
  }

  async #delete(id: string): Promise<void> {
    const n = await this.#db.getKeyFromIndex('outbox', 'id', id);
    if (n !== undefined) await this.#db.delete('outbox', n);
  }

  async #announce(note: Note): Promise<void> {
    if (!this.#isClosed) this.#channel.postMessage(note);
    await this.#changed();
  }

  async #changed(): Promise<void> {
    if (this.#isClosed) return;
    await this.#refresh();
    this.#look();
    this.#start();
  }

  async #refresh(): Promise<void> {
    const kept = await this.#db.getAll('outbox');
    const items = await Promise.all(kept.map((sending) => this.#unlock(sending)));
    this.items = items.filter((item) => item !== null);
    for (const [id, stop] of this.#stops) {
      const item = this.items.find((one) => one.id === id);
      if (!item || item.isPaused) stop.abort();
    }
  }

  async #lock<T extends Partial<Sending> & { id: string }>(sending: T): Promise<T> {
    if (!this.#shelf || !sending.private) return sending;
    const locked = await this.#shelf.lock(sending.id, sending.private);
    return { ...sending, private: null, locked };
  }

  /** Null for what cannot be read any more: then nobody can send it. */
  async #unlock({ locked, ...sending }: KeptSending): Promise<Sending | null> {
    if (!locked) return sending;
    try {
      const known = await this.#shelf?.unlock<Private>(sending.id, locked);
      return known ? { ...sending, private: known } : null;
    } catch {
      return null;
    }
  }

  #tell({ id, answer, path }: Extract<Note, { kind: 'sent' }>): void {
    for (const listener of this.#listeners) listener(id, answer, path);
  }

  async #rest(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const time = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([time, this.#woken]);
    clearTimeout(timer);
  }

  #renewWake(): void {
    this.#woken = new Promise((resolve) => {
      this.#wake = () => {
        resolve();
        this.#renewWake();
      };
    });
  }
}

/** Where the browser can, what waits goes out when the line is back, even if no tab is open by then. */
async function offerToSend(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const registration: Syncing | undefined = await navigator.serviceWorker.getRegistration();
  await registration?.sync?.register('outbox').catch(() => undefined);
}

/** Not every browser has it, and no types do. */
interface Syncing extends ServiceWorkerRegistration {
  readonly sync?: { readonly register: (tag: string) => Promise<void> };
}

const notReady = (): Problem => new Problem('keys-not-ready', 0, 'The keys are not ready yet.');

/** It is sent without anybody doing anything more. */
const isGoing = ({ refused, isPaused, due_at }: Sending): boolean =>
  !refused && !isPaused && due_at === undefined;
