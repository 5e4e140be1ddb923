/**
 * Asking the person to prove, by PIN or passkey, that it is really them. Rooms ask; the shell's sheet answers.
 *
 *     const transfer = await withConfirmation(t.pay.send(amount, name), (confirmation) =>
 *       api.post<Transfer>('/v1/transfers', body, { confirmation }));
 *     if (!transfer) return; // the person gave up; nothing was sent
 */

import { Problem } from './problem.ts';

export interface Question {
  /** What is confirmed: the SHA-256, in hex, that the server expects. */
  readonly challenge: string;
  /** The same in words, for the person: "Send ₹250 to Ravi". */
  readonly text: string;
}

type Asker = (question: Question) => Promise<string | null>;

let asker: Asker | null = null;

/** The id to send as `confirmation`; null when the person gave up. */
export function askConfirmation(question: Question): Promise<string | null> {
  if (!asker) throw new Error('Nobody is signed in who could confirm.');
  return asker(question);
}

/** For the shell. Answers how to take it back. */
export function setAsker(next: Asker): () => void {
  asker = next;
  return () => {
    if (asker === next) asker = null;
  };
}

/**
 * Sends what may need a confirmation: first plainly, and when the server asks for one, again with it. Both times
 * with the same id, so it happens once. Null when the person gave up.
 */
export async function withConfirmation<T>(
  text: string,
  send: (confirmation?: string) => Promise<T>,
): Promise<T | null> {
  try {
    return await send();
  } catch (error) {
    const challenge = error instanceof Problem ? error.facts.challenge : undefined;
    const isAsked = error instanceof Problem && error.slug === 'confirmation-required';
    if (!isAsked || typeof challenge !== 'string') throw error;
    const confirmation = await askConfirmation({ challenge, text });
    return confirmation === null ? null : send(confirmation);
  }
}
