/**
 * The notebook of a person: a small document that all of their confirmed devices share, and that the server keeps
 * without being able to read it. What is written here counts at once, waits on the device, sealed, and meets what the
 * other devices wrote whenever there is a connection.
 */

import type { IDBPDatabase } from 'idb';
import { deleteDB, openDB } from 'idb';
import { call } from '#lib/api/client.ts';
import { Problem } from '#lib/api/problem.ts';
import type { Note, Notes } from './notes.ts';
import { asNotes, mergeNotes, NOTHING, pruneNotes, readNotes, writeNotes } from './notes.ts';
import type { Locked, Shelf } from './shelf.ts';

/** Seals it for the confirmed devices of this person. */
export interface NotebookSealing {
  /** Raises: a `Problem`; a passing one is worth trying again. */
  seal(text: string): Promise<string>;
  /** Null when it was sealed with an identity that this person has no more. */
  open(ciphertext: string): Promise<string | null>;
}

interface Kept {
  readonly ciphertext: string;
  readonly etag: string;
}

const PATH = '/v1/secrets/notebook';
const STORE = 'kept';
const NAME = 'notebook';
const MOST = 1000;
const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 60_000;

const nameOf = (userId: string): string => `kirana-notebook-${userId}`;

export class Notebook {
  #notes = $state.raw<Notes>(NOTHING);

  readonly #name: string;
  readonly #db: IDBPDatabase;
  readonly #shelf: Pick<Shelf, 'lock' | 'unlock'>;
  readonly #now: () => number;
  readonly #send: typeof call;
  readonly #channel: BroadcastChannel;
  #sealing: NotebookSealing | null = null;
  #keeping: Promise<unknown> = Promise.resolve();
  #meeting: Promise<void> | null = null;
  #isAskedAgain = false;
  #wait = FIRST_WAIT_MS;
  #later: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  private constructor(
    name: string,
    db: IDBPDatabase,
    shelf: Pick<Shelf, 'lock' | 'unlock'>,
    now: () => number,
    send: typeof call,
  ) {
    this.#name = name;
    this.#db = db;
    this.#shelf = shelf;
    this.#now = now;
    this.#send = send;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = () => void this.#read().then((notes) => (this.#notes = notes));
  }

  static async open(
    userId: string,
    shelf: Pick<Shelf, 'lock' | 'unlock'>,
    now: () => number,
    send: typeof call = call,
  ): Promise<Notebook> {
    const name = nameOf(userId);
    const db: IDBPDatabase = await openDB(name, 1, {
      upgrade: (fresh) => void fresh.createObjectStore(STORE),
      blocking: () => db.close(),
    });
    const notebook = new Notebook(name, db, shelf, now, send);
    notebook.#notes = await notebook.#read();
    return notebook;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#later);
    this.#channel.close();
    this.#db.close();
  }

  /** From now on it can meet what the other devices wrote. */
  plug(sealing: NotebookSealing): void {
    this.#sealing = sealing;
    this.hurry();
  }

  get(key: string): unknown {
    return this.#notes.get(key)?.value ?? null;
  }

  /** What is kept under keys that begin so: the rest of each key, and what stands there. */
  list(prefix: string): readonly (readonly [key: string, value: unknown])[] {
    return [...this.#notes].flatMap(([key, { value }]) =>
      value !== null && key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
    );
  }

  /** Writes some items, null to take one out. Raises: `notebook-full`. */
  async write(items: Readonly<Record<string, unknown>>): Promise<void> {
    const now = this.#now();
    const fresh = Object.entries(items).map(([key, value]): [string, Note] => {
      const at = Math.max(now, (this.#notes.get(key)?.at ?? 0) + 1);
      return [key, { at, value }];
    });
    const next = mergeNotes(this.#notes, asNotes(fresh));
    const isMore = fresh.some(([, { value }]) => value !== null);
    if (isMore && [...next.values()].filter(({ value }) => value !== null).length > MOST) {
      throw new Problem('notebook-full', 409, 'Your notebook is full.', { most: MOST });
    }
    this.#notes = next;
    await this.#keep(asNotes(fresh));
    this.hurry();
  }

  /** Something may have changed there, or can be told there now. */
  hurry(): void {
    clearTimeout(this.#later);
    if (!this.#sealing || this.#isClosed) return;
    if (this.#meeting) {
      this.#isAskedAgain = true;
      return;
    }
    this.#meeting = this.#meet(this.#sealing)
      .then(() => (this.#wait = FIRST_WAIT_MS))
      .catch((error: unknown) => this.#tryLater(error))
      .then(() => {
        this.#meeting = null;
        if (this.#isAskedAgain) {
          this.#isAskedAgain = false;
          this.hurry();
        }
      });
  }

  #tryLater(error: unknown): void {
    if (this.#isClosed) return;
    if (!(error instanceof Problem)) {
      console.error(error);
      return;
    }
    // What is refused for good, as to a device that is not confirmed, waits for the next news.
    if (!error.isPassing) return;
    this.#later = setTimeout(() => this.hurry(), error.retryAfterMs ?? this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }

  /** Both sides have the same after this. When another device was faster, once more with what it wrote. */
  async #meet(sealing: NotebookSealing): Promise<void> {
    for (;;) {
      const there = await this.#fetch(PATH);
      const written = there && (await sealing.open(there.ciphertext));
      const known = written ?? (there && (await this.#before(sealing)));
      const notes = await this.#keep(known === null ? NOTHING : readNotes(known));
      const text = writeNotes(notes);
      if (text === written || (there === null && notes.size === 0)) return;
      try {
        const body = { ciphertext: await sealing.seal(text) };
        await this.#send('PUT', PATH, body, { match: there?.etag ?? null });
        return;
      } catch (error) {
        if (!(error instanceof Problem) || error.slug !== 'secret-changed') throw error;
      }
    }
  }

  /** A write that broke is mended from the value before it. */
  async #before(sealing: NotebookSealing): Promise<string | null> {
    const before = await this.#fetch(`${PATH}?previous=true`);
    return before && (await sealing.open(before.ciphertext));
  }

  async #fetch(path: string): Promise<Kept | null> {
    try {
      return await this.#send<Kept>('GET', path);
    } catch (error) {
      if (error instanceof Problem && error.slug === 'not-found') return null;
      throw error;
    }
  }

  /** What lies here, with these; one tab after another. */
  #keep(more: Notes): Promise<Notes> {
    const kept = this.#keeping.then(() =>
      oneAtATime(this.#name, async () => {
        const known = await this.#read();
        const notes = pruneNotes(mergeNotes(known, more), this.#now());
        this.#notes = mergeNotes(notes, this.#notes);
        const text = writeNotes(notes);
        if (text === writeNotes(known)) return notes;
        await this.#db.put(STORE, await this.#shelf.lock(NAME, text), NAME);
        if (!this.#isClosed) this.#channel.postMessage(null);
        return notes;
      }),
    );
    this.#keeping = kept.catch(() => undefined);
    return kept;
  }

  async #read(): Promise<Notes> {
    const locked = (await this.#db.get(STORE, NAME)) as Locked | undefined;
    if (!locked) return NOTHING;
    const text = await this.#shelf.unlock<string>(NAME, locked).catch(() => null);
    return text === null ? NOTHING : readNotes(text);
  }
}

function oneAtATime<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (!('locks' in navigator)) return work();
  return navigator.locks.request(name, work);
}

export const forgetNotebook = (userId: string): Promise<void> => deleteDB(nameOf(userId));
