/** One conversation: a part of its entries without a hole, what waits to be sent, and how to get more. */

import { SvelteSet } from 'svelte/reactivity';
import { api, Problem } from '#lib/api/index.ts';
import type { Content, Entry, Item, Sending, Upload, Words } from '#lib/sync/index.ts';
import { aboutOf, engine, fold, isChange, mergeEntries } from '#lib/sync/index.ts';
import { uuid7 } from '#lib/values/ids.ts';
import type { Inbox } from './inbox.svelte.ts';
import type { Conversation } from './model.ts';
import { bodyOf, provisional } from './model.ts';

interface History {
  readonly items: readonly Entry[];
  readonly about: readonly Entry[];
  readonly has_before: boolean;
  readonly has_after: boolean;
}

const PAGE = 50;
const TYPING_EVERY_MS = 3000;
const SEARCH_PAGES = 20;
const THINK_MS = 5000;
const LOOK_MS = 10_000;
/** What waits stands after everything that could have a number by then. */
const BEYOND = 1_000_000;

export class Talk {
  readonly id: string;
  readonly inbox: Inbox;

  #entries = $state.raw<readonly Entry[]>([]);
  /** Said later, about what is here. */
  #about = $state.raw<readonly Entry[]>([]);
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
    const unsent = this.hasAfter
      ? []
      : provisional(this.waiting, { conv: this.id, after, own: this.inbox.own });
    const doomed = [...this.#doomed].map((target, index): Entry => ({
      conv: this.id,
      seq: after + BEYOND + index,
      k: 'deletion',
      id: `deletion ${target}`,
      ts: 0,
      target,
    }));
    const kept = mergeEntries(this.#about, this.#entries).filter(
      ({ id, expires_at = Infinity }) =>
        !this.#hidden.has(id) && !this.#isHiding(id) && expires_at > this.#now,
    );
    return fold([...kept, ...unsent, ...doomed]);
  });

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

  get #lastSeq(): number {
    return this.#entries.at(-1)?.seq ?? 0;
  }

  /** Shows what is on this device at once, and what the server has as soon as it is there. */
  async open(at: number | null, via?: typeof fetch): Promise<void> {
    const mark = this.conversation.marks.find(({ user_id }) => user_id === this.inbox.own);
    this.readSeqAtOpening = this.conversation.unread > 0 ? (mark?.read_seq ?? 0) : null;
    this.#markedSeq = mark?.read_seq ?? 0;
    if (at !== null && !this.#entries.some(({ seq }) => seq === at)) {
      await this.#around(at).catch((error: unknown) => this.#aroundHere(at, error));
      return;
    }
    if (this.#isOpened && !this.hasAfter) return;
    if (this.#entries.length === 0) {
      this.#entries = lastRun(await engine().keptEntries(this.inbox.own, this.id));
      this.hasBefore = (this.#entries[0]?.seq ?? 1) > 1;
    }
    if (this.#entries.length > 0 && !this.hasAfter) void this.renew(via).catch(() => undefined);
    else await this.renew(via);
  }

  /** Loads the latest entries; what is not joined to them is left out. */
  async renew(via?: typeof fetch): Promise<void> {
    this.isLoading = this.#entries.length === 0;
    try {
      const page = await this.#get({}, via);
      const first = page.items[0]?.seq ?? 0;
      const isJoined = !this.hasAfter && this.#lastSeq >= first - 1 && this.#entries.length > 0;
      const lowest = this.#entries[0]?.seq ?? first;
      this.#entries = mergeEntries(isJoined ? this.#entries : [], page.items);
      this.#learn(page);
      if (!isJoined || lowest >= first) this.hasBefore = page.has_before;
      this.hasAfter = false;
      this.#isOpened = true;
      this.hasFailed = false;
    } catch (error) {
      if (!(error instanceof Problem) || !error.isPassing) throw error;
      // Without a connection: what is here, and at least what the list knows.
      const { last, about_last } = this.conversation;
      if (this.#entries.length === 0 && last) {
        this.#entries = [last];
        this.#about = mergeEntries(this.#about, about_last);
        this.hasBefore = this.hasFailed = last.seq > 1;
      }
    } finally {
      this.isLoading = false;
    }
  }

  async older(): Promise<void> {
    const first = this.#entries[0]?.seq;
    if (this.isLoading || !this.hasBefore || first === undefined) return;
    if (!this.hasAfter && (await this.#olderHere(first))) return;
    await this.#more({ before: first }, ({ has_before }) => (this.hasBefore = has_before));
  }

  async newer(): Promise<void> {
    if (this.isLoading || !this.hasAfter) return;
    await this.#more({ after: this.#lastSeq }, ({ has_after }) => (this.hasAfter = has_after));
  }

  /** Leaves the older part and goes to the latest. */
  async latest(): Promise<void> {
    if (this.hasAfter) await this.renew();
  }

  /** Loads older pages until the message is among them; false when it is not there at all. */
  async reach(id: string): Promise<boolean> {
    for (let page = 0; page < SEARCH_PAGES; page++) {
      if (this.#entries.some((entry) => entry.id === id)) return true;
      if (!this.hasBefore) return false;
      await this.older();
      if (this.hasFailed) return false;
    }
    return false;
  }

  /** Something arrived. */
  take(entry: Entry): void {
    if (this.hasAfter) {
      if (isAbout(entry)) this.#about = mergeEntries(this.#about, [entry]);
      return;
    }
    if (this.#entries.length > 0 && entry.seq > this.#lastSeq + 1) void this.renew();
    this.#entries = mergeEntries(this.#entries, [entry]);
    this.#learn({ items: [entry] });
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

  typing(): void {
    const now = Date.now();
    if (now - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = now;
    engine().typing(this.id, this.inbox.own);
  }

  /** Says something; it shows at once and is sent as soon as it can be. */
  async say(body: Content, uploads: readonly Upload[] = [], before?: Sending): Promise<void> {
    const id = uuid7();
    if (this.hasAfter) void this.renew();
    this.#typedAt = 0;
    const sending = { id, lane: this.id, path: `/v1/conversations/${this.id}/messages`, uploads };
    if (this.conversation.kind === 'private') {
      // What the server may know of it; the rest is sealed on its way out.
      const known = {
        id,
        is_quiet: isQuiet(body),
        media: [...uploads.map(({ media }) => media), ...filesOf(body)],
        ttl_s: isQuiet(body) ? null : this.conversation.timer_s,
        slot: body.type === 'settings' ? 'settings' : null,
      };
      await engine().outbox.add({ ...sending, body: known, private: body, before });
    } else {
      const { actingFor } = this.inbox;
      await engine().outbox.add({ ...sending, body: { id, body }, actingFor });
    }
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
    if (body) await this.say(body, sending.uploads, sending);
  }

  giveUp(sending: Sending): Promise<void> {
    return engine().outbox.remove(sending.id);
  }

  /** The answer may come before the stream does: the message keeps its place in between. */
  #wasSent(id: string, answer: unknown): void {
    const sending = this.inbox.waiting(this.id).find((item) => item.id === id);
    const body = sending && withFiles(sending);
    const sent = answer as { seq?: number; created_at?: number } | undefined;
    if (!body || this.hasAfter || sent?.seq === undefined || sent.created_at === undefined) return;
    if (this.#entries.length > 0 && sent.seq !== this.#lastSeq + 1) return;
    const entry: Entry = {
      conv: this.id,
      seq: sent.seq,
      k: 'message',
      id,
      from: this.inbox.own,
      ts: sent.created_at,
      body,
      seal: sending.private ? { state: 'open', doubt: null, isSerious: false } : undefined,
    };
    this.#entries = mergeEntries(this.#entries, [entry]);
  }

  /** Keys came. */
  async #openAgain(): Promise<void> {
    const closed = this.#entries.filter(({ ct, body }) => ct !== undefined && body === undefined);
    if (closed.length === 0) return;
    this.#entries = mergeEntries(this.#entries, await engine().open(closed));
  }

  async #around(at: number): Promise<void> {
    const page = await this.#get({ around: at });
    this.#entries = page.items;
    this.#learn(page);
    this.hasBefore = page.has_before;
    this.hasAfter = page.has_after;
    this.#isOpened = true;
  }

  /** Without a connection: what this device has around it. */
  async #aroundHere(at: number, error: unknown): Promise<void> {
    if (!(error instanceof Problem) || !error.isPassing) throw error;
    const before = at + PAGE / 2;
    const kept = await engine().keptEntries(this.inbox.own, this.id, { before, limit: PAGE });
    const here = kept.findIndex(({ seq }) => seq === at);
    if (here === -1) throw error;
    const run = lastRun(kept.slice(0, here + 1));
    const next = kept.slice(here + 1).filter(({ seq }, n) => seq === at + 1 + n);
    this.#entries = [...run, ...next];
    this.hasBefore = (run[0]?.seq ?? 1) > 1;
    this.hasAfter = this.#lastSeq < this.conversation.seq;
  }

  /** The page before, from this device: what came since is all here, so nothing about it is missing. */
  async #olderHere(first: number): Promise<boolean> {
    this.isLoading = true;
    const query = { before: first, limit: PAGE };
    const kept = await engine().keptEntries(this.inbox.own, this.id, query);
    const run = kept.at(-1)?.seq === first - 1 ? lastRun(kept) : [];
    this.isLoading = false;
    if (run.length === 0) return false;
    this.#entries = mergeEntries(this.#entries, run);
    this.hasBefore = (run[0]?.seq ?? 1) > 1;
    return true;
  }

  async #more(query: Record<string, number>, then: (page: History) => void): Promise<void> {
    this.isLoading = true;
    this.hasFailed = false;
    try {
      const page = await this.#get(query);
      this.#entries = mergeEntries(this.#entries, page.items);
      this.#learn(page, !this.hasAfter);
      then(page);
    } catch {
      this.hasFailed = true;
    } finally {
      this.isLoading = false;
    }
  }

  async #get(query: Record<string, number>, via?: typeof fetch): Promise<History> {
    const page = await api.get<History>(`/v1/conversations/${this.id}/messages`, {
      query: { ...query, limit: PAGE },
      actingFor: this.inbox.actingFor,
      fetch: via,
    });
    return { ...page, items: await engine().open(page.items) };
  }

  /** Keeps what came for reading without a connection, and learns who of the team wrote. */
  #learn(page: Pick<History, 'items'> & Partial<History>, isKept = true): void {
    if (page.about?.length) this.#about = mergeEntries(this.#about, page.about);
    if (isKept && page.about) void engine().keepEntries(this.inbox.own, page.items);
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

/** What changes something rather than saying something. */
const isQuiet = (body: Content): boolean => aboutOf(body) !== null || body.type === 'settings';

const isAbout = ({ k, body }: Entry): boolean => k === 'deletion' || aboutOf(body) !== null;

/** The last entries whose numbers follow each other. */
function lastRun(entries: readonly Entry[]): readonly Entry[] {
  const start = entries.findLastIndex(
    (entry, index) => index === 0 || entries[index - 1]?.seq !== entry.seq - 1,
  );
  return entries.slice(Math.max(0, start));
}
