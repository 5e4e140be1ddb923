/**
 * One stream, followed without hole or double.
 *
 * Frames may come twice, late or not at all; each is handled once, in the order of `pos`. What is missing is read
 * from the server. Nothing else is taken while a batch is being handled, so a position is kept only after all
 * before it.
 */

import type { Entry } from './entries.ts';

/** A frame of the stream: an entry of a conversation, or a pointer to what should be fetched again. */
export type Frame = { readonly t: 'ev'; readonly pos: number } & (Entry | Pointer);

export interface Pointer {
  readonly k: string;
  readonly ref: string;
  readonly seq?: number;
}

export const isEntry = (frame: Frame): frame is Frame & Entry => 'conv' in frame;

export interface StreamPage {
  readonly pos: number;
  readonly frames: readonly Frame[];
  readonly has_more: boolean;
  readonly resync: boolean;
}

interface Outside {
  /** `GET /v1/stream?after=`. */
  readonly read: (after: number) => Promise<StreamPage>;
  /** Handle what came, in order; `pos` is the position after it. */
  readonly handle: (frames: readonly Frame[], pos: number) => Promise<void>;
  /** Older entries are gone: start afresh at `head`. */
  readonly resync: (head: number) => Promise<void>;
}

const PATIENCE = 5;

export class Feed {
  #pos: number;
  readonly #outside: Outside;
  #waiting = new Map<number, Frame>();
  #head: number;
  #working: Promise<void> | null = null;
  #emptyReads = 0;

  constructor(pos: number, outside: Outside) {
    this.#pos = pos;
    this.#head = pos;
    this.#outside = outside;
  }

  /** Everything up to here was handled. */
  get pos(): number {
    return this.#pos;
  }

  /** A frame from the socket. */
  push(frame: Frame): Promise<void> {
    if (frame.pos > this.#pos) this.#waiting.set(frame.pos, frame);
    return this.reach(frame.pos);
  }

  /** The stream is at least at `head`: get there. */
  reach(head: number): Promise<void> {
    this.#head = Math.max(this.#head, head);
    this.#working ??= this.#work().finally(() => (this.#working = null));
    return this.#working;
  }

  /** Look once whether there is more, where no socket tells. */
  poll(): Promise<void> {
    this.#emptyReads = PATIENCE - 1;
    return this.reach(this.#pos + 1);
  }

  /** The server says that a cursor of ours is too old. */
  async startAt(head: number): Promise<void> {
    await this.#working?.catch(() => undefined);
    await this.#outside.resync(head);
    this.#pos = head;
    this.#head = Math.max(this.#head, head);
    this.#forgetOld();
  }

  async #work(): Promise<void> {
    while (this.#pos < this.#head) {
      const ready = this.#takeNext();
      if (ready.length > 0) {
        const pos = this.#pos + ready.length;
        await this.#outside.handle(ready, pos);
        this.#pos = pos;
      } else {
        await this.#fill();
      }
      this.#forgetOld();
    }
  }

  /** What has come in an unbroken row after our position. */
  #takeNext(): Frame[] {
    const ready: Frame[] = [];
    for (let next = this.#waiting.get(this.#pos + 1); next;) {
      ready.push(next);
      next = this.#waiting.get(this.#pos + ready.length + 1);
    }
    return ready;
  }

  async #fill(): Promise<void> {
    const page = await this.#outside.read(this.#pos);
    if (page.resync) {
      await this.#outside.resync(page.pos);
      this.#pos = this.#head = page.pos;
      return;
    }
    const fresh = page.frames.filter((frame) => frame.pos > this.#pos);
    if (page.pos > this.#pos) await this.#outside.handle(fresh, page.pos);
    this.#pos = Math.max(this.#pos, page.pos);
    // A frame may overtake the commit that another process reads from; a false one never comes true.
    if (fresh.length > 0 || page.has_more) this.#emptyReads = 0;
    else if (++this.#emptyReads < PATIENCE)
      await new Promise((resolve) => setTimeout(resolve, 100));
    else {
      this.#emptyReads = 0;
      this.#head = this.#pos;
      this.#waiting.clear();
    }
  }

  #forgetOld(): void {
    for (const pos of this.#waiting.keys()) if (pos <= this.#pos) this.#waiting.delete(pos);
  }
}
