/**
 * The signed member list of a private group. An admin's client sends it inside an encrypted message, so the server
 * cannot write one; each names the hash of the one before.
 */

import { base64, utf8 } from './bytes.ts';

export interface MemberList {
  /** 1 for the creator's, then one more each time. */
  readonly n: number;
  /** User ids, in order. */
  readonly members: readonly string[];
  readonly admins: readonly string[];
  /** The hash of the list before; empty for the first. */
  readonly prev: string;
}

/** What a device knows of a group's lists. */
export interface KnownLists {
  /** The hash of the list in force. */
  readonly current: string;
  readonly byHash: Readonly<Record<string, MemberList>>;
  /** Where the list in force was said. */
  readonly seq: number;
}

/** As many lists as are remembered to judge older messages by. */
const KEEP = 64;

/** The list after `before`, in one canonical form. */
export function makeList(
  members: Iterable<string>,
  admins: Iterable<string>,
  before: { readonly hash: string; readonly list: MemberList } | null,
): MemberList {
  return {
    n: (before?.list.n ?? 0) + 1,
    members: [...new Set(members)].sort(),
    admins: [...new Set(admins)].sort(),
    prev: before?.hash ?? '',
  };
}

export async function hashList({ n, members, admins, prev }: MemberList): Promise<string> {
  const text = JSON.stringify({ n, members, admins, prev });
  return base64(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text))));
}

export function readList(value: unknown): MemberList | null {
  if (typeof value !== 'object' || value === null) return null;
  const { n, members, admins, prev } = value as Record<string, unknown>;
  const areIds = (ids: unknown): ids is string[] =>
    Array.isArray(ids) && ids.every((id) => typeof id === 'string');
  const isWhole =
    typeof n === 'number' && areIds(members) && areIds(admins) && typeof prev === 'string';
  return isWhole && admins.every((id) => members.includes(id))
    ? { n, members, admins, prev }
    : null;
}

/**
 * What is known after `sender` said `list` at `seq`; null when nobody needs to believe it.
 *
 * The first list that a device meets is believed if its sender is an admin on it: that is the creator's, or, for
 * who joined later, that of the admin who added them. After that only an admin of the list in force may send the
 * next. Lists may be missing between (a device was away for long): then being an admin of the last known one has
 * to do, and the number must have grown.
 */
export async function follow(
  known: KnownLists | null,
  list: MemberList,
  sender: string,
  seq: number,
): Promise<KnownLists | null> {
  const hash = await hashList(list);
  if (known === null) {
    const isWhole = (list.n === 1) === (list.prev === '');
    if (!isWhole || !list.admins.includes(sender)) return null;
    return { current: hash, byHash: { [hash]: list }, seq };
  }
  if (hash in known.byHash) return known;
  const last = known.byHash[known.current];
  // What is older than what is in force changes nothing.
  if (!last || seq <= known.seq || !last.admins.includes(sender) || list.n <= last.n) return null;
  if (list.n === last.n + 1 && list.prev !== known.current) return null;
  const kept = Object.entries(known.byHash).slice(1 - KEEP);
  return { current: hash, byHash: { ...Object.fromEntries(kept), [hash]: list }, seq };
}
