/**
 * Says what comes while the app is open and in nobody's sight: this device has handled the message, so nothing is
 * pushed. The window that leads says it, in the words and the place of what the service worker says.
 */

import type { Schema } from '#lib/api/index.ts';
import { api } from '#lib/api/index.ts';
import type { Standing } from '#lib/api/standing.ts';
import { readStanding } from '#lib/api/standing.ts';
import type { Engine, Entry, Receipt } from '#lib/sync/index.ts';
import { isSealed } from '#lib/sync/index.ts';
import type { News } from './news.ts';
import { aboutOf, newsNotice, noticeOf, show } from './notice.ts';
import { isTold } from './words.ts';

type Conversation = Parameters<typeof noticeOf>[1] &
  Pick<Schema['Conversation'], 'marks' | 'muted_until'>;
type Find = (conv: string, stream: string) => Conversation | undefined;

const IN_SIGHT = 'kirana-in-sight';
/** What comes at once is said once. */
const GATHERED_MS = 300;
/** So long a message may wait for its key before it is told without its words. */
const PATIENCE_MS = 4000;

/** Every window says by a lock that it is in sight; with the window the browser takes the lock away. */
export function keepInSight(): () => void {
  if (!('locks' in navigator)) return () => undefined;
  let leave: (() => void) | null = null;
  const look = (): void => {
    const isVisible = document.visibilityState === 'visible';
    if (isVisible === (leave !== null)) return;
    leave?.();
    leave = null;
    if (!isVisible) return;
    const seen = Promise.withResolvers<void>();
    leave = seen.resolve;
    void navigator.locks.request(IN_SIGHT, { mode: 'shared' }, () => seen.promise);
  };
  look();
  document.addEventListener('visibilitychange', look);
  return () => {
    document.removeEventListener('visibilitychange', look);
    leave?.();
  };
}

const isInSight = async (): Promise<boolean> =>
  (await navigator.locks.query()).held?.some(({ name }) => name === IN_SIGHT) ?? false;

export class Outside {
  readonly #engine: Engine;
  readonly #find: Find;
  readonly #stops: (() => void)[] = [];
  readonly #coming = new Map<string, { entry: Entry; stream: string }>();
  #isStopped = false;

  constructor(engine: Engine, find: Find) {
    this.#engine = engine;
    this.#find = find;
    void engine.leads.then(() => this.#begin());
  }

  stop(): void {
    this.#isStopped = true;
    for (const stop of this.#stops) stop();
  }

  #begin(): void {
    if (this.#isStopped || !('serviceWorker' in navigator && 'locks' in navigator)) return;
    this.#stops.push(
      this.#engine.hear('entry', ({ entry, stream }) => this.#heard(entry, stream)),
      this.#engine.on(
        'notice',
        ({ ref, stream }) => void this.#noticed(ref, stream).catch(noMatter),
      ),
      this.#engine.hear('receipt', (receipt) => void this.#read(receipt).catch(noMatter)),
    );
  }

  #heard(entry: Entry, stream: string): void {
    if (entry.k === 'deletion') {
      void this.#close((about) => about.id === entry.target).catch(noMatter);
      return;
    }
    if (!isTold(entry, stream)) return;
    if (!this.#coming.has(entry.conv)) {
      setTimeout(() => void this.#tell(entry.conv).catch(noMatter), GATHERED_MS);
    }
    this.#coming.set(entry.conv, { entry, stream });
  }

