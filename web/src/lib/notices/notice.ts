/**
 * What stands on the person's screen of a conversation: one notice for each, the same whether the service worker shows
 * it or a window that is not in sight.
 */

import { asset, resolve } from '$app/paths';
import type { Schema } from '#lib/api/index.ts';
import type { Standing } from '#lib/api/standing.ts';
import { told } from '#lib/i18n/en/told.ts';
import type { Entry } from '#lib/sync/entries.ts';
import { placeOf, sayNews } from './news.ts';
import type { News } from './news.ts';
import { wordsOf } from './words.ts';

/** As much of a conversation as a notice says. */
type Conversation = Pick<
  Schema['Conversation'],
  'unread' | 'state' | 'other' | 'cards' | 'form'
> & {
  readonly settings: Entry | null;
  readonly admin_settings: Entry | null;
};

/** What a notice on the screen is about. */
export interface About {
  readonly path: string;
  readonly conv: string | null;
  /** Whose it is: the person's id or a shop's. */
  readonly stream: string;
  /** The latest message it tells of; null when it could not be fetched. */
  readonly id: string | null;
  readonly seq: number;
  /** It says as much as it may; else the words may follow. */
  readonly isComplete: boolean;
}

interface Notice extends About {
  readonly title: string;
  readonly body: string;
  readonly tag: string;
  readonly at: number;
}

/** There is something new, and that is all that is known of it. */
export const plainNotice = (tag: string | null): Notice => ({
  title: told.newMessage,
  body: '',
  tag: tag ?? 'kirana',
  path: resolve('chats'),
  conv: null,
  stream: '',
  id: null,
  seq: 0,
  isComplete: false,
  at: Date.now(),
});

/** What `entry` says, and who says it; as much of it as may be seen on a locked screen. */
export async function noticeOf(
  entry: Entry,
  conversation: Conversation,
  stream: string,
  { shops, showsWords }: Standing,
): Promise<Notice> {
  const { unread, state, other, cards, form } = conversation;
  const as = shops.length > 0 ? `?as=${stream}` : '';
  const about = {
    tag: await tagOf(entry.conv),
    path: `${resolve('chats')}/${entry.conv}${as}`,
    conv: entry.conv,
    stream,
    id: entry.id,
    seq: entry.seq,
    isComplete: true,
    at: entry.ts,
  };
  if (state === 'requested') return { ...about, title: told.request, body: '' };
  if (!showsWords) return { ...about, title: told.newMessages(unread), body: '' };

  const text = wordsOf(entry.body) ?? told.newMessage;
  const place = { ...about, isComplete: entry.body !== undefined };
  const sender = [...cards, ...(other ? [other] : [])].find(({ id }) => id === entry.from);
  if (form !== 'group') {
    return { ...place, title: told.counted(other?.name || told.guest, unread), body: text };
  }
  const body = told.inGroup(sender?.name || told.guest, text);
  return { ...place, title: told.counted(titleOf(conversation) || told.group, unread), body };
}

/** What somebody is told outside of chats; `name` is what the other one is called. */
export async function newsNotice(
  news: News,
  name: string | null,
  stream: string,
  { user, showsWords }: Standing,
): Promise<Notice> {
  const { title, text } = sayNews(news, name, navigator.languages[0] ?? 'en');
  return {
    title: showsWords ? title : told.news,
    body: showsWords ? text : '',
    tag: await tagOf(news.id),
    path: placeOf(news) + (stream === user ? '' : `?as=${stream}`),
    conv: null,
    stream,
    id: news.id,
    seq: 0,
    isComplete: true,
    at: news.created_at,
  };
}

export async function show(
  registration: ServiceWorkerRegistration,
  { title, body, tag, at, ...about }: Notice,
): Promise<void> {
  const [before] = await registration.getNotifications({ tag });
  const isSame = before !== undefined && about.id !== null && aboutOf(before).id === about.id;
  // What says more stays.
  if (isSame && aboutOf(before).isComplete) return;
  const options: NotificationOptions & { renotify: boolean; timestamp: number } = {
    body,
    tag,
    renotify: !isSame,
    timestamp: at,
    icon: asset('icons/192.png'),
    badge: asset('icons/192.png'),
    data: about,
  };
  await registration.showNotification(title, options);
}

export const aboutOf = ({ data }: Notification): About => data as About;

/** As the server names a conversation, or a notice, in a push. */
export async function tagOf(conv: string): Promise<string> {
  const hex = conv.replaceAll('-', '');
  const bytes = Uint8Array.from({ length: 16 }, (_, n) =>
    parseInt(hex.slice(n * 2, n * 2 + 2), 16),
  );
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).slice(0, 16);
  const text = btoa(String.fromCharCode(...digest));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** What an admin called the group, if that could be read here. */
function titleOf({ settings, admin_settings }: Conversation): string {
  const said = [settings, admin_settings].find(
    (one) => one?.seal?.state === 'open' && one.seal.isMembers !== true,
  );
  return said?.body?.type === 'settings' ? (said.body.title ?? '') : '';
}
