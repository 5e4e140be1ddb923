/**
 * One conversation: a part of its entries without a hole, what waits to be sent, and how to get more. What is far from
 * where one reads is let go, and comes again from this device or the server.
 */

import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { api, Problem } from '#lib/api/index.ts';
import type { Content, Entry, FactDoubt, Item, Sending, Upload, Words } from '#lib/sync/index.ts';
import {
  aboutOf,
  engine,
  fold,
  isChange,
  isOnce,
  keepSame,
  mergeEntries,
} from '#lib/sync/index.ts';
import { drawn } from '#lib/ui/drawn.ts';
import { uuid7 } from '#lib/values/ids.ts';
import type { Inbox } from './inbox.svelte.ts';
import type { Conversation } from './model.ts';
import { bodyOf, provisional } from './model.ts';
import type { Seen } from './part.ts';
import { Asides, lastRun, runAround, trimmed } from './part.ts';

type Query = Readonly<
  Partial<Record<'before' | 'after' | 'around' | 'limit', number> & { around_id: string }>
>;

interface History {
  readonly items: readonly Entry[];
  readonly about: readonly Entry[];
  readonly has_before: boolean;
  readonly has_after: boolean;
}

/** As many as are shown at once, and a few. */
const PAGE = 40;
/** Those that come while one scrolls. */
const NEXT = 100;
/** The most that the server gives at once. */
const MOST_AT_ONCE = 200;
/** The most that stay in memory. */
const MOST = 400;
const TYPING_EVERY_MS = 3000;
const ONCE_S = 14 * 24 * 3600;
const THINK_MS = 5000;
const LOOK_MS = 10_000;
/** What waits stands after everything that could have a number by then. */
const BEYOND = 1_000_000;

export class Talk {
  readonly id: string;
  readonly inbox: Inbox;

  #entries = $state.raw<readonly Entry[]>([]);
  readonly #asides = new Asides();
  #asidesRev = $state(0);
  /** From here on up to the latest everything was here at some time: nothing that was said about it is missing. */
  #knownFrom = Infinity;
  /** The beginning of the unbroken row on which the part that is here moves. */
  #rowFrom = Infinity;
  /** What is on the screen. */
  #seen: Seen | null = null;
  #folded: readonly Item[] = [];
  hasBefore = $state(false);
  /** Only a part around an older message is shown: the latest are not here. */
  hasAfter = $state(false);
  isLoading = $state(false);
  hasFailed = $state(false);
  /** Where the line above what is new is drawn, as it was when the conversation was opened. */
  readSeqAtOpening = $state<number | null>(null);

