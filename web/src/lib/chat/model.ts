/** What a conversation looks like, worked out from what is known of it. Pure. */

import type { Schema } from '#lib/api/index.ts';
import { reader, t } from '#lib/i18n/index.ts';
import type {
  ChangeItem,
  Content,
  Entry,
  Fact,
  FactItem,
  Item,
  MemberChange,
  MessageItem,
  Photo,
  Sending,
} from '#lib/sync/index.ts';
import { aboutOf, fold, isOnce } from '#lib/sync/index.ts';
import type { Money } from '#lib/values/money.ts';
import { format } from '#lib/values/money.ts';
import type { Place } from '#lib/values/time.ts';
import { dayOf } from '#lib/values/time.ts';
import { settingsOf } from './settings.ts';

export type Card = Schema['Card'];
export type Contact = Schema['identity_contacts_Contact'];
export type ProductCard = Schema['ProductCard'];

/** A conversation as one of its sides sees it in a list. */
export type Conversation = Omit<
  Schema['Conversation'],
  'last' | 'about_last' | 'settings' | 'admin_settings'
> & {
  readonly last: Entry | null;
  readonly about_last: readonly Entry[];
  /** What is set in a private conversation, as far as this device can read it. `settingsOf` says what of it holds. */
  readonly settings: Entry | null;
  /** The latest by an admin, where somebody else said the latest. */
  readonly admin_settings: Entry | null;
};

/** A message that was found, and what was said about it since. */
export interface Found {
  readonly message: Entry;
  readonly about: readonly Entry[];
}

/** How something is to be sent. */
export interface How {
  /** Not now but then. */
  readonly dueAt?: number;
  /** To be opened one time. */
  readonly isOnce?: boolean;
}

/** What the next message answers or changes, shown above the field. */
export interface Concern {
  readonly kind: 'reply' | 'edit';
  readonly title: string;
  readonly text: string;
}

export const REACTIONS = ['👍', '❤️', '😄', '😮', '😢', '🙏'] as const;

const EDIT_WITHIN_MS = 24 * 60 * 60 * 1000;

/** Who looks, and at whom: what turns a fact into "You paid" or "Ravi paid you". */
export interface Sides {
  /** The person, or the shop they act for. */
  readonly own: string;
  readonly other: Card | null;
  /** Who else takes part. */
  readonly cards?: readonly Card[];
}

const personIn = ({ other, cards = [] }: Sides, id: string | undefined): string =>
  nameOf(cards.find((card) => card.id === id) ?? (other?.id === id ? other : null));

export const nameOf = (card: Card | null): string =>
  card === null ? '…' : card.name || (card.kind === 'guest' ? t.chat.guest : '…');

/** Somebody who takes part, or took part. */
export const memberOf = ({ cards, other }: Conversation, id: string | null): Card | null =>
  cards.find((card) => card.id === id) ?? (other?.id === id ? other : null);

/** Somebody began it, or brought one in, and waits for a yes. */
export const isRequest = ({ state }: Conversation): boolean => state === 'requested';

/** One has left, or was taken out. */
export const isOver = ({ state }: Conversation): boolean => state === 'left' || state === 'removed';

/** The one on the other side has not said yes yet. */
export const isAsking = ({ kind, form, members, other, state }: Conversation): boolean =>
  kind === 'private' &&
  form === 'direct' &&
  state === 'joined' &&
  members.some(({ user_id, state: theirs }) => user_id === other?.id && theirs === 'requested');

/** What a conversation is called: the other's name, or the group's, or the names of those who are in it. */
export function titleOf(conversation: Conversation, own: string): string {
  if (conversation.form !== 'group') return nameOf(conversation.other);
  const { title } = settingsOf(conversation);
  if (title) return title;
  const names = conversation.members
    .filter(
      ({ user_id, state }) => user_id !== own && (state === 'joined' || state === 'requested'),
    )
    .map(({ user_id }) => nameOf(memberOf(conversation, user_id)));
  if (names.length === 0) return t.chat.groupOfOne;
  return new Intl.ListFormat(reader.locale, { type: 'unit', style: 'short' }).format(names);
}

