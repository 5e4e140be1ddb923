/**
 * Whether what the server says about money and orders is what it has always said. Each fact is signed and names the
 * hash of the one before it; a device remembers those that it has seen.
 */

import type { Entry, Fact } from './entries.ts';
import { isFact } from './entries.ts';

/** It is not signed by this server; it is not what it was; one before it is missing or another. */
export type FactDoubt = 'unsigned' | 'changed' | 'broken';

export interface Memory {
  /** The server's public key, as it was told first. */
  readonly key: string;
  /** The hashes of facts that were seen here, by id. */
  readonly seen: ReadonlyMap<string, string>;
}

interface Judged {
  /** What does not fit, by the subject that it is about. */
  readonly doubts: ReadonlyMap<string, FactDoubt>;
  /** Those that nothing speaks against, by id. */
  readonly hashes: ReadonlyMap<string, string>;
}

export const subjectOf = ({ subject }: Fact): string => `${subject.kind} ${subject.id}`;

/**
 * Looks at a part of a conversation without a hole. `isWhole` when it reaches back to the beginning; `mayBegin` where
 * two conversations may have become one, and so another chain may begin.
 */
export async function judgeFacts(
  run: readonly Entry[],
  { key, seen }: Memory,
  { isWhole, mayBegin }: { isWhole: boolean; mayBegin: boolean },
): Promise<Judged> {
  const doubts = new Map<string, FactDoubt>();
  const hashes = new Map<string, string>();
  const verify = await verifierOf(key);
  let before: string | null = isWhole ? '' : null;
  /** Facts from before this server signed any have no signature; after the first that has, all must. */
  let isSigned = false;
  for (const { k, id, ts, body } of run) {
    if (k !== 'fact') continue;
    if (!isFact(body)) {
      before = null;
      continue;
    }
    const { sig, prev = '' } = body;
    const isOld: boolean = sig === undefined && !isSigned;
    isSigned ||= sig !== undefined;
    const text = new TextEncoder().encode(signedText(id, ts, body));
    const hash = base64(await crypto.subtle.digest('SHA-256', text));
    const known = seen.get(id);
    const isNext = before === null || prev === before || (prev === '' && mayBegin);
    const doubt =
      known !== undefined && known !== hash
        ? 'changed'
        : !isOld && !(await verify(sig ?? '', text))
          ? 'unsigned'
          : isNext
            ? null
            : 'broken';
    if (doubt) doubts.set(subjectOf(body), doubt);
    else hashes.set(id, hash);
    // The chain begins with the first signature.
    before = isOld ? '' : hash;
  }
  return { doubts, hashes };
}

/** What the server signed: sorted names, no spaces. Source: RFC 8785 for what occurs in facts. */
function signedText(id: string, ts: number, fact: Fact): string {
  return canonical({ ...fact, sig: undefined, id, ts });
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const named = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`);
  return `{${named.join(',')}}`;
}

type Verify = (signature: string, text: Uint8Array<ArrayBuffer>) => Promise<boolean>;

/** Browsers that do not know Ed25519 take every signature for good: there the chain has to do. */
async function verifierOf(key: string): Promise<Verify> {
  try {
    const usable = await crypto.subtle.importKey('raw', bytes(key), 'Ed25519', false, ['verify']);
    return async (signature, text) => {
      try {
        return await crypto.subtle.verify('Ed25519', usable, bytes(signature), text);
      } catch {
        return false;
      }
    };
  } catch {
    return () => Promise.resolve(true);
  }
}

const bytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (one) => one.charCodeAt(0));

const base64 = (buffer: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/=+$/, '');