  readonly waiting: readonly Sending[] = $derived.by(() => {
    const known = this.#entries.slice(-100);
    return this.inbox.waiting(this.id).filter(({ id }) => !known.some((entry) => entry.id === id));
  });
  readonly items: readonly Item[] = $derived.by(() => {
    const after = this.#lastSeq + BEYOND;
    const unsent = provisional(this.waiting, { conv: this.id, after, own: this.inbox.own });
    const doomed = [...this.#doomed].map((target, index): Entry => ({
      conv: this.id,
      seq: after + BEYOND + index,
      k: 'deletion',
      id: `deletion ${target}`,
      ts: 0,
      target,
    }));
    void this.#asidesRev;
    const isHere = ({ id, expires_at = Infinity }: Entry) =>
      !this.#hidden.has(id) && !this.#isHiding(id) && expires_at > this.#now;
    const kept = this.#entries.filter(isHere);
    const aside = this.#asides.of(kept).filter(isHere);
    // Away from the latest only what it changes here is seen of it.
    const [shown, besides] = this.hasAfter
      ? [kept, [...aside, ...unsent]]
      : [[...kept, ...unsent], aside];
    this.#folded = keepSame(this.#folded, fold([...shown, ...doomed], besides));
    return this.#folded;
  });
  /** All entries from this number on are here, up to the last that is. */
  readonly since: number = $derived(this.hasBefore ? (this.#entries[0]?.seq ?? Infinity) : 0);

  /** What of the server's cards does not fit what it said before, by what they are about. */
  doubts = $state.raw<ReadonlyMap<string, FactDoubt>>(new SvelteMap());
  #judged: { readonly facts: readonly Entry[]; readonly isWhole: boolean } | null = null;

  /** Deleted for oneself. */
  readonly #hidden = new SvelteSet<string>();
  /** Deleted here, and soon for all. */
  readonly #doomed = new SvelteSet<string>();
  /** What has disappeared by now is not shown, whatever the server still has. */
  #now = $state(engine().now());
  #typedAt = 0;
  #isOpened = false;
  #markedSeq = 0;

  constructor(id: string, inbox: Inbox) {
    this.id = id;
    this.inbox = inbox;
    setInterval(() => {
      if (this.#entries.some(({ expires_at }) => expires_at)) this.#now = engine().now();
    }, LOOK_MS);
    engine().outbox.onSent((sent, answer) => this.#wasSent(sent, answer));
    engine().hear('keys', ({ convs }) => {
      if (convs === null || convs.includes(id)) void this.#openAgain();
    });
  }

  get conversation(): Conversation {
    const known = this.inbox.find(this.id);
    if (!known) throw new Error('A conversation is known before it is opened.');
    if (known.form !== 'group' || this.inbox.names.size === 0) return known;
    return { ...known, cards: [...known.cards, ...this.inbox.names.values()] };
  }

  /** The number of the last entry that is here. */
  get until(): number {
    return this.#lastSeq;
  }

  get #lastSeq(): number {
    return this.#entries.at(-1)?.seq ?? 0;
  }

  /** Shows what is on this device at once, and what the server has as soon as it is there. */
  async open(at: number | null, via?: typeof fetch): Promise<void> {
    const mark = this.conversation.marks.find(({ user_id }) => user_id === this.inbox.own);
    this.readSeqAtOpening = this.conversation.unread > 0 ? (mark?.read_seq ?? 0) : null;
    this.#markedSeq = mark?.read_seq ?? 0;
    this.#seen = null;
    if (at !== null) {
      await this.#goTo(at);
      return;
    }
    if (this.#isOpened) {
      await this.latest();
      this.#trim();
      return;
    }
    if (this.#entries.length === 0) {
      this.#show(lastRun(await this.#kept({ limit: this.#firstPage })), false);
    }
    if (this.#entries.length === 0) await this.renew(via);
    else void drawn().then(() => this.renew().catch(() => undefined));
  }

  /** Reaches back to what is new, as far as one page does. */
  get #firstPage(): number {
    const { seq } = this.conversation;
    const fresh = seq - (this.readSeqAtOpening ?? seq);
    return Math.min(Math.max(PAGE, fresh + 10), MOST_AT_ONCE);
  }

  /** Loads the latest entries; what is not joined to them is left out. */
  async renew(via?: typeof fetch): Promise<void> {
    this.isLoading = this.#entries.length === 0;
    const wasAtEnd = !this.hasAfter;
    try {
      const page = await this.#get({ limit: this.#firstPage }, via);
      this.#learn(page);
      if (wasAtEnd && this.hasAfter) {
        // One has scrolled far up in the meantime, and comes back to it.
        this.#knownFrom = Infinity;
        return;
      }
      const first = page.items[0]?.seq ?? 0;
      const isJoined = !this.hasAfter && this.#lastSeq >= first - 1 && this.#entries.length > 0;
      if (isJoined) {
        const lowest = this.#entries[0]?.seq ?? first;
        this.#set(mergeEntries(this.#entries, page.items));
        if (lowest >= first) this.hasBefore = page.has_before;
      } else {
        this.hasAfter = false;
        this.#knownFrom = this.#rowFrom = Infinity;
        this.#set(page.items);
        this.hasBefore = page.has_before;
      }
      this.#toTheEnd();
      this.#isOpened = true;
      this.hasFailed = false;
    } catch (error) {
      if (!(error instanceof Problem) || !error.isPassing) throw error;
      // Without a connection: what is here, and at least what the list knows.
      const { last, about_last } = this.conversation;
      if (this.#entries.length === 0 && last) {
        this.#aside(about_last);
        this.#set([last]);
        this.hasBefore = this.hasFailed = last.seq > 1;
      }
    } finally {
      this.isLoading = false;
    }
  }

  async older(): Promise<void> {
    const first = this.#entries[0]?.seq;
    if (this.isLoading || !this.hasBefore || first === undefined) return;
    if (this.#knownFrom <= first && (await this.#olderHere(first))) return;
    await this.#more({ before: first }, ({ has_before }) => (this.hasBefore = has_before));
  }

  async newer(): Promise<void> {
    const last = this.#lastSeq;
    if (this.isLoading || !this.hasAfter) return;
    if (this.#knownFrom <= last + 1 && (await this.#newerHere(last))) return;
    await this.#more({ after: last }, ({ has_after }) => {
      if (has_after) this.hasAfter = true;
      else this.#toTheEnd();
    });
  }

  /** Leaves the older part and goes to the latest. */
  async latest(): Promise<void> {
    if (!this.hasAfter) return;
    this.#seen = null;
    const kept = lastRun(await this.#kept({ limit: PAGE }));
    if (kept.at(-1)?.seq === this.conversation.seq) {
      this.#show(kept, false);
    } else await this.renew();
  }

  /** Goes to where a message stands; false when it is not there at all. */
  async reach(id: string): Promise<boolean> {
    if (this.#entries.some((entry) => entry.id === id)) return true;
    const here = await engine().placeOf(this.id, id);
    try {
      if (here !== null) await this.#goTo(here);
      else this.#jump(await this.#get({ around_id: id }));
    } catch (error) {
      if (error instanceof Problem) return false;
      throw error;
    }
    return this.#entries.some((entry) => entry.id === id);
  }

  /** Between these numbers is what one sees: it stays, whatever else goes. */
  see(seen: Seen): void {
    this.#seen = seen;
  }

  /** Something arrived. */
  take(entry: Entry): void {
    this.#learn({ items: [entry] });
    if (this.hasAfter) return;
    if (this.#entries.length > 0 && entry.seq > this.#lastSeq + 1) void this.renew();
    this.#set(mergeEntries(this.#entries, [entry]));
    this.#trim();
  }

  /** Everything that is here was seen. */
  markRead(): void {
    const seq = this.hasAfter ? 0 : this.#lastSeq;
    if (seq <= this.#markedSeq) return;
    this.#markedSeq = seq;
    const path = `/v1/conversations/${this.id}/receipts`;
    api
      .put(path, { read_seq: seq }, { actingFor: this.inbox.actingFor })
      .catch(() => (this.#markedSeq = 0));
  }

  /** Looks whether the server's cards that are here are what it has always said. */
  async judgeFacts(): Promise<void> {
    const facts = this.#entries.filter(({ k }) => k === 'fact');
    const isWhole = this.#entries[0]?.seq === 1;
    const known = this.#judged;
    const isSame = known?.isWhole === isWhole && known.facts.length === facts.length;
    if (isSame && facts.every((entry, n) => entry === known.facts[n])) return;
    this.#judged = { facts, isWhole };
    const mayBegin = this.conversation.kind === 'business';
    this.doubts = await engine().judgeFacts(this.#entries, { isWhole, mayBegin });
  }

  typing(): void {
    const now = Date.now();
    if (now - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = now;
    engine().typing(this.id, this.inbox.own);
  }

  /** Says something; it shows at once and is sent as soon as it can be. */
  async say(
    body: Content,
    uploads: readonly Upload[] = [],
    { before, dueAt }: { readonly before?: Sending; readonly dueAt?: number } = {},
  ): Promise<void> {
    const id = uuid7();
    // What changes something is seen where one is; what one says is seen at the foot.
    if (this.hasAfter && !isQuiet(body)) void this.latest();
    this.#typedAt = 0;
    const path = `/v1/conversations/${this.id}/messages`;
    const later = dueAt === undefined ? {} : { due_at: dueAt };
    const sending = { id, lane: this.id, path, uploads, ...later };
    if (this.conversation.kind === 'private') {
      // What the server may know of it; the rest is sealed on its way out.
      const known = {
        id,
        is_quiet: isQuiet(body),
        media: [...uploads.map(({ media }) => media), ...filesOf(body)],
        ttl_s: isQuiet(body) ? this.#restOf(body) : lifeOf(body, this.conversation.timer_s ?? null),
        slot: body.type === 'settings' ? 'settings' : null,
      };
      await engine().outbox.add({ ...sending, body: known, private: body, before });
    } else {
      const { actingFor } = this.inbox;
      await engine().outbox.add({ ...sending, body: { id, body }, actingFor });
    }
  }

  /** Changed words go with the message that they stand in. */
  #restOf(body: Content): number | null {
    if (body.type !== 'edit') return null;
    const { expires_at } = this.#entries.find(({ id }) => id === body.target_id) ?? {};
    if (expires_at === undefined) return null;
    return Math.max(1, Math.ceil((expires_at - engine().now()) / 1000));
  }

  edit(target: string, content: Words): Promise<void> {
    return this.say({ type: 'edit', target_id: target, content });
  }

  react(target: string, emoji: string): Promise<void> {
    return this.say({ type: 'reaction', target_id: target, emoji });
  }

  /** Chooses these options of a poll, by number; none takes the vote back. */
  vote(target: string, options: readonly number[]): Promise<void> {
    return this.say({ type: 'vote', target_id: target, options });
  }

  endPoll(target: string): Promise<void> {
    return this.say({ type: 'poll_end', target_id: target });
  }

  /** It is gone at once here; for all when there was time to think again. Answers how to take that back. */
  delete(target: string): () => void {
    return this.#soon(target, this.#doomed, 'POST', 'deletion');
  }

  /** Deletes for oneself, on all own devices; with the same moment to think. */
  hide(target: string): () => void {
    return this.#soon(target, this.#hidden, 'PUT', 'hiding');
  }

  /** It was hidden on another device. */
  hidden(target: string): void {
    this.#hidden.add(target);
  }

  /** As said on this device before it was opened anew, and not told to the server yet. */
  #isHiding(id: string): boolean {
    return this.waiting.some(({ path }) => path === `/v1/messages/${id}/hiding`);
  }

  #soon(target: string, set: SvelteSet<string>, method: 'POST' | 'PUT', what: string): () => void {
    set.add(target);
    const act = () => {
      stop();
      void engine().outbox.add({
        id: uuid7(),
        lane: this.id,
        method,
        path: `/v1/messages/${target}/${what}`,
        body: undefined,
        actingFor: this.inbox.actingFor,
      });
    };
    const timer = setTimeout(act, THINK_MS);
    const stop = () => {
      clearTimeout(timer);
      removeEventListener('pagehide', act);
    };
    addEventListener('pagehide', act);
    return () => {
      stop();
      set.delete(target);
    };
  }

  /** Says again what was refused, as something new. */
  async again(sending: Sending): Promise<void> {
    const body = bodyOf(sending);
    await engine().outbox.remove(sending.id);
    if (body) await this.say(body, sending.uploads, { before: sending });
  }

  giveUp(sending: Sending): Promise<void> {
    return engine().outbox.remove(sending.id);
  }

  /** The answer may come before the stream does: the message keeps its place in between. */
  #wasSent(id: string, answer: unknown): void {
    const sending = this.inbox.waiting(this.id).find((item) => item.id === id);
    const body = sending && withFiles(sending);
    const sent = answer as { seq?: number; created_at?: number } | undefined;
    if (!body || sent?.seq === undefined || sent.created_at === undefined) return;
    const { ttl_s } = sending.body as { ttl_s?: number | null };
    const entry: Entry = {
      conv: this.id,
      seq: sent.seq,
      k: 'message',
      id,
      from: this.inbox.own,
      ts: sent.created_at,
      ...(ttl_s && { expires_at: sent.created_at + ttl_s * 1000 }),
      body,
      seal: sending.private ? { state: 'open', doubt: null, isSerious: false } : undefined,
    };
    this.#aside([entry]);
    const isNext = this.#entries.length === 0 || sent.seq === this.#lastSeq + 1;
    if (isNext && !this.hasAfter) this.#set(mergeEntries(this.#entries, [entry]));
  }

  /** Keys came. */
  async #openAgain(): Promise<void> {
    const closed = this.#entries.filter(({ ct, body }) => ct !== undefined && body === undefined);
    const aside = this.#asides.closed;
    if (closed.length === 0 && aside.length === 0) return;
    const opened = await engine().open([...closed, ...aside]);
    this.#aside(opened);
    const isHere = (entry: Entry) => this.#entries.some(({ seq }) => seq === entry.seq);
    this.#set(mergeEntries(this.#entries, opened.filter(isHere)));
  }

  /** Shows what is around this number: from this device where nothing said since is missing, else from the server. */
  async #goTo(seq: number): Promise<void> {
    if (this.#entries.some((entry) => entry.seq === seq)) return;
    if (seq - PAGE >= this.#knownFrom && (await this.#goToHere(seq))) return;
    try {
      this.#jump(await this.#get({ around: seq }));
    } catch (error) {
      const isAlone = error instanceof Problem && error.isPassing;
      if (!isAlone || !(await this.#goToHere(seq))) throw error;
    }
  }

  async #goToHere(seq: number): Promise<boolean> {
    const run = runAround(await this.#kept({ before: seq + PAGE / 2, limit: PAGE }), seq);
    if (run.length === 0) return false;
    this.#show(run, (run.at(-1)?.seq ?? 0) < this.conversation.seq);
    return true;
  }

  #jump(page: History): void {
    this.#learn(page);
    this.#rowFrom = Infinity;
    this.hasAfter = page.has_after;
    this.#set(page.items);
    this.hasBefore = page.has_before;
    this.#isOpened = true;
  }

  /** Another part, from this device. */
  #show(run: readonly Entry[], hasAfter: boolean): void {
    this.#aside(run);
    this.#rowFrom = Infinity;
    this.hasAfter = hasAfter;
    this.#set(run);
    this.hasBefore = (run[0]?.seq ?? 1) > 1;
  }

  #set(entries: readonly Entry[]): void {
    this.#entries = entries;
    this.#rowFrom = Math.min(this.#rowFrom, entries[0]?.seq ?? Infinity);
    if (!this.hasAfter) this.#knownFrom = Math.min(this.#knownFrom, this.#rowFrom);
  }

  /** The latest are here. */
  #toTheEnd(): void {
    this.hasAfter = false;
    this.#knownFrom = Math.min(this.#knownFrom, this.#rowFrom);
  }

  /** Lets go what is far from what one sees. */
  #trim(): void {
    const last = this.#lastSeq;
    const kept = trimmed(this.#entries, MOST, this.#seen ?? { from: last, to: last });
    if (kept.length === this.#entries.length) return;
    if (kept[0] !== this.#entries[0]) this.hasBefore = true;
    if (kept.at(-1) !== this.#entries.at(-1)) this.hasAfter = true;
    this.#entries = kept;
  }

  #aside(entries: readonly Entry[]): void {
    if (this.#asides.add(entries)) this.#asidesRev++;
  }

  #kept(which: { limit: number; before?: number; after?: number }): Promise<readonly Entry[]> {
    return engine().keptEntries(this.inbox.own, this.id, which);
  }

  /** The page before, from this device: what came since was all here, so nothing about it is missing. */
  async #olderHere(first: number): Promise<boolean> {
    this.isLoading = true;
    const kept = await this.#kept({ before: first, limit: NEXT }).finally(
      () => (this.isLoading = false),
    );
    const run = kept.at(-1)?.seq === first - 1 ? lastRun(kept) : [];
    if (run.length === 0 || this.#entries[0]?.seq !== first) return false;
    this.#aside(run);
    this.#set([...run, ...this.#entries]);
    this.hasBefore = (run[0]?.seq ?? 1) > 1;
    this.#trim();
    return true;
  }

  async #newerHere(last: number): Promise<boolean> {
    this.isLoading = true;
    const kept = await this.#kept({ after: last, limit: NEXT }).finally(
      () => (this.isLoading = false),
    );
    const run = runAround(kept, last + 1);
    if (run.length === 0 || this.#lastSeq !== last) return false;
    this.#aside(run);
    this.#set([...this.#entries, ...run]);
    if (this.#lastSeq >= this.conversation.seq) this.#toTheEnd();
    this.#trim();
    return true;
  }

  async #more(query: Query, then: (page: History) => void): Promise<void> {
    this.isLoading = true;
    this.hasFailed = false;
    try {
      const page = await this.#get({ limit: NEXT, ...query });
      this.#learn(page);
      // Elsewhere by now?
      const { before, after } = query;
      const isNext = before === undefined ? this.#lastSeq === after : this.since === before;
      if (!isNext) return;
      this.#set(mergeEntries(this.#entries, page.items));
      then(page);
      this.#trim();
    } catch {
      this.hasFailed = true;
    } finally {
      this.isLoading = false;
    }
  }

  async #get(query: Query, via?: typeof fetch): Promise<History> {
    const page = await api.get<History>(`/v1/conversations/${this.id}/messages`, {
      query: { limit: PAGE, ...query },
      actingFor: this.inbox.actingFor,
      fetch: via,
    });
    return { ...page, items: await engine().open(page.items) };
  }

  /** Keeps what came for reading without a connection, and learns who of the team wrote. */
  #learn(page: Pick<History, 'items'> & Partial<History>): void {
    this.#aside([...page.items, ...(page.about ?? [])]);
    if (page.about) void engine().keepEntries(this.inbox.own, page.items);
    this.inbox.know(page.items.flatMap(({ author }) => author ?? []));
    const known = this.inbox.find(this.id);
    if (known?.form !== 'group') return;
    // Who was here before is no longer among its members.
    const named = page.items.flatMap(({ from, body }) => [
      from,
      isChange(body) ? body.user_id : undefined,
    ]);
    const isNew = (id?: string): id is string =>
      id !== undefined && id !== this.inbox.own && !known.cards.some((card) => card.id === id);
    this.inbox.know(named.filter(isNew));
  }
}

/** With how its files are opened: a later change of the words carries that on. */
function withFiles(sending: Sending): Content | null {
  const body = bodyOf(sending);
  const hasFiles = sending.uploads.length > 0 && sending.private !== null;
  return body && hasFiles ? ({ ...body, files: sending.private.files } as Content) : body;
}

/** The sealed files that are there already: forwarded ones. */
const filesOf = (body: Content): string[] =>
  'files' in body && body.files ? Object.keys(body.files) : [];

/** What opens once is not kept for ever by the server either, whether it is opened or not. */
const lifeOf = (body: Content, timer: number | null): number | null =>
  isOnce(body) ? Math.min(timer || ONCE_S, ONCE_S) : timer;

/** What changes something rather than saying something. */
const isQuiet = (body: Content): boolean => aboutOf(body) !== null || body.type === 'settings';
