/**
 * The crypto as every tab sees it. The tab that leads has the worker and answers the others over a channel; when it
 * goes, the next one leads, and whoever waits for an answer asks again.
 */

import type { Crypto, News } from './model.ts';
import { problems } from './problems.ts';
import type { Frame } from './rpc.ts';
import { Calls, answer } from './rpc.ts';

/** As much of a `Worker` as is needed. */
export interface WorkerLike {
  onmessage: ((event: MessageEvent<Frame>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage: (frame: Frame) => void;
  terminate: () => void;
}

const METHODS: readonly (keyof Crypto)[] = [
  'status',
  'take',
  'pull',
  'resync',
  'begin',
  'reset',
  'cancelReset',
  'recoveryKey',
  'recoveryKeySaved',
  'newRecoveryKey',
  'recover',
  'restore',
  'encrypt',
  'decrypt',
  'nextList',
  'roster',
  'sealNotebook',
  'openNotebook',
  'devices',
  'person',
  'changed',
  'accept',
  'withdraw',
  'verify',
  'verifications',
  'step',
  'signal',
  'openSignal',
];

/** How often a worker that dies at once is started again before it is left alone. */
const TRIES = 5;
const QUIET_MS = 60_000;
/** Calls of other tabs, by id. */
const REMEMBERED = 1000;

export class Door {
  readonly user: string;
  readonly device: string;
  /** Every method of the crypto; the worker starts with the first call. */
  readonly crypto: Crypto;

  readonly #makeWorker: () => WorkerLike;
  readonly #channel: BroadcastChannel;
  readonly #toLeader: Calls;
  readonly #listeners = new Map<keyof News, Set<(news: never) => void>>();
  readonly #asked = new Set<string>();
  #isLeading = false;
  #isClosed = false;
  #worker: WorkerLike | null = null;
  #toWorker: Calls | null = null;
  #opened: Promise<unknown> | null = null;
  #deaths: number[] = [];

  constructor(user: string, device: string, makeWorker: () => WorkerLike) {
    this.user = user;
    this.device = device;
    this.#makeWorker = makeWorker;
    this.#channel = new BroadcastChannel(`kirana-crypto-${user}-${device}`);
    this.#toLeader = new Calls((frame) => this.#channel.postMessage(frame));
    this.#channel.onmessage = ({ data }: MessageEvent<Frame>) => this.#heard(data);
    const calls = METHODS.map((name) => [name, (...args: unknown[]) => this.#call(name, args)]);
    this.crypto = {
      ...(Object.fromEntries(calls) as Crypto),
      // eslint-disable-next-line @typescript-eslint/require-await
      close: async () => this.close(),
    };
  }

  /** This tab has the engine's lock: from now on the worker is here. */
  lead(): void {
    if (this.#isLeading || this.#isClosed) return;
    this.#isLeading = true;
    this.#channel.postMessage({ t: 'here' } satisfies Frame);
    // Our own questions to a leader that is gone are now for us.
    for (const frame of this.#toLeader.waiting()) {
      void this.#answer(frame).then((answered) => this.#toLeader.heard(answered));
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#channel.close();
    this.#worker?.terminate();
    this.#worker = null;
    this.#toWorker?.fail(problems.notOpen());
    this.#toLeader.fail(problems.notOpen());
  }

  on<K extends keyof News>(what: K, listener: (news: News[K]) => void): () => void {
    const all = this.#listeners.get(what) ?? new Set();
    all.add(listener);
    this.#listeners.set(what, all);
    return () => all.delete(listener);
  }

  #call(method: string, args: unknown[]): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(problems.notOpen());
    return this.#isLeading ? this.#ask(method, args) : this.#toLeader.call(method, args);
  }

  #answer(frame: Extract<Frame, { t: 'call' }>): Promise<Frame> {
    return answer({ [frame.method]: (...args: unknown[]) => this.#ask(frame.method, args) }, frame);
  }

  async #ask(method: string, args: unknown[]): Promise<unknown> {
    const worker = this.#start();
    await this.#opened;
    return worker.call(method, args);
  }

  #start(): Calls {
    if (this.#toWorker) return this.#toWorker;
    const worker = this.#makeWorker();
    const calls = new Calls((frame) => worker.postMessage(frame));
    worker.onmessage = ({ data }) => {
      if (worker !== this.#worker) return;
      if (data.t === 'news') this.#tell(data);
      else if (data.t === 'dead') this.#died(data.why);
      else calls.heard(data);
    };
    worker.onerror = ({ message }) => {
      if (worker === this.#worker) this.#died(message);
    };
    this.#worker = worker;
    this.#toWorker = calls;
    this.#opened = calls.call('open', [this.user, this.device]);
    this.#opened.catch(() => {
      // It could not be opened: the next call tries again with a new one.
      if (worker === this.#worker) this.#end();
    });
    return calls;
  }

  #end(): Calls | null {
    const calls = this.#toWorker;
    this.#worker?.terminate();
    this.#worker = null;
    this.#toWorker = null;
    this.#opened = null;
    return calls;
  }

  /** A panic kills the wasm. The worker ends, another starts, and the outbox tries again. */
  #died(why: string): void {
    console.warn('The crypto worker is started again:', why);
    const calls = this.#end();
    const now = Date.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < QUIET_MS), now];
    calls?.fail(problems.restarted());
    this.#tell({ t: 'news', what: 'restarted', news: null });
    if (this.#deaths.length < TRIES && !this.#isClosed) this.#start();
  }

  #heard(frame: Frame): void {
    switch (frame.t) {
      case 'call':
        // Who heard late that we are here has asked twice.
        if (this.#isLeading && this.#isNew(frame.id)) {
          void this.#answer(frame).then((answered) => this.#post(answered));
        }
        break;
      case 'here':
        this.#toLeader.again();
        break;
      case 'news':
        this.#tellHere(frame);
        break;
      default:
        this.#toLeader.heard(frame);
    }
  }

  #tell(frame: Extract<Frame, { t: 'news' }>): void {
    this.#tellHere(frame);
    this.#post(frame);
  }

  #isNew(id: string): boolean {
    if (this.#asked.has(id)) return false;
    this.#asked.add(id);
    const [oldest] = this.#asked;
    if (this.#asked.size > REMEMBERED && oldest !== undefined) this.#asked.delete(oldest);
    return true;
  }

  #post(frame: Frame): void {
    if (!this.#isClosed) this.#channel.postMessage(frame);
  }

  #tellHere({ what, news }: Extract<Frame, { t: 'news' }>): void {
    for (const listener of this.#listeners.get(what) ?? []) {
      try {
        listener(news as never);
      } catch (error) {
        console.error(error);
      }
    }
  }
}