/** Who came, who went, what changed: one quiet line. Null for what nobody needs to read. */
export function changeText(
  { change, user_id = '', by_id, role, timer_s, writers, editors, title }: MemberChange,
  conversation: Conversation,
  own: string,
): string | null {
  const who = user_id === own ? null : nameOf(memberOf(conversation, user_id));
  const by = by_id === own ? null : nameOf(memberOf(conversation, by_id ?? ''));
  switch (change) {
    case 'joined':
      if (!by_id || by_id === user_id) return t.chat.joined(who);
      return t.chat.added(by, who);
    case 'left':
      return t.chat.left(who);
    case 'removed':
      return t.chat.removed(by, who);
    case 'role':
      return role === 'admin' ? t.chat.becameAdmin(who) : t.chat.becameMember(who);
    case 'timer':
      return timer_s ? t.chat.timerSet(t.chat.timerOf(timer_s)) : t.chat.timerOff;
    case 'permissions':
      return [
        ...(writers ? [writers === 'admins' ? t.groups.adminsWrite : t.groups.allWrite] : []),
        ...(editors ? [editors === 'admins' ? t.groups.adminsEdit : t.groups.allEdit] : []),
      ].join(' ');
    case 'title':
      return t.groups.didName(who, title ?? '');
    case 'description':
      return t.groups.didDescribe(who);
    case 'photo':
      return t.groups.didPhoto(who);
    case 'no-photo':
      return t.groups.didRemovePhoto(who);
    case 'pinned':
      return t.groups.didPin(who);
    case 'unpinned':
      return t.groups.didUnpin(who);
    case 'keys':
      return who === null ? null : t.chat.keysChanged(who);
    case 'accepted':
      return t.chat.accepted(who);
    default:
      return null;
  }
}

export const sum = (amount: Money): string =>
  format(amount, { locale: reader.figures, short: true });

/** `#1001` of `#1001 · Tea +2`. */
export const orderNumber = ({ card }: Fact): string => card.title?.split(' · ')[0] ?? '';

/** `Tea +2` of `#1001 · Tea +2`. */
export const orderThings = ({ card }: Fact): string =>
  card.title?.split(' · ').slice(1).join(' · ') ?? '';

/** What happened, in one line. */
export function factText(fact: Fact, sides: Sides): string {
  const { own, other } = sides;
  const { state, amount, payer_id, payee_id, title } = fact.card;
  const of = amount ? sum(amount) : '';
  switch (fact.subject.kind) {
    case 'order':
      return t.chat.orderFact[fact.fact]?.(t.chat.order(orderNumber(fact))) ?? title ?? fact.fact;
    case 'transfer':
      if (state === 'refunded') {
        return payer_id === own ? t.chat.youReturned(of) : t.chat.returnedYou(nameOf(other), of);
      }
      if (state === 'taken') {
        return payer_id === own ? t.chat.tookYours(nameOf(other), of) : t.chat.youTook(of);
      }
      return payer_id === own ? t.chat.youPaid(of) : t.chat.paidYou(nameOf(other), of);
    case 'request':
      if (state === 'made') {
        return payee_id === own ? t.chat.youAsked(of) : t.chat.asksYou(nameOf(other), of);
      }
      return t.chat.requestFact[state]?.(of) ?? title ?? fact.fact;
    case 'split':
      return splitText(fact, sides);
    default:
      return title ?? fact.fact;
  }
}

/** Whose bill it is. */
export const billText = ({ card: { payee_id } }: Fact, sides: Sides): string =>
  payee_id === sides.own ? t.chat.youSplit : t.chat.splitBy(personIn(sides, payee_id));

