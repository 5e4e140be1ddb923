/**
 * A conversation as it is now, folded from its entries in the order of `seq`.
 *
 * Pure: the same entries give the same timeline, whichever way and order they came in. Edits, reactions and
 * deletions disappear into what they are about; a fact's card stays in place and shows the latest state.
 */

import type { Content, Entry, Fact, MemberChange, Seal, SettingsChange } from './entries.ts';
import { aboutOf, isChange, isFact, isOnce } from './entries.ts';
import type { Tally } from './polls.ts';
import { subjectOf } from './facts.ts';
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
  /** This person has opened it for the one time that it may be. */
  readonly isSpent: boolean;
  /** Of what opens once: who has opened it, and when. */
  readonly opened: readonly { readonly by: string; readonly at: number }[];
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

/** An id stands for one message. Only a server that lies puts another in a place of its own under it. */
function distinct(entries: readonly Entry[]): Entry[] {
  const seen = new Set<string>();
  return entries.filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** `aside` says how it is with these, without being shown itself: what was said elsewhere about them. */
export function fold(entries: readonly Entry[], aside: readonly Entry[] = []): Item[] {
  const ordered = distinct(mergeEntries(aside, entries));
  const shown = new Set(entries.map(({ seq }) => seq));
  const senders = new Map(ordered.map((entry) => [entry.id, entry.from]));
  const edits = new Map<string, Content>();
  const chosen = new Map<string, Map<string, string>>();
  const deleted = new Set<string>();
  const latest = new Map<string, Fact>();
  const votes = new Map<string, Entry[]>();
  const openings = new Map<string, Map<string, number>>();

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
    } else if (body?.type === 'opened' && from) {
      const ofTarget = openings.get(body.target_id) ?? new Map<string, number>();
      if (!ofTarget.has(from)) ofTarget.set(from, entry.ts);
      openings.set(body.target_id, ofTarget);
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
    if (!shown.has(seq)) {
      if (isFact(body)) carded.add(subjectOf(body));
    } else if (k === 'change') {
      items.push({ kind: 'change', ...line, change: isChange(body) ? body : null });
    } else if (isSettings(body)) {
      for (const [n, said] of told(body.did ?? []).entries()) {
        const change: MemberChange = { type: 'change', user_id: entry.from, ...said };
        items.push({ kind: 'change', ...line, id: n === 0 ? id : `${id} ${n}`, change });
      }
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
        body: isGone ? null : isOnce(body) ? body : (edits.get(id) ?? body),
        seal: isSealed ? (entry.seal ?? WAITING) : isGone ? null : (entry.seal ?? null),
        isEdited: !isGone && edits.has(id) && !isOnce(body),
        isSpent: entry.spent ?? false,
        opened: deleted.has(id)
          ? []
          : [...(openings.get(id) ?? [])]
              .filter(([by]) => by !== entry.from)
              .map(([by, at]) => ({ by, at })),
        reactions: isGone ? [] : gather(chosen.get(id)),
        tally: !isGone && isPoll(body) ? tally(body, entry.from, votes.get(id) ?? []) : null,
      });
    }
  }
  return items;
}

const isSettings = (body: Entry['body']): body is Extract<Content, { type: 'settings' }> =>
  body !== undefined && 'type' in body && body.type === 'settings';

/** What of new settings is worth a line. Who came and went is told by the server. */
const told = (
  did: readonly SettingsChange[],
): { readonly change: string; readonly title?: string }[] =>
  did.flatMap(({ title, description, photo, pin, unpin }) => [
    ...(title === undefined ? [] : [{ change: 'title', title }]),
    ...(description === undefined ? [] : [{ change: 'description' }]),
    ...(photo === undefined ? [] : [{ change: photo ? 'photo' : 'no-photo' }]),
    ...(pin ? [{ change: 'pinned' }] : []),
    ...(unpin === undefined || pin ? [] : [{ change: 'unpinned' }]),
  ]);

const WAITING: Seal = { state: 'waiting' };

/** What stands for itself; the rest is about something else. */
const isShown = ({ quiet, hidden }: Entry, body: Content | undefined): boolean =>
  !quiet && !hidden && (body === undefined || aboutOf(body) === null);

/** What an entry says something about: a message's id, or the subject of a fact; null when it stands for itself. */
export function thingOf({ k, target, body }: Entry): string | null {
  if (k === 'deletion') return target ?? null;
  return isFact(body) ? subjectOf(body) : aboutOf(body);
}

/** The same objects as before where nothing has changed, so that nothing is drawn anew for them. */
export function keepSame(before: readonly Item[], now: readonly Item[]): readonly Item[] {
  const known = new Map(before.map((item) => [item.id, item]));
  return now.map((item) => {
    const old = known.get(item.id);
    return old && isSame(old, item) ? old : item;
  });
}

/** Made anew with each fold, and quickly compared. */
const SMALL = ['reactions', 'opened', 'tally', 'change'];

function isSame(a: Item, b: Item): boolean {
  const [old, now] = [new Map(Object.entries(a)), Object.entries(b)];
  return now.every(([key, value]) => {
    const known: unknown = old.get(key);
    if (known === value) return true;
    return SMALL.includes(key) && JSON.stringify(known) === JSON.stringify(value);
  });
}

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
