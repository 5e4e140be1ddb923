/**
 * A conversation as it is now, folded from its entries in the order of `seq`.
 *
 * Pure: the same entries give the same timeline, whichever way and order they came in. Edits, reactions and
 * deletions disappear into what they are about; a fact's card stays in place and shows the latest state.
 */

import type { Content, Entry, Fact, MemberChange, Seal } from './entries.ts';
import { aboutOf, isChange, isFact } from './entries.ts';
import type { Tally } from './polls.ts';
import { isPoll, tally } from './polls.ts';

interface Line {
  readonly seq: number;
  readonly id: string;
  readonly from: string | null;
  readonly ts: number;
}

export interface MessageItem extends Line {
  readonly kind: 'message';
  readonly author: string | null;
  readonly isAutomatic: boolean;
  /** None once it was deleted, and while it is sealed. */
  readonly body: Content | null;
  /** Of a private message: whether it could be opened. */
  readonly seal: Seal | null;
  readonly isEdited: boolean;
  /** Emoji with who chose them, in the order of their first appearance. */
  readonly reactions: readonly { readonly emoji: string; readonly by: readonly string[] }[];
  /** Of a poll: who chose what. */
  readonly tally: Tally | null;
}

export interface FactItem extends Line {
  readonly kind: 'fact';
  /** What happened at this point. */
  readonly fact: Fact;
  /** At the subject's first fact: its latest one, to be drawn as the card. Later ones are a quiet line. */
  readonly card: Fact | null;
}

export interface ChangeItem extends Line {
  readonly kind: 'change';
  readonly change: MemberChange | null;
}

export type Item = MessageItem | FactItem | ChangeItem;

/**
 * Each entry once. A copy without its content is the newer one: what is deleted never comes back. Of two sealed
 * copies the one that was opened counts.
 */
export function mergeEntries(known: readonly Entry[], more: readonly Entry[]): Entry[] {
  const bySeq = new Map(known.map((entry) => [entry.seq, entry]));
  for (const entry of more) {
    const old = bySeq.get(entry.seq);
    if (!old || (hasContent(old) && (!hasContent(entry) || isOpener(entry, old)))) {
      bySeq.set(entry.seq, entry);
    }
  }
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

const hasContent = ({ body, ct }: Entry): boolean => body !== undefined || ct !== undefined;

const isOpener = (entry: Entry, old: Entry): boolean =>
  old.ct !== undefined && old.seal?.state !== 'open' && entry.seal !== undefined;

export function fold(entries: readonly Entry[]): Item[] {
  const ordered = mergeEntries([], entries);
  const senders = new Map(ordered.map((entry) => [entry.id, entry.from]));
  const edits = new Map<string, Content>();
  const chosen = new Map<string, Map<string, string>>();
  const deleted = new Set<string>();
  const latest = new Map<string, Fact>();
  const votes = new Map<string, Entry[]>();

  for (const entry of ordered) {
    const { k, from, target, body } = entry;
    if (k === 'deletion' && target) deleted.add(target);
    if (isFact(body)) latest.set(subjectOf(body), newer(latest.get(subjectOf(body)), body));
    else if (body?.type === 'edit' && from === senders.get(body.target_id)) {
      edits.set(body.target_id, body.content);
    } else if (body?.type === 'reaction' && from) {
      const ofTarget = chosen.get(body.target_id) ?? new Map<string, string>();
      ofTarget.delete(from);
      if (body.emoji) ofTarget.set(from, body.emoji);
      chosen.set(body.target_id, ofTarget);
    } else if (body?.type === 'vote' || body?.type === 'poll_end') {
      const ofPoll = votes.get(body.target_id) ?? [];
      ofPoll.push(entry);
      votes.set(body.target_id, ofPoll);
    }
  }

  const items: Item[] = [];
  const carded = new Set<string>();
  for (const entry of ordered) {
    const { k, seq, id, ts, body } = entry;
    const line = { seq, id, ts, from: entry.from ?? null };
    if (k === 'change') {
      items.push({ kind: 'change', ...line, change: isChange(body) ? body : null });
    } else if (isFact(body)) {
      const subject = subjectOf(body);
      const card = carded.has(subject) ? null : (latest.get(subject) ?? body);
      carded.add(subject);
      items.push({ kind: 'fact', ...line, fact: body, card });
    } else if (k === 'message' && !isChange(body) && isShown(entry, body)) {
      const isGone = body === undefined || deleted.has(id);
      const isClosed = entry.ct !== undefined || entry.seal?.state === 'waiting';
      const isSealed = isClosed && body === undefined && !deleted.has(id);
      items.push({
        kind: 'message',
        ...line,
        author: entry.author ?? null,
        isAutomatic: entry.auto ?? false,
        body: isGone ? null : (edits.get(id) ?? body),
        seal: isSealed ? (entry.seal ?? WAITING) : isGone ? null : (entry.seal ?? null),
        isEdited: !isGone && edits.has(id),
        reactions: isGone ? [] : gather(chosen.get(id)),
        tally: !isGone && isPoll(body) ? tally(body, entry.from, votes.get(id) ?? []) : null,
      });
    }
  }
  return items;
}

const WAITING: Seal = { state: 'waiting' };

/** What stands for itself; the rest is about something else. */
const isShown = ({ quiet, hidden }: Entry, body: Content | undefined): boolean =>
  !quiet && !hidden && (body === undefined || (aboutOf(body) === null && body.type !== 'settings'));

const subjectOf = ({ subject }: Fact): string => `${subject.kind} ${subject.id}`;

/** By the subject's own version where there is one: facts may be posted in another order than they happened. */
function newer(known: Fact | undefined, next: Fact): Fact {
  if (known?.subject.version === undefined || next.subject.version === undefined) return next;
  return next.subject.version >= known.subject.version ? next : known;
}

function gather(byPerson: ReadonlyMap<string, string> = new Map()): MessageItem['reactions'] {
  const byEmoji = new Map<string, string[]>();
  for (const [person, emoji] of byPerson) {
    byEmoji.set(emoji, [...(byEmoji.get(emoji) ?? []), person]);
  }
  return [...byEmoji].map(([emoji, by]) => ({ emoji, by }));
}
