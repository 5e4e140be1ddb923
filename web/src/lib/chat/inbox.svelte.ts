/** The conversations of one person, or of a shop that they act for, kept as they are on the server. */

import { untrack } from 'svelte';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { api, Problem } from '#lib/api/index.ts';
import { checkKind } from '#lib/crypto/index.ts';
import type { Entry, Receipt, Ruling, Sending } from '#lib/sync/index.ts';
import { aboutOf, engine, isChange, perOwner } from '#lib/sync/index.ts';
import { uuid7 } from '#lib/values/ids.ts';
import { Drafts } from './drafts.svelte.ts';
import type { Card, Conversation, Found } from './model.ts';
import { speaksTo } from './mentions.ts';
import { isRequest } from './model.ts';
import { rerank } from './ranks.ts';
import { following, newest } from './settings.ts';
import { Talk } from './talk.svelte.ts';

interface ConversationPage {
  readonly items: readonly Conversation[];
  readonly next?: string | null;
}

interface Arrangement {
  readonly is_archived?: boolean;
  readonly is_pinned?: boolean;
  /** Instant; 0 ends it. */
  readonly muted_until?: number;
}

const TYPING_MS = 6000;
const MOST_UNREAD = 50;
const MOST_FOUND = 50;
const PAGE = 200;
/** Rows that are scrolled past do not stay that long. */
const STAYS_MS = 60;

export class Inbox {
  /** Whose: the person's id or the shop's. It is also the stream that brings the news. */
  readonly own: string;
  readonly actingFor: string | null;
  readonly drafts: Drafts;
  /** Where one was named in what one has not read. */
  readonly named = new SvelteSet<string>();
  /** The team's names, for a shop's chats. */
  readonly names = new SvelteMap<string, Card>();

  readonly #byId = new SvelteMap<string, Conversation>();
  readonly #typing = new SvelteMap<
    string,
    { user: string; timer: ReturnType<typeof setTimeout> }
  >();
  // Nobody draws these.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #talks = new Map<string, Talk>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #fetching = new Map<string, Promise<Conversation>>();
  #next: string | null = null;
  #loading: Promise<void> | null = null;
  #turning: Promise<void> | null = null;
  #isLoaded = false;
  hasMore = $state(false);

  /** All that are listed, in their order. */
  #ranked = $state.raw<readonly Conversation[]>([]);
  #unread = $state(0);
  /** Whose rows are on the screen, or near. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #shown = new Set<string>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #toOpen = new Set<string>();
  /** Last words that this device tried to open. */
  readonly #looked = new SvelteSet<string>();

