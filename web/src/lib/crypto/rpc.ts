/**
 * Calls across a port: from the leading tab to its worker, and from every other tab to the leading one. A call may run
 * twice when a tab or the worker goes in the middle; nothing here minds.
 */

import { Problem } from '#lib/api/problem.ts';
import type { News } from './model.ts';

/** What crosses. Plain data. */
export type Frame =
  | { readonly t: 'call'; readonly id: string; readonly method: string; readonly args: unknown[] }
  | { readonly t: 'ok'; readonly id: string; readonly value: unknown }
  | { readonly t: 'err'; readonly id: string; readonly error: Fault }
  | { readonly t: 'news'; readonly what: keyof News; readonly news: unknown }
  /** The leading tab is there, or there anew: whoever waits for an answer asks again. */
  | { readonly t: 'here' }
  /** The wasm is dead: the worker must be started again. */
  | { readonly t: 'dead'; readonly why: string };

/** An error as plain data. */
export type Fault =
  | {
      readonly slug: string;
      readonly status: number;
      readonly title: string;
      readonly facts: Record<string, unknown>;
    }
  | { readonly message: string };

export function toFault(error: unknown): Fault {
  if (error instanceof Problem) {
    const { slug, status, title, facts } = error;
    return { slug, status, title, facts };
  }
  return { message: error instanceof Error ? error.message : String(error) };
}

export const fromFault = (fault: Fault): Error =>
  'slug' in fault
    ? new Problem(fault.slug, fault.status, fault.title, fault.facts)
    : new Error(fault.message);

type Methods = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

/** Answers one call. */
export async function answer(
  target: object,
  { id, method, args }: Extract<Frame, { t: 'call' }>,
): Promise<Frame> {
  try {
    const run = (target as Methods)[method];
    if (!run) throw new Error(`There is no ${method}.`);
    return { t: 'ok', id, value: await run.apply(target, args as never[]) };
  } catch (error) {
    return { t: 'err', id, error: toFault(error) };
  }
}

interface Open {
  readonly frame: Extract<Frame, { t: 'call' }>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The asking side: calls that wait for their answers. */
export class Calls {
  readonly #post: (frame: Frame) => void;
  readonly #open = new Map<string, Open>();

  constructor(post: (frame: Frame) => void) {
    this.#post = post;
  }

  call(method: string, args: unknown[]): Promise<unknown> {
    const frame = { t: 'call', id: crypto.randomUUID(), method, args } as const;
    return new Promise((resolve, reject) => {
      this.#open.set(frame.id, { frame, resolve, reject });
      this.#post(frame);
    });
  }

  /** Takes an answer to one of ours; others are not ours. */
  heard(frame: Frame): void {
    if (frame.t !== 'ok' && frame.t !== 'err') return;
    const waiting = this.#open.get(frame.id);
    if (!waiting) return;
    this.#open.delete(frame.id);
    if (frame.t === 'ok') waiting.resolve(frame.value);
    else waiting.reject(fromFault(frame.error));
  }

  waiting(): readonly Extract<Frame, { t: 'call' }>[] {
    return [...this.#open.values()].map(({ frame }) => frame);
  }

  /** Asks everything again that has no answer. */
  again(): void {
    for (const { frame } of this.#open.values()) this.#post(frame);
  }

  fail(error: Error): void {
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }
}