/** What became of a bill that is split, in one line. */
function splitText({ fact, card }: Fact, sides: Sides): string {
  const { amount, payer_id, done = 0, of = 0 } = card;
  const bill = amount ? sum(amount) : '';
  if (fact === 'split.closed') return t.chat.splitClosed(bill, done, of);
  if (payer_id === undefined) {
    const isOwn = card.payee_id === sides.own;
    return isOwn
      ? t.chat.youSplitBill(bill)
      : t.chat.splitBill(personIn(sides, card.payee_id), bill);
  }
  const isOwn = payer_id === sides.own;
  if (fact === 'request.paid') {
    return isOwn ? t.chat.youPaidShare : t.chat.paidShare(personIn(sides, payer_id));
  }
  return t.chat.shareEnded(isOwn ? t.chat.you : personIn(sides, payer_id));
}

/** What a message says, in one line without marks; for lists and quotes. */
export function contentText(body: Content | null): string {
  if (isOnce(body)) return t.kept.once(onceName(body));
  switch (body?.type) {
    case 'text':
      return oneLine(body.text);
    case 'image':
    case 'video':
      return oneLine(body.caption ?? '') || itemsText(body.items);
    case 'voice':
      return t.chat.voice;
    case 'document':
      return body.name;
    case 'location':
      return body.name ?? t.chat.location;
    case 'contact':
      return body.people.map(({ name }) => name).join(', ');
    case 'product':
      return oneLine(body.text ?? '') || body.snapshot.title;
    case 'poll':
      return oneLine(body.question);
    default:
      return body === null ? t.chat.deleted : t.chat.newer;
  }
}

/** Whether it was opened here, for the one time that it may be. */
export const hasOpened = ({ isSpent, opened }: MessageItem, own: string): boolean =>
  isSpent || opened.some(({ by }) => by === own);

/** What opens once, without a look at it. */
export function onceName(body: Content | null): string {
  if (body?.type === 'voice') return t.chat.voice;
  return body?.type === 'image' || body?.type === 'video' ? itemsText(body.items) : '';
}

/** What an album holds, in a word or two. */
export function itemsText(items: readonly Photo[]): string {
  const videos = items.filter(({ duration_s }) => duration_s !== undefined).length;
  if (videos === 0) return items.length === 1 ? t.chat.photo : t.chat.photos(items.length);
  if (videos < items.length) return t.media.mixed(items.length);
  return videos === 1 ? t.media.video : t.media.videos(videos);
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** The second line of a conversation in the list. */
export interface Preview {
  readonly text: string;
  /** Said before it: "You". */
  readonly by: string | null;
  /** One's own last message, whose ticks are shown. */
  readonly isOwn: boolean;
  readonly at: number;
}

export function preview(
  conversation: Conversation,
  waiting: readonly Sending[],
  sides: Sides,
): Preview | null {
  const unsent = waiting.findLast((item) => isMessage(bodyOf(item)));
  if (unsent) {
    const text = contentText(bodyOf(unsent));
    return { text, by: t.chat.you, isOwn: true, at: unsent.at };
  }
  const { last, about_last } = conversation;
  const item = last && fold([last, ...about_last])[0];
  if (!item) return null;
  if (item.kind === 'fact') {
    return { text: factText(item.fact, sides), by: null, isOwn: false, at: item.ts };
  }
  const isOwn = item.from === sides.own;
  if (item.kind === 'change') return null;
  if (item.seal && item.seal.state !== 'open') {
    const text = item.seal.state === 'waiting' ? t.chat.waitingForKey : t.chat.notTrusted;
    return { text, by: null, isOwn, at: item.ts };
  }
  const isGone = item.body === null;
  const text = hasOpened(item, sides.own)
    ? t.kept.onceOpened
    : isGone && isOwn
      ? t.chat.youDeleted
      : contentText(item.body);
  return { text, by: isOwn && !isGone ? t.chat.you : null, isOwn: isOwn && !isGone, at: item.ts };
}

/** The content of something that waits to be sent; null for what is no message, such as a deletion. */
export function bodyOf({ body, private: sealed }: Sending): Content | null {
  if (sealed) return sealed.content;
  const inner = (body as { body?: Content } | undefined)?.body;
  return inner ?? null;
}

const isMessage = (body: Content | null): boolean =>
  body !== null && aboutOf(body) === null && body.type !== 'settings';

/**
 * What waits in the outbox, as if it were there already: after the last entry, in its order. What was refused
 * stays only if it is a message; a refused edit or reaction is as if it had never been.
 */
export function provisional(
  waiting: readonly Sending[],
  { conv, after, own }: { conv: string; after: number; own: string },
): Entry[] {
  return waiting.flatMap((sending, index): Entry[] => {
    const body = bodyOf(sending);
    const base = { conv, seq: after + 1 + index, id: sending.id, from: own, ts: sending.at };
    if (body) {
      if (sending.refused && !isMessage(body)) return [];
      return [{ ...base, k: 'message', body }];
    }
    const target = /\/v1\/messages\/([^/]+)\/deletion$/.exec(sending.path)?.[1];
    return target && !sending.refused ? [{ ...base, k: 'deletion', target }] : [];
  });
}

export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'unread'; readonly key: string }
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly item: MessageItem;
      readonly isOwn: boolean;
      /** Of those said by one side within a minute. */
      readonly isFirst: boolean;
      readonly isLast: boolean;
      readonly sending: Sending | null;
    }
  | { readonly kind: 'card'; readonly key: string; readonly item: FactItem; readonly card: Fact }
  | { readonly kind: 'line'; readonly key: string; readonly item: FactItem }
  | {
      readonly kind: 'change';
      readonly key: string;
      readonly item: ChangeItem;
      readonly text: string;
    };