  /** What waits to be sent counts as said. */
  readonly list: readonly Conversation[] = $derived.by(() => {
    // eslint-disable-next-line svelte/prefer-svelte-reactivity
    const saidAt = new Map(
      engine()
        .outbox.items.filter(
          ({ actingFor, due_at }) => actingFor === this.actingFor && due_at === undefined,
        )
        .map(({ lane, at }) => [lane, at]),
    );
    const busy = [...saidAt.keys()].flatMap((conv) => this.#byId.get(conv) ?? []);
    if (busy.length === 0) return this.#ranked;
    const raised = busy.map((one) => ({
      ...one,
      active_at: Math.max(one.active_at, saidAt.get(one.id) ?? 0),
    }));
    return rerank(this.#ranked, busy.filter(isListed), raised);
  });

  constructor(own: string) {
    const running = engine();
    this.own = own;
    this.actingFor = own === running.userId ? null : own;
    this.drafts = new Drafts(running.userId, own);
    running.hear('entry', ({ entry, stream }) => stream === own && this.#heard(entry));
    running.hear('receipt', (receipt) => this.#read(receipt));
    running.hear('typing', ({ conv, user }) => this.#isTyping(conv, user));
    running.on('conversation', ({ ref, stream }) => stream === own && this.#refresh(ref));
    running.on('hidden', ({ ref, stream }) => {
      if (stream !== own) return;
      for (const talk of this.#talks.values()) talk.hidden(ref);
    });
    // What one may see of the others' marks is another matter now.
    running.on('privacy', ({ stream }) => {
      if (stream !== own) return;
      this.#isLoaded = false;
      void this.load().catch(() => undefined);
    });
    running.outbox.onStale((conv) => {
      if (this.#byId.has(conv)) this.#refresh(conv);
    });
    running.hear('keys', ({ convs }) => {
      const known = convs ?? this.#ranked.map(({ id }) => id);
      this.#openNames(known.filter((conv) => this.#isUnnamed(conv)));
      for (const conv of known) this.#openSoon(conv);
    });
    running.hear('resync', ({ stream }) => {
      if (stream !== own) return;
      this.#isLoaded = false;
      for (const talk of this.#talks.values()) void talk.renew();
    });
  }

  get unread(): number {
    return this.#unread;
  }

  /** What of it waits to be sent. */
  waiting(conv: string): Sending[] {
    return this.#outgoing(conv).filter(({ due_at }) => due_at === undefined);
  }

  /** What is to be sent later, the next one first. */
  scheduled(conv: string): Sending[] {
    return this.#outgoing(conv)
      .filter(({ due_at }) => due_at !== undefined)
      .sort((a, b) => (a.due_at ?? 0) - (b.due_at ?? 0));
  }

  #outgoing(conv: string): Sending[] {
    return engine().outbox.items.filter(
      ({ lane, actingFor }) => lane === conv && actingFor === this.actingFor,
    );
  }

  /** Who types there; null when nobody does. */
  typist(conv: string): string | null {
    return this.#typing.get(conv)?.user ?? null;
  }

  find(conv: string): Conversation | undefined {
    return this.#byId.get(conv);
  }

  /** What this device knows of the first page at once, then what it is now; after that the stream keeps it true. */
  async load(options: { fetch?: typeof fetch } = {}): Promise<void> {
    if (this.#isLoaded) return;
    const fresh = (this.#loading ??= this.#renew(options).finally(() => (this.#loading = null)));
    if (untrack(() => this.#ranked.length) === 0) {
      const known = await api.known<ConversationPage>('/v1/conversations', {
        actingFor: this.actingFor,
      });
      const unheard = known?.items.filter(({ id }) => !this.#byId.has(id)) ?? [];
      if (unheard.length > 0) {
        this.#setAll(unheard);
        void fresh.catch(() => undefined);
        return;
      }
    }
    await fresh;
  }

  async #renew(options: { fetch?: typeof fetch }): Promise<void> {
    const page = await this.#page(null, options);
    // What the stream has told since the server answered is newer.
    const older = page.items.filter(({ id, seq }) => (this.#byId.get(id)?.seq ?? 0) > seq);
    this.#setAll(page.items.filter((one) => !older.includes(one)));
    for (const { id } of older) this.#refresh(id, this.#byId.get(id)?.seq);
    this.#next = page.next ?? null;
    this.hasMore = this.#next !== null;
    this.#isLoaded = navigator.onLine;
  }

  /** The page after those that are here. */
  more(): Promise<void> {
    const after = this.#next;
    if (after === null) return Promise.resolve();
    return (this.#turning ??= this.#page(after)
      .then((page) => {
        this.#setAll(page.items.filter(({ id }) => !this.#byId.has(id)));
        this.#next = page.next ?? null;
        this.hasMore = this.#next !== null;
      })
      .finally(() => (this.#turning = null)));
  }

  /** The conversation, ready to be shown. Throws `not-found` when it is not one of these. */
  async open(
    conv: string,
    options: { fetch?: typeof fetch; at?: number | null } = {},
  ): Promise<Talk> {
    const talk = await this.speak(conv, options.fetch);
    await talk.open(options.at ?? null, options.fetch);
    return talk;
  }

  /** The conversation to say something in, without loading what was said there. */
  async speak(conv: string, via?: typeof fetch): Promise<Talk> {
    const known = this.#byId.get(conv) ?? (await this.#fetch(conv, via));
    // What was private stays private, whatever the server says.
    if (this.actingFor === null) await checkKind(this.own, conv, known.kind);
    let talk = this.#talks.get(conv);
    if (!talk) {
      talk = new Talk(conv, this);
      this.#talks.set(conv, talk);
    }
    return talk;
  }

  /** The id of the conversation with somebody, begun if there is none. */
  async with(other: Card): Promise<string> {
    const kind = this.actingFor !== null || other.kind === 'business' ? 'business' : 'private';
    const known = [...this.#byId.values()].find(
      (one) => one.kind === kind && one.other?.id === other.id,
    );
    if (known) return known.id;
    const id = uuid7();
    try {
      const begun = await api.post<Conversation>(
        '/v1/conversations',
        { id, kind, with_id: other.id },
        { actingFor: this.actingFor },
      );
      this.#set(begun);
      return begun.id;
    } catch (error) {
      const there = error instanceof Problem ? error.facts.conversation_id : null;
      if (typeof there === 'string') return there;
      throw error;
    }
  }

  async search(words: string, signal?: AbortSignal): Promise<readonly Found[]> {
    const { items } = await api.get<{ items: readonly Found[] }>('/v1/messages', {
      query: { q: words },
      actingFor: this.actingFor,
      signal,
    });
    return this.#known(items);
  }

  /** What this device has opened of private conversations; needs no connection. */
  async searchHere(words: string): Promise<readonly Found[]> {
    if (this.actingFor !== null) return [];
    return this.#known(await engine().find(words, MOST_FOUND));
  }

  /** With their conversations, as far as there are any. */
  async #known(found: readonly Found[]): Promise<readonly Found[]> {
    const unknown = found
      .map(({ message }) => message.conv)
      .filter((conv, index, all) => !this.#byId.has(conv) && all.indexOf(conv) === index);
    await Promise.all(unknown.map((conv) => this.#fetch(conv).catch(() => undefined)));
    return found;
  }

  /** Learns the names of these people, once. */
  know(ids: readonly string[]): void {
    const unknown = ids.filter((id, i) => !this.names.has(id) && ids.indexOf(id) === i);
    if (unknown.length === 0) return;
    api
      .get<readonly Card[]>('/v1/users', { query: { ids: unknown }, remember: true })
      .then((cards) => cards.forEach((card) => this.names.set(card.id, card)))
      .catch(() => undefined);
  }

  #page(after: string | null, options: { fetch?: typeof fetch } = {}): Promise<ConversationPage> {
    return api.get('/v1/conversations', {
      query: { after, limit: after === null ? null : PAGE },
      actingFor: this.actingFor,
      remember: after === null,
      ...options,
    });
  }

  #fetch(conv: string, via?: typeof fetch): Promise<Conversation> {
    const asked =
      this.#fetching.get(conv) ??
      api
        .get<Conversation>(`/v1/conversations/${conv}`, {
          actingFor: this.actingFor,
          remember: true,
          fetch: via,
        })
        .then((one) => {
          this.#set(one);
          return one;
        })
        .finally(() => this.#fetching.delete(conv));
    this.#fetching.set(conv, asked);
    return asked;
  }

  #set(one: Conversation): void {
    this.#setAll([one]);
  }

  #setAll(all: readonly Conversation[]): void {
    this.#put(
      all.map((one) => {
        const known = this.#byId.get(one.id);
        const last = one.kind === 'private' ? unread(one.last, known?.last) : one.last;
        // An answer may be older than what the stream has told since.
        const isOlder = (known?.settings?.seq ?? 0) > (one.settings?.seq ?? 0);
        const latest = isOlder && known ? known : one;
        const settings = unread(latest.settings, known?.settings);
        const wasLatest = latest.admin_settings?.id === known?.settings?.id;
        const admin_settings = unread(
          latest.admin_settings,
          wasLatest ? known?.settings : known?.admin_settings,
        );
        // Who has left is still named by what they said.
        const gone =
          known?.cards.filter(({ id }) => !one.cards.some((card) => card.id === id)) ?? [];
        return { ...one, last, settings, admin_settings, cards: [...one.cards, ...gone] };
      }),
    );
    const ids = all.map(({ id }) => id);
    this.#openNames(ids);
    for (const id of ids) this.#openSoon(id);
    for (const { id, unread } of all) if (unread === 0) this.named.delete(id);
  }

  /** These are so now: all that is worked out of them follows, and nothing else is looked at. */
  #put(all: readonly Conversation[]): void {
    untrack(() => {
      const before = all.flatMap(({ id }) => this.#byId.get(id) ?? []);
      this.#ranked = rerank(this.#ranked, before.filter(isListed), all.filter(isListed));
      this.#unread += sumOf(all) - sumOf(before);
      for (const one of all) this.#byId.set(one.id, one);
    });
  }

  /** A row of it is on the screen, or near: its last words are opened. Answers what to do when it is gone. */
  show(conv: string): () => void {
    this.#shown.add(conv);
    this.#openSoon(conv);
    return () => this.#shown.delete(conv);
  }

  /** Whether its last words are known to be readable or not. */
  hasLooked({ kind, last }: Conversation): boolean {
    return kind === 'business' || last?.body !== undefined || this.#looked.has(last?.id ?? '');
  }

  /** Among what came to this device and was not read. */
  async #lookForName({ id, form, marks, unread }: Conversation): Promise<void> {
    if (form !== 'group' || unread === 0 || this.named.has(id)) return;
    const read = marks.find(({ user_id }) => user_id === this.own)?.read_seq ?? 0;
    const kept = await engine().keptEntries(this.own, id, { limit: MOST_UNREAD });
    if (kept.some((entry) => entry.seq > read && speaksTo(entry, this.own))) this.named.add(id);
  }

  /** What private conversations are called and show, as far as that can be read. */
  #openNames(convs: readonly string[]): void {
    const ours = convs.filter(
      (conv) => untrack(() => this.#byId.get(conv)?.kind) === 'private' && !this.actingFor,
    );
    if (ours.length > 0) void this.#rule(ours).catch(() => undefined);
  }

  #isUnnamed(conv: string): boolean {
    const known = untrack(() => this.#byId.get(conv));
    return [known?.settings ?? [], known?.admin_settings ?? []].flat().some(isClosed);
  }

  /** What is set is the newest that this device has read: an older one that is served again changes nothing. */
  async #rule(convs: readonly string[]): Promise<void> {
    const kept = await engine().rulings(convs);
    const sealed = convs.flatMap((conv) => {
      const all = [this.#byId.get(conv), kept.get(conv)];
      // An admin's first: they say who may say others.
      return all.flatMap((one) => [one?.admin_settings ?? [], one?.settings ?? []].flat());
    });
    const closed = sealed.filter(isClosed);
    const opened = closed.length > 0 ? await engine().open(closed) : [];
    const byId = Object.fromEntries(opened.map((entry) => [entry.id, entry]));
    const read = ({ settings, admin_settings }: Ruling): Ruling => ({
      settings: settings && (byId[settings.id] ?? settings),
      admin_settings: admin_settings && (byId[admin_settings.id] ?? admin_settings),
    });
    const fresh = convs.flatMap((conv) => {
      const now = this.#byId.get(conv);
      if (!now) return [];
      const before = kept.get(conv) ?? NO_RULING;
      const ruling = newest(read(now), read(before));
      if (isRead(ruling.settings) && ruling.settings.seq > (before.settings?.seq ?? 0)) {
        void engine()
          .keepRuling(conv, ruling)
          .catch(() => undefined);
      }
      const isSame =
        ruling.settings === now.settings && ruling.admin_settings === now.admin_settings;
      return isSame ? [] : { ...now, ...ruling };
    });
    if (fresh.length > 0) this.#put(fresh);
  }

  /** Those that are still shown in a moment are opened together. */
  #openSoon(conv: string): void {
    if (!this.#shown.has(conv) || untrack(() => this.#byId.get(conv)?.kind) !== 'private') return;
    if (this.#toOpen.size === 0) setTimeout(() => this.#openShown(), STAYS_MS);
    this.#toOpen.add(conv);
  }

  #openShown(): void {
    const convs = [...this.#toOpen].filter((conv) => this.#shown.has(conv));
    this.#toOpen.clear();
    void this.#openWords(convs).catch(() => undefined);
  }

  async #openWords(convs: readonly string[]): Promise<void> {
    const all = convs.flatMap((conv) => this.#byId.get(conv) ?? []);
    for (const one of all) void this.#lookForName(one).catch(() => undefined);
    const sealed = all.flatMap(({ last }) =>
      last?.k === 'message' && last.body === undefined ? last : [],
    );
    // A list has no ciphertext: what was opened here before is enough.
    const known = await engine().recall(sealed);
    this.#opened([...known.values()]);
    const rest = sealed.filter(({ id }) => !known.has(id));
    const ask = async (last: Entry) => this.#opened([await this.#lastWords(last)]);
    await Promise.all(rest.map((last) => ask(last).catch(() => this.#looked.add(last.id))));
  }

  #opened(all: readonly Entry[]): void {
    this.#put(
      all.flatMap((last) => {
        const now = this.#byId.get(last.conv);
        return now?.last?.id === last.id ? { ...now, last } : [];
      }),
    );
    for (const { id } of all) this.#looked.add(id);
  }

  /** A list tells of a private message only that there is one: it is looked for here, then on the server. */
  async #lastWords(last: Entry): Promise<Entry> {
    const among = (entries: readonly Entry[]) => entries.find((entry) => entry.id === last.id);
    if (last.ct !== undefined) return (await engine().open([last]))[0] ?? last;
    const kept = among(await engine().keptEntries(this.own, last.conv, { limit: 20 }));
    if (kept) return kept;
    const page = await api.get<{ items: readonly Entry[] }>(
      `/v1/conversations/${last.conv}/messages`,
      { query: { around: last.seq, limit: 1 } },
    );
    return among(await engine().open(page.items)) ?? last;
  }

  /** Pins, mutes or archives it, for oneself on all devices. */
  async arrange(conv: string, change: Arrangement): Promise<void> {
    this.#set(
      await api.patch<Conversation>(`/v1/conversations/${conv}`, change, {
        actingFor: this.actingFor,
      }),
    );
  }

  /** What the server answered to a change of it. */
  keep(one: Conversation): void {
    this.#set(one);
  }

  async refresh(conv: string): Promise<void> {
    await this.#fetch(conv);
  }

  /** Says yes to somebody who asked. */
  async accept(conv: string): Promise<void> {
    this.#set(await api.put<Conversation>(`/v1/conversations/${conv}/acceptance`));
  }

  /** Wants nothing of it. Nobody is told. */
  async refuse(conv: string): Promise<void> {
    await api.del(`/v1/conversations/${conv}/acceptance`);
    this.drop(conv);
  }

  /** It is no longer among one's conversations. */
  drop(conv: string): void {
    void engine().leave(this.own, conv);
    const known = this.#byId.get(conv);
    if (known) {
      this.#ranked = rerank(this.#ranked, [known], []);
      this.#unread -= sumOf([known]);
      this.#byId.delete(conv);
    }
    this.#talks.delete(conv);
  }

  /** One is no longer in it; what was read stays on the screen. */
  #ended(conv: string): void {
    void engine().leave(this.own, conv);
    const known = this.#byId.get(conv);
    if (known) this.#put([{ ...known, state: 'removed', unread: 0 }]);
  }

  /** Asks again, once, when the answer was on its way before `seq` was. */
  #refresh(conv: string, seq = 0): void {
    const asked = this.#fetch(conv).then((one) => (one.seq < seq ? this.#fetch(conv) : one));
    asked.catch((error: unknown) => {
      if (error instanceof Problem && error.slug === 'not-found') this.#ended(conv);
    });
  }

  #heard(entry: Entry): void {
    this.#talks.get(entry.conv)?.take(entry);
    const known = this.#byId.get(entry.conv);
    if (!known) {
      this.#refresh(entry.conv, entry.seq);
      return;
    }
    if (entry.seq <= known.seq) return;
    if (speaksTo(entry, this.own)) this.named.add(entry.conv);
    const isOwn = entry.from === this.own;
    if (!isOwn) this.#stopTyping(entry.conv);
    const seq = entry.seq;
    const target = targetOf(entry);
    // Who is here, and what it is called, is told anew.
    if (isGoing(entry, this.own)) {
      this.#ended(entry.conv);
      return;
    }
    const mayBeSettings = known.kind === 'private' && entry.quiet && isClosed(entry);
    if (entry.k === 'change' || mayBeSettings) this.#refresh(entry.conv, entry.seq);
    if (target === null) {
      const unread = known.unread + (isOwn ? 0 : 1);
      const active_at = entry.ts;
      this.#put([{ ...known, seq, unread, active_at, last: entry, about_last: [] }]);
      if (isClosed(entry)) this.#openSoon(known.id);
    } else {
      const isAboutLast = target === known.last?.id;
      const about_last = isAboutLast ? [...known.about_last, entry] : known.about_last;
      const settings = bodyType(entry) === 'settings' ? following(known, entry) : {};
      this.#put([{ ...known, seq, about_last, ...settings }]);
      this.#openNames([known.id]);
    }
  }

  #read({ conv, user, delivered, read }: Receipt): void {
    const known = this.#byId.get(conv);
    if (!known) return;
    const marks = known.marks.map((mark) =>
      mark.user_id === user
        ? {
            ...mark,
            delivered_seq: Math.max(mark.delivered_seq, delivered),
            read_seq: Math.max(mark.read_seq, read),
          }
        : mark,
    );
    const isAllRead = user === this.own && read >= known.seq;
    if (isAllRead) this.named.delete(conv);
    this.#put([{ ...known, marks, unread: isAllRead ? 0 : known.unread }]);
    if (user === this.own && !isAllRead && known.unread > 0) this.#refresh(conv);
  }

  #isTyping(conv: string, user: string): void {
    if (user === this.own || !this.#byId.has(conv)) return;
    clearTimeout(this.#typing.get(conv)?.timer);
    const timer = setTimeout(() => this.#typing.delete(conv), TYPING_MS);
    this.#typing.set(conv, { user, timer });
  }

  #stopTyping(conv: string): void {
    clearTimeout(this.#typing.get(conv)?.timer);
    this.#typing.delete(conv);
  }
}

/** What an entry changes; null for what stands for itself. */
function targetOf({ k, target, body, quiet }: Entry): string | null {
  if (k === 'deletion') return target ?? '';
  if (k === 'change') return '';
  return aboutOf(body) ?? (quiet ? '' : null);
}

/** Nothing was said there by anybody: it is not worth a row. */
const isListed = ({ form, last, seq }: Conversation): boolean =>
  form === 'group' || last !== null || seq === 0;

const sumOf = (all: readonly Conversation[]): number =>
  all.reduce((sum, one) => sum + (isRequest(one) || one.is_archived ? 0 : one.unread), 0);

const isGoing = ({ body }: Entry, own: string): boolean =>
  isChange(body) && body.user_id === own && (body.change === 'left' || body.change === 'removed');

const bodyType = ({ body }: Entry): string | null => (body && 'type' in body ? body.type : null);

const isClosed = ({ ct, body }: Entry): boolean => ct !== undefined && body === undefined;

const isRead = (entry: Entry | null): entry is Entry =>
  entry?.ct !== undefined && entry.seal?.state === 'open';

const NO_RULING: Ruling = { settings: null, admin_settings: null };

/** What the server cannot read: the copy that is open already, or one that waits to be. */
function unread(fresh: Entry | null, known: Entry | null | undefined): Entry | null {
  if (fresh?.k !== 'message' || fresh.body !== undefined) return fresh;
  return known?.id === fresh.id && known.body !== undefined
    ? known
    : { ...fresh, seal: { state: 'waiting' } };
}

/** The one inbox of this person or shop. */
export const inboxOf = perOwner((own) => new Inbox(own));

const KEY = 'kirana.inbox';

interface Reader {
  readonly id: string;
  readonly acts_for: readonly { readonly id: string }[];
}

/** Whose chats are shown: as the address says, else as chosen last on this device, else one's own. */
export function chooseOwn(wanted: string | null, me: Reader): string {
  const may = (id: string | null): id is string =>
    id === me.id || me.acts_for.some((shop) => shop.id === id);
  if (may(wanted)) return wanted;
  const last = localStorage.getItem(KEY);
  return may(last) ? last : me.id;
}

export const rememberOwn = (own: string): void => localStorage.setItem(KEY, own);
