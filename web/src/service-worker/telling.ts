/**
 * Tells the person what has come: fetches it and shows it, one notice for each conversation. What is sealed stays so:
 * of a private message the notice says who wrote.
 */

import { resolve } from '$app/paths';
import { self } from '$app/service-worker';
import { api } from '#lib/api/client.ts';
import type { Schema } from '#lib/api/index.ts';
import type { Standing } from '#lib/api/standing.ts';
import { readStanding } from '#lib/api/standing.ts';
import { told } from '#lib/i18n/en/told.ts';
import type { Entry } from '#lib/sync/entries.ts';
import { appWindows } from './windows.ts';
import { isTold, wordsOf } from './words.ts';

/** A push: which conversation, as a hash, and where in the stream. */
export interface Note {
  readonly c: string;
  readonly p: number;
}

interface Notice {
  readonly title: string;
  readonly body: string;
  readonly tag: string;
  readonly path: string;
  readonly conv: string | null;
  readonly stream: string;
  readonly at: number;
}

type Conversation = Schema['Conversation'];

const CLEARED_AT_ONCE = 5;

/** Every push ends in a notice, as browsers demand, unless the app is in front of the person. */
export async function pushed(note: Note | null): Promise<void> {
  if (await isInSight()) return;
  const standing = await readStanding().catch(() => undefined);
  if (standing?.isOn !== true || note === null) return show(plain(note));
  const found = await find(standing, note).catch((error: unknown) => {
    console.warn('What was pushed could not be fetched:', error);
    return null;
  });
  await show(found ?? plain(note));
  await clearRead(found?.conv ?? null);
}

/** Whether a window shows the app at this moment. */
const isInSight = async (): Promise<boolean> =>
  (await appWindows()).some(({ visibilityState }) => visibilityState === 'visible');

const plain = (note: Note | null): Notice => ({
  title: told.newMessage,
  body: '',
  tag: note?.c ?? 'kirana',
  path: resolve('/chats'),
  conv: null,
  stream: '',
  at: Date.now(),
});

async function find(standing: Standing, note: Note): Promise<Notice | null> {
  for (const stream of [standing.user, ...standing.shops]) {
    const actingFor = stream === standing.user ? null : stream;
    const page = await api.get<{ frames: readonly (Entry & { pos: number })[] }>('/v1/stream', {
      query: { after: note.p - 1 },
      actingFor,
    });
    const [first] = page.frames;
    if (!first?.conv || first.pos !== note.p || (await hashOf(first.conv)) !== note.c) continue;
    const latest = page.frames.findLast(
      (entry) => entry.conv === first.conv && isTold(entry, stream),
    );
    return describe(standing, latest ?? first, stream, note);
  }
  return null;
}

async function describe(
  standing: Standing,
  entry: Entry,
  stream: string,
  { c: tag }: Note,
): Promise<Notice> {
  const actingFor = stream === standing.user ? null : stream;
  const conversation = await api.get<Conversation>(`/v1/conversations/${entry.conv}`, {
    actingFor,
  });
  const { unread, state, other, cards, form } = conversation;
  const as = standing.shops.length > 0 ? `?as=${stream}` : '';
  const path = `${resolve('/chats')}/${entry.conv}${as}`;
  const place = { tag, path, conv: entry.conv, stream, at: entry.ts };
  if (state === 'requested') return { ...place, title: told.request, body: '' };
  if (!standing.showsWords) return { ...place, title: told.newMessages(unread), body: '' };

  const content = entry.body ?? null;
  const text = content ? (wordsOf(content) ?? told.newMessage) : told.newMessage;
  const sender = [...cards, ...(other ? [other] : [])].find(({ id }) => id === entry.from);
  const who = sender?.name || told.guest;
  if (form !== 'group') {
    const name = other?.name || told.guest;
    return { ...place, title: told.counted(name, unread), body: text };
  }
  return { ...place, title: told.counted(told.group, unread), body: told.inGroup(who, text) };
}

async function show({ title, body, tag, path, conv, stream, at }: Notice): Promise<void> {
  const options: NotificationOptions & { renotify: boolean; timestamp: number } = {
    body,
    tag,
    renotify: true,
    timestamp: at,
    icon: resolve('/icons/192.png'),
    badge: resolve('/icons/192.png'),
    data: { path, conv, stream },
  };
  await self.registration.showNotification(title, options);
}

/** What was read elsewhere meanwhile is no news any more. */
async function clearRead(except: string | null): Promise<void> {
  const shown = await self.registration.getNotifications();
  const others = shown.filter(({ data }) => dataOf(data).conv && dataOf(data).conv !== except);
  const user = (await readStanding())?.user;
  for (const notice of others.slice(0, CLEARED_AT_ONCE)) {
    const { conv, stream } = dataOf(notice.data);
    const actingFor = stream === user ? null : stream;
    const { unread } = await api
      .get<Conversation>(`/v1/conversations/${conv}`, { actingFor })
      .catch(() => ({ unread: 1 }));
    if (unread === 0) notice.close();
  }
}

/** A tap leads into the conversation, in a window that is there already if there is one. */
export async function tapped(notice: Notification): Promise<void> {
  notice.close();
  const { path } = dataOf(notice.data);
  const [app] = await appWindows();
  if (!app) {
    await self.clients.openWindow(path);
    return;
  }
  app.postMessage({ t: 'open', path });
  await app.focus();
}

const dataOf = (data: unknown): { path: string; conv: string | null; stream: string } =>
  data as { path: string; conv: string | null; stream: string };

/** As the server names a conversation in a push. */
async function hashOf(conv: string): Promise<string> {
  const hex = conv.replaceAll('-', '');
  const bytes = Uint8Array.from({ length: 16 }, (_, n) =>
    parseInt(hex.slice(n * 2, n * 2 + 2), 16),
  );
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).slice(0, 16);
  const text = btoa(String.fromCharCode(...digest));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