interface Layout {
  readonly own: string;
  readonly place: Place;
  /** Read up to here when the conversation was opened; null draws no line. */
  readonly readSeq: number | null;
  /** All entries from this number on are here: before it the line could stand anywhere. */
  readonly since?: number;
  readonly waiting: readonly Sending[];
  /** What a change is said as; null leaves it out. */
  readonly say?: (change: MemberChange) => string | null;
}

/** The rows of a conversation: days, the line above what is new, bubbles in groups, cards and quiet lines. */
export function layOut(
  items: readonly Item[],
  { own, place, readSeq, since = 0, waiting, say }: Layout,
): Row[] {
  const sendings = new Map(waiting.map((sending) => [sending.id, sending]));
  const sayOf = ({ change }: ChangeItem) => (change && say?.(change)) ?? null;
  const shown = items.filter(
    (item) => !isEcho(item) && (item.kind !== 'change' || sayOf(item) !== null),
  );
  const rows: Row[] = [];
  let day = '';
  let isMarked = readSeq === null || since > readSeq + 1;
  for (const [index, item] of shown.entries()) {
    const before = shown[index - 1];
    const after = shown[index + 1];
    const itsDay = dayOf(item.ts, place);
    if (itsDay !== day) {
      day = itsDay;
      rows.push({ kind: 'day', key: `day ${itsDay}`, at: item.ts });
    }
    if (
      !isMarked &&
      item.kind !== 'change' &&
      item.seq > (readSeq ?? 0) &&
      item.from !== own &&
      !sendings.has(item.id)
    ) {
      isMarked = true;
      rows.push({ kind: 'unread', key: 'unread' });
    }
    if (item.kind === 'change') {
      rows.push({ kind: 'change', key: item.id, item, text: sayOf(item) ?? '' });
    } else if (item.kind === 'fact') {
      const { card } = item;
      rows.push(
        card ? { kind: 'card', key: item.id, item, card } : { kind: 'line', key: item.id, item },
      );
    } else {
      const sending = sendings.get(item.id) ?? null;
      const isFirst = rows.at(-1)?.kind !== 'message' || !before || !belongs(before, item);
      const isLast = !after || !belongs(item, after) || dayOf(after.ts, place) !== day;
      rows.push({
        kind: 'message',
        key: item.id,
        item,
        isOwn: item.from === own,
        isFirst,
        isLast: isLast || Boolean(sending?.refused),
        sending,
      });
    }
  }
  return rows;
}