  async #tell(conv: string): Promise<void> {
    const came = this.#coming.get(conv);
    this.#coming.delete(conv);
    if (!came || (await isInSight())) return;
    const entry = await this.#opened(came.entry);
    await this.#say(entry, came.stream);
    if (isSealed(entry)) this.#sayWordsLater(entry, came.stream);
  }

  async #say(entry: Entry, stream: string): Promise<void> {
    const { conv } = entry;
    const standing = await this.#standing();
    if (!standing?.isOn) return;
    const actingFor = stream === this.#engine.userId ? null : stream;
    const conversation =
      this.#find(conv, stream) ??
      (await api.get<Conversation>(`/v1/conversations/${conv}`, { actingFor }));
    if (!isAwaited(conversation, entry, stream) || (await this.#isBlocked(conversation, entry))) {
      return;
    }
    if (this.#isStopped || (await isInSight())) return;
    const notice = await noticeOf(entry, conversation, stream, standing);
    await show(await navigator.serviceWorker.ready, notice);
  }

  /** Something is told outside of chats, or was seen on another device. */
  async #noticed(id: string, stream: string): Promise<void> {
    const actingFor = stream === this.#engine.userId ? null : stream;
    const { items } = await api.get<{ items: readonly News[] }>('/v1/notices', { actingFor });
    const news = items.find((one) => one.id === id);
    if (!news) return this.#close((about) => about.id === id);
    const standing = await this.#standing();
    if (!standing?.isOn || (await isInSight())) return;
    const ids = news.other_id ? [news.other_id] : [];
    const [card] = ids.length
      ? await api.get<readonly Schema['Card'][]>('/v1/users', { query: { ids } })
      : [];
    if (this.#isStopped || (await isInSight())) return;
    const notice = await newsNotice(news, card?.name ?? null, stream, standing);
    await show(await navigator.serviceWorker.ready, notice);
  }

  /** Unless it was taken away meanwhile, or something newer stands in its place. */
  #sayWordsLater(entry: Entry, stream: string): void {
    const stop = this.#engine.hear('keys', () => void follow().catch(noMatter));
    this.#stops.push(stop);
    const follow = async (): Promise<void> => {
      const [opened = entry] = await this.#engine.open([entry]);
      const isThere = (await shownNow()).some((notice) => aboutOf(notice).id === entry.id);
      if (!isThere || !isSealed(opened)) stop();
      if (isThere && !isSealed(opened)) await this.#say(opened, stream);
    };
  }

  /** As it is kept: something may come before the page has begun with its notices. */
  async #standing(): Promise<Standing | null> {
    const kept = await readStanding();
    return kept?.user === this.#engine.userId ? kept : null;
  }

  /** Its key may come a little later than it does. */
  async #opened(entry: Entry): Promise<Entry> {
    if (!isSealed(entry) || entry.seal?.state === 'refused') return entry;
    const keys = Promise.withResolvers<void>();
    const stop = this.#engine.hear('keys', () => keys.resolve());
    const timer = setTimeout(keys.resolve, PATIENCE_MS);
    await keys.promise;
    stop();
    clearTimeout(timer);
    const [opened] = await this.#engine.open([entry]);
    return opened ?? entry;
  }

  /** In a group they are still heard, but not told of. */
  async #isBlocked({ form }: Conversation, { from }: Entry): Promise<boolean> {
    if (form !== 'group') return false;
    const blocked = await api.get<readonly { id: string }[]>('/v1/blocks', { remember: true });
    return blocked.some(({ id }) => id === from);
  }

  async #read({ conv, user, read }: Receipt): Promise<void> {
    const shops = (await this.#standing())?.shops ?? [];
    const isOwn = user === this.#engine.userId || shops.includes(user);
    if (isOwn) await this.#close((about) => about.conv === conv && about.seq <= read);
  }

  async #close(isMeant: (about: ReturnType<typeof aboutOf>) => boolean): Promise<void> {
    for (const notice of await shownNow()) if (isMeant(aboutOf(notice))) notice.close();
  }
}

async function shownNow(): Promise<readonly Notification[]> {
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.getNotifications()) ?? [];
}

/** As the server decides about what it pushes. */
function isAwaited(
  { state, muted_until, marks }: Conversation,
  { seq }: Entry,
  stream: string,
): boolean {
  const read = marks.find(({ user_id }) => user_id === stream)?.read_seq ?? 0;
  const isMuted = (muted_until ?? 0) > Date.now();
  return (state === 'joined' || state === 'requested') && !isMuted && read < seq;
}

/** Whoever looks sees it all the same. */
const noMatter = (): void => undefined;
