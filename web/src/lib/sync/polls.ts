/** Polls: who chose what. The last vote of each person counts; what came after the end does not. */

import type { Content, Entry } from './entries.ts';

export type Poll = Extract<Content, { type: 'poll' }>;

export interface Tally {
  /** Of each option, who chose it, in the order of their choice. */
  readonly votes: readonly (readonly string[])[];
  /** Its author ended it. */
  readonly isEnded: boolean;
}

const MOST_OPTIONS = 12;

/** Anybody may write anything: what has not the shape of a poll is none. */
export function isPoll(body: Entry['body']): body is Poll {
  if (!body || !('type' in body) || body.type !== 'poll') return false;
  const { question, options } = body as Partial<Poll>;
  return (
    typeof question === 'string' &&
    Array.isArray(options) &&
    options.length >= 2 &&
    options.length <= MOST_OPTIONS &&
    options.every((option) => typeof option === 'string')
  );
}

/** `about` is what was said about it, in the order of `seq`. */
export function tally(poll: Poll, author: string | undefined, about: readonly Entry[]): Tally {
  const chosen = new Map<string, readonly number[]>();
  let isEnded = false;
  for (const { from, ts, body } of about) {
    if (!from || isEnded || !body || !('type' in body)) continue;
    if (body.type === 'poll_end') isEnded = from === author;
    else if (body.type === 'vote' && !(poll.closes_at !== undefined && ts >= poll.closes_at)) {
      const options = validChoice(poll, body.options);
      if (!options) continue;
      chosen.delete(from);
      if (options.length > 0) chosen.set(from, options);
    }
  }
  const votes = poll.options.map((_, option) =>
    [...chosen].filter(([, options]) => options.includes(option)).map(([person]) => person),
  );
  return { votes, isEnded };
}

function validChoice(poll: Poll, options: unknown): readonly number[] | null {
  if (!Array.isArray(options)) return null;
  const known = options.every(
    (option) => Number.isInteger(option) && option >= 0 && option < poll.options.length,
  );
  const isOne = poll.several === true || options.length <= 1;
  return known && isOne ? (options as number[]) : null;
}
