/**
 * The sealed envelope: what stands inside the ciphertext of a message of a private conversation.
 *
 * The library proves who sent it and that nobody changed it. The envelope adds what the library does not: it binds
 * the message to its id and conversation, since the library accepts the same ciphertext again under another id; it
 * hides the length; and it holds the key of the commitment, by which a report can be proven and not forged.
 */

import type { Bytes } from './bytes.ts';
import { base64, fromBase64, random, utf8 } from './bytes.ts';

export const ENVELOPE_TYPE = 'kirana.message';
const STEP_BYTES = 256;

export interface Envelope {
  readonly id: string;
  readonly conv: string;
  /** When it was written, by the sender's clock, in milliseconds. */
  readonly at: number;
  /** In groups: the hash of the member list that the sender goes by. */
  readonly list?: string;
  /** Base64 of 32 random bytes: the key of the commitment. */
  readonly k: string;
  /** The content as JSON. */
  readonly c: string;
}

export interface Packed {
  readonly text: string;
  /** HMAC-SHA-256(k, c), base64. */
  readonly com: string;
}

/** Makes the plain text of an envelope, filled up to the next multiple of 256 bytes, and its commitment. */
export async function pack(
  what: Omit<Envelope, 'k' | 'c'>,
  content: unknown,
  key: Bytes = random(32),
): Promise<Packed> {
  const c = JSON.stringify(content);
  const { id, conv, at, list } = what;
  const bare = { v: 1, id, conv, at, ...(list && { list }), k: base64(key), c, pad: '' };
  const size = utf8(JSON.stringify(bare)).length;
  const pad = ' '.repeat((STEP_BYTES - (size % STEP_BYTES)) % STEP_BYTES);
  return { text: JSON.stringify({ ...bare, pad }), com: await commit(key, c) };
}

/** Null when it is no envelope that we know. */
export function unpack(content: unknown): Envelope | null {
  if (typeof content !== 'object' || content === null) return null;
  const { v, id, conv, at, list, k, c } = content as Record<string, unknown>;
  const isWhole =
    v === 1 &&
    typeof id === 'string' &&
    typeof conv === 'string' &&
    typeof at === 'number' &&
    (list === undefined || typeof list === 'string') &&
    typeof k === 'string' &&
    typeof c === 'string';
  return isWhole ? { id, conv, at, k, c, ...(list !== undefined && { list }) } : null;
}

/** Whether the commitment that the server keeps is that of this content. */
export async function isCommitted(envelope: Envelope, com: string | undefined): Promise<boolean> {
  if (com === undefined) return false;
  try {
    const key = fromBase64(envelope.k);
    return key.length === 32 && (await commit(key, envelope.c)) === com.replace(/=+$/, '');
  } catch {
    return false;
  }
}

async function commit(key: Bytes, c: string): Promise<string> {
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const signing = await crypto.subtle.importKey('raw', key, hmac, false, ['sign']);
  return base64(new Uint8Array(await crypto.subtle.sign('HMAC', signing, utf8(c))));
}
