/**
 * What was said or done and is not with the server yet. Written down before it is sent, sent one at a time per
 * lane (a conversation), tried again with the same id until the server has it. A final refusal stays, with its
 * reason, until the person removes it or tries again.
 */

import { call } from '#lib/api/client.ts';
import { Problem } from '#lib/api/problem.ts';
import type { Database } from './database.ts';

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
  readonly uploads: readonly { readonly path: string; readonly file: Blob }[];
  readonly at: number;
  readonly refused: { readonly slug: string; readonly title: string; readonly facts: Facts } | null;
}

type Facts = Readonly<Record<string, unknown>>;
type NewSending = Pick<Sending, 'id' | 'lane' | 'path' | 'body'> &
  Partial<Pick<Sending, 'method' | 'actingFor' | 'uploads'>>;

type Note =
  | { readonly kind: 'changed' }
  | { readonly kind: 'sent'; readonly id: string; readonly answer: unknown };

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

export class Outbox {
  /** What waits or was refused, the oldest first; the same in every tab. */
  items = $state.raw<readonly Sending[]>([]);

  readonly #db: Database;
  readonly #channel: BroadcastChannel;
  readonly #send: typeof call;
  // Nobody draws these.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #listeners = new Set<(id: string, answer: unknown) => void>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #lanes = new Map<string, Promise<void>>();
  #isDraining = false;
  #isClosed = false;
  #wake = () => {};
  #woken = new Promise<void>(() => {});

  constructor(db: Database, userId: string, send: typeof call = call) {
    this.#db = db;
    this.#send = send;
    this.#renewWake();
    this.#channel = new BroadcastChannel(`kirana-outbox-${userId}`);
    this.#channel.onmessage = ({ data }: MessageEvent<Note>) => {
      if (data.kind === 'sent') this.#tell(data.id, data.answer);
      void this.#changed();
    };
  }

  async open(): Promise<void> {
    await this.#refresh();
  }

  close(): void {
    this.#isClosed = true;
    this.#channel.close();
    this.#wake();
  }

  /** Writes it down; it is sent as soon as it may be. */
  async add(sending: NewSending): Promise<void> {
    const value: Omit<Sending, 'n'> = {
      method: 'POST',
      actingFor: null,
      uploads: [],
      ...sending,
      at: Date.now(),
      refused: null,
    };
    // The place is given by the database, so that two tabs never share one.
    await this.#db.add('outbox', value as Sending);
    await this.#announce({ kind: 'changed' });
  }

  /** What the server answered to what was sent, in this tab or another. */
  onSent(listener: (id: string, answer: unknown) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Gives up what was refused. */
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
    this.#start();
  }

  /** Something changed outside: a connection, a sign-in. Try what waits at once. */
  hurry(): void {
    this.#wake();
  }

  #start(): void {
    if (!this.#isDraining || this.#isClosed) return;
    for (const { lane } of this.items.filter((item) => !item.refused)) {
      if (this.#lanes.has(lane)) continue;
      const work = this.#drainLane(lane)
        .catch((error: unknown) => console.error(error))
        .finally(() => {
          this.#lanes.delete(lane);
          if (this.items.some((item) => item.lane === lane && !item.refused)) this.#start();
        });
      this.#lanes.set(lane, work);
    }
  }

  async #drainLane(lane: string): Promise<void> {
    let wait = FIRST_WAIT_MS;
    for (;;) {
      const next = this.items.find((item) => item.lane === lane && !item.refused);
      if (!next || this.#isClosed) return;
      try {
        const answer = await this.#deliver(next);
        await this.#delete(next.id);
        this.#tell(next.id, answer);
        await this.#announce({ kind: 'sent', id: next.id, answer });
        wait = FIRST_WAIT_MS;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.isPassing || error.status === 401) {
          const jitter = 0.5 + Math.random() / 2;
          await this.#rest(error.retryAfterMs ?? wait * jitter);
          wait = Math.min(wait * 2, LONGEST_WAIT_MS);
        } else {
          await this.#refuse(next, error);
        }
      }
    }
  }

  async #deliver(sending: Sending): Promise<unknown> {
    const options = { actingFor: sending.actingFor };
    for (const { path, file } of sending.uploads) await this.#send('POST', path, file, options);
    return this.#send(sending.method, sending.path, sending.body, options);
  }

  async #refuse(sending: Sending, { slug, title, facts }: Problem): Promise<void> {
    await this.#db.put('outbox', { ...sending, refused: { slug, title, facts } });
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
    this.#start();
  }

  async #refresh(): Promise<void> {
    this.items = await this.#db.getAll('outbox');
  }

  #tell(id: string, answer: unknown): void {
    for (const listener of this.#listeners) listener(id, answer);
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
