/** Tells the person what has come: fetches it, opens it where that can be done now, and shows it. */

import { self } from '$app/service-worker';
import { api } from '#lib/api/client.ts';
import type { Schema } from '#lib/api/index.ts';
import type { Standing } from '#lib/api/standing.ts';
import { readStanding } from '#lib/api/standing.ts';
import type { News } from '#lib/notices/news.ts';
import { aboutOf, newsNotice, noticeOf, plainNotice, show, tagOf } from '#lib/notices/notice.ts';
import { isTold } from '#lib/notices/words.ts';
import { isSealed } from '#lib/sync/entries.ts';
import type { Entry } from '#lib/sync/entries.ts';
import { isEntry } from '#lib/sync/feed.ts';
import type { Frame } from '#lib/sync/feed.ts';
import { open, whereOf } from './opening.ts';
import { appWindows } from './windows.ts';

/** A push: which conversation or notice, as a hash, and where in the stream. */
export interface Note {
  readonly c: string;
  readonly p: number;
}

type Conversation = Omit<Schema['Conversation'], 'settings' | 'admin_settings'> & {
  readonly settings: Entry | null;
  readonly admin_settings: Entry | null;
};
type Found = Awaited<ReturnType<typeof noticeOf>>;

const CLEARED_AT_ONCE = 5;
/** So long the person may wait for the words. */
const PATIENCE_MS = 10_000;
/** What came shortly before may be needed to open what came. */
const LOOKED_BACK = 100;

/** Every push ends in a notice, as browsers demand, unless the app is in front of the person. */
export async function pushed(note: Note | null): Promise<void> {
  if (await isInSight()) return;
  const standing = await readStanding().catch(() => undefined);
  if (standing?.isOn !== true || note === null) return tell(plainNotice(note?.c ?? null));
  const finding = find(standing, note).catch((error: unknown) => {
    console.warn('What was pushed could not be fetched:', error);
    return null;
  });
  const found = await Promise.race([finding, after(PATIENCE_MS)]);
  // Somebody may have signed out meanwhile.
  const isStill = (await readStanding().catch(() => undefined))?.user === standing.user;
  await tell((isStill && found) || plainNotice(note.c));
  await clearRead(found?.conv ?? null).catch(() => undefined);
  await finding;
}

const tell = (notice: Found): Promise<void> => show(self.registration, notice);

const after = (ms: number): Promise<null> =>
  new Promise((resolve) => setTimeout(() => resolve(null), ms));

/** Whether a window shows the app at this moment. */
const isInSight = async (): Promise<boolean> =>
  (await appWindows()).some(({ visibilityState }) => visibilityState === 'visible');

async function find(standing: Standing, note: Note): Promise<Found | null> {
  for (const stream of [standing.user, ...standing.shops]) {
    const actingFor = stream === standing.user ? null : stream;
    const known = actingFor === null ? await whereOf(stream) : null;
    const from = Math.min(note.p - 1, Math.max(known ?? note.p - 1, note.p - LOOKED_BACK));
    const page = await api.get<{ frames: readonly Frame[] }>('/v1/stream', {
      query: { after: from },
      actingFor,
    });
    const meant = page.frames.find(({ pos }) => pos === note.p);
    if (!meant) continue;
    if (!isEntry(meant)) {
      if ((await tagOf(meant.ref)) !== note.c) continue;
      return meant.k === 'notice' ? news(standing, meant.ref, stream) : null;
    }
    if ((await tagOf(meant.conv)) !== note.c) continue;
    const entries = page.frames.filter(isEntry).filter(({ conv }) => conv === meant.conv);
    const latest = entries.findLast((entry) => isTold(entry, stream)) ?? meant;
    return describe(standing, latest, entries, stream);
  }
  return null;
}

/** Null for what was seen meanwhile. */
async function news(standing: Standing, id: string, stream: string): Promise<Found | null> {
  const actingFor = stream === standing.user ? null : stream;
  const { items } = await api.get<{ items: readonly News[] }>('/v1/notices', { actingFor });
  const meant = items.find((one) => one.id === id);
  if (!meant) return null;
  const ids = standing.showsWords && meant.other_id ? [meant.other_id] : [];
  const [card] = ids.length
    ? await api.get<readonly Schema['Card'][]>('/v1/users', { query: { ids } })
    : [];
  return newsNotice(meant, card?.name ?? null, stream, standing);
}

/** Nothing is opened of which nothing may be said. */
async function describe(
  standing: Standing,
  latest: Entry,
  entries: readonly Entry[],
  stream: string,
): Promise<Found> {
  const actingFor = stream === standing.user ? null : stream;
  const conversation = await api.get<Conversation>(`/v1/conversations/${latest.conv}`, {
    actingFor,
  });
  const { kind, state, settings, admin_settings } = conversation;
  const isForWords = kind === 'private' && state === 'joined' && standing.showsWords;
  if (!isForWords || actingFor !== null) return noticeOf(latest, conversation, stream, standing);
  const said = [settings, admin_settings].filter((one) => one !== null);
  const closed = [...entries, ...said].filter(isSealed);
  const opened = await open(standing, closed).catch((error: unknown) => {
    console.warn('What was pushed could not be opened:', error);
    return new Map<string, Entry>();
  });
  const read = (one: Entry | null) => one && (opened.get(one.id) ?? one);
  const known = { settings: read(settings), admin_settings: read(admin_settings) };
  const told = opened.get(latest.id) ?? latest;
  return noticeOf(told, { ...conversation, ...known }, stream, standing);
}

/** What was read elsewhere meanwhile is no news any more. */
async function clearRead(except: string | null): Promise<void> {
  const shown = await self.registration.getNotifications();
  const others = shown.filter((one) => aboutOf(one).conv && aboutOf(one).conv !== except);
  const user = (await readStanding())?.user;
  for (const notice of others.slice(0, CLEARED_AT_ONCE)) {
    const { conv, stream } = aboutOf(notice);
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
  const { path } = aboutOf(notice);
  const [app] = await appWindows();
  if (!app) {
    await self.clients.openWindow(path);
    return;
  }
  app.postMessage({ t: 'open', path });
  await app.focus();
}
