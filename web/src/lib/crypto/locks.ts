/** One thing at a time, in the order of asking. */
export class Lock {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** One thing at a time for each key. */
export class Locks {
  readonly #locks = new Map<string, { lock: Lock; waiting: number }>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const held = this.#locks.get(key) ?? { lock: new Lock(), waiting: 0 };
    this.#locks.set(key, held);
    held.waiting += 1;
    try {
      return await held.lock.run(work);
    } finally {
      held.waiting -= 1;
      if (held.waiting === 0) this.#locks.delete(key);
    }
  }
}