/** A request that was paid is told by the payment already. */
const isEcho = (item: Item): boolean =>
  item.kind === 'fact' && item.card === null && item.fact.fact === 'request.paid';

function belongs(a: Item, b: Item): boolean {
  return (
    a.kind === 'message' &&
    b.kind === 'message' &&
    a.from === b.from &&
    a.author === b.author &&
    a.isAutomatic === b.isAutomatic &&
    Math.floor(a.ts / 60_000) === Math.floor(b.ts / 60_000)
  );
}

/** Why a message has not gone yet, when it is not for want of a connection. */
export interface Hold {
  readonly text: string;
  /** This device has to be confirmed first. */
  readonly isOurs: boolean;
}

export function holdOf({ held }: Sending, conversation: Conversation): Hold | null {
  if (held === null) return null;
  const { users } = held.facts;
  switch (held.slug) {
    case 'unconfirmed-device':
      return { text: t.chat.heldByDevice, isOurs: true };
    case 'waiting-for-devices': {
      const ids = Array.isArray(users) ? (users as string[]) : [];
      const name = nameOf(memberOf(conversation, ids[0] ?? conversation.other?.id ?? null));
      return { text: t.chat.heldByPerson(name), isOurs: false };
    }
    case 'no-member-list':
      return { text: t.chat.heldByList, isOurs: false };
    default:
      return { text: t.chat.heldByKeys, isOurs: false };
  }
}

/** What is not certain about a message that could be read; null when nothing is worth saying. */
export function doubtOf({ seal }: MessageItem, name: string): string | null {
  if (seal?.state !== 'open' || seal.doubt === null) return null;
  return t.chat.doubts[seal.doubt]?.(name) ?? t.chat.doubt;
}

export type Tick = 'waiting' | 'sent' | 'delivered' | 'read';

/** How far an own message has come. */
export function tickOf(
  item: { readonly seq: number },
  conversation: Pick<Conversation, 'marks'>,
  { own, isWaiting }: { own: string; isWaiting: boolean },
): Tick {
  if (isWaiting) return 'waiting';
  // In a group what counts is the last one.
  const marks = conversation.marks.filter(({ user_id }) => user_id !== own);
  if (marks.length === 0) return 'sent';
  if (marks.every(({ read_seq }) => read_seq >= item.seq)) return 'read';
  return marks.every(({ delivered_seq }) => delivered_seq >= item.seq) ? 'delivered' : 'sent';
}

/** Words can be changed for a day, and only where there are words. */
export function isEditable({ body, ts }: MessageItem, now: number): boolean {
  if (now - ts > EDIT_WITHIN_MS || isOnce(body)) return false;
  return body !== null && ['text', 'image', 'video', 'document'].includes(body.type);
}

/** The words that can be changed or copied. */
export function wordsOf(body: Content | null): string {
  if (isOnce(body)) return '';
  switch (body?.type) {
    case 'text':
      return body.text;
    case 'image':
    case 'video':
    case 'document':
      return body.caption ?? '';
    case 'product':
      return body.text ?? '';
    default:
      return '';
  }
}

/** What the server keeps of the answered message, at most 200 characters. */
export const quoteOf = (body: Content | null): string =>
  [...contentText(body)].slice(0, 200).join('');

/** An answered message above its answer: whose words, and which. */
export interface Quoted {
  readonly name: string;
  readonly text: string;
}

/** What an answered message says by now; null when it cannot be read here. */
export function quotedText(item: Item): string | null {
  if (item.kind !== 'message' || (item.seal && item.seal.state !== 'open')) return null;
  return quoteOf(item.body);
}
