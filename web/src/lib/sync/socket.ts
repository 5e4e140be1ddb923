/** The socket: comes back by itself after 1 to 30 seconds, with jitter, and notices when it has gone silent. */

export type Heard = { readonly t: string } & Readonly<Record<string, unknown>>;

interface Outside {
  /** The first thing to say on a new connection. */
  readonly hello: () => Heard;
  readonly hear: (frame: Heard) => void;
  readonly changed: (isOpen: boolean) => void;
  /** An attempt failed; the network may still carry plain requests. */
  readonly failed: () => void;
}

const PING_MS = 30_000;
const SILENCE_MS = 10_000;
const LONGEST_WAIT_MS = 30_000;

export class Socket {
  readonly #url: string;
  readonly #outside: Outside;
  #socket: WebSocket | null = null;
  #attempts = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ping: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(url: string, outside: Outside) {
    this.#url = url;
    this.#outside = outside;
    this.#connect();
  }

  /** Says it if it can be said now; what must arrive goes through the outbox. */
  say(frame: Heard): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** The network came back, or the tab came to the front: do not wait any longer. */
  hurry(): void {
    if (this.#isStopped) return;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#askForLife();
    else if (this.#socket === null) {
      clearTimeout(this.#retry);
      this.#connect();
    }
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    this.#drop();
  }

  #connect(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#attempts = 0;
      this.say(this.#outside.hello());
      this.#outside.changed(true);
      this.#heardSomething();
    };
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      this.#heardSomething();
      const heard = JSON.parse(data) as Heard | readonly Heard[];
      for (const frame of Array.isArray(heard) ? (heard as readonly Heard[]) : [heard as Heard]) {
        this.#outside.hear(frame);
      }
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
  }

  #lost(): void {
    this.#drop();
    this.#outside.changed(false);
    if (this.#isStopped) return;
    if (this.#attempts > 0) this.#outside.failed();
    const longest = Math.min(1000 * 2 ** this.#attempts++, LONGEST_WAIT_MS);
    this.#retry = setTimeout(() => this.#connect(), Math.max(1000, Math.random() * longest));
  }

  #drop(): void {
    clearTimeout(this.#ping);
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #heardSomething(): void {
    clearTimeout(this.#ping);
    clearTimeout(this.#silence);
    this.#ping = setTimeout(() => this.#askForLife(), PING_MS);
  }

  /** A connection can be dead without telling. */
  #askForLife(): void {
    this.say({ t: 'ping' });
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lost(), SILENCE_MS);
  }
}
