import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { Problem } from '#lib/api/problem.ts';
import { keep, keptEntries, openDatabase, startAfresh } from './database.ts';
import type { Entry } from './entries.ts';
import type { Frame } from './feed.ts';
import { Feed } from './feed.ts';
import { Outbox } from './outbox.svelte.ts';
import type { Sealing } from './sealing.ts';
import { fold, mergeEntries } from './timeline.ts';

/** A conversation of any shape: texts, edits, reactions, deletions, facts, each about something earlier or later. */
const conversation = fc
  .array(fc.record({ k: fc.nat(5), who: fc.nat(2), about: fc.nat(30), word: fc.nat(3) }), {
    maxLength: 40,
  })
  .map((rows) =>
    rows.map(({ k, who, about, word }, i): Entry => {
      const base = { conv: 'c', seq: i + 1, id: `m${i + 1}`, from: `u${who}`, ts: i };
      const target = `m${about}`;
      if (k === 1) {
        const content = { type: 'text' as const, text: `edited ${word}` };
        return { ...base, k: 'message', body: { type: 'edit', target_id: target, content } };
      }
      if (k === 2) {
        const emoji = word === 0 ? '' : `e${word}`;
        return { ...base, k: 'message', body: { type: 'reaction', target_id: target, emoji } };
      }
      if (k === 3) return { ...base, k: 'deletion', target };
      if (k === 4) {
        const subject = { kind: 'order', id: `o${word}`, version: i };
        return {
          ...base,
          k: 'fact',
          body: { type: 'fact', fact: 'order.moved', subject, card: { state: `s${i}` } },
        };
      }
      return { ...base, k: 'message', body: { type: 'text', text: `words ${word}` } };
    }),
  );

describe('timeline', () => {
  test('pages in any order, overlapping and twice, give the same timeline', () => {
    fc.assert(
      fc.property(
        conversation,
        fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 8 }),
        (entries, cuts) => {
          const pages = [
            ...cuts.map(([a, b]) => entries.slice(Math.min(a, b), Math.max(a, b))),
            entries,
          ];
          const merged = pages.reduce<Entry[]>((known, page) => mergeEntries(known, page), []);
          const shuffled = [...entries].sort((a, b) => ((a.seq * 7) % 11) - ((b.seq * 7) % 11));
          expect(fold(merged)).toEqual(fold(entries));
          expect(fold(shuffled)).toEqual(fold(entries));
        },
      ),
    );
  });

  test('the last edit by the sender counts, another person’s does not', () => {
    const say = (seq: number, from: string, body: Entry['body']): Entry => ({
      conv: 'c',
      k: 'message',
      seq,
      id: `m${seq}`,
      from,
      ts: seq,
      body,
    });
    const edit = (text: string) => ({
      type: 'edit' as const,
      target_id: 'm1',
      content: { type: 'text' as const, text },
    });
    const items = fold([
      say(1, 'asha', { type: 'text', text: 'tea' }),
      say(2, 'asha', edit('green tea')),
      say(3, 'ravi', edit('coffee')),
    ]);
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ body: { text: 'green tea' }, isEdited: true });
  });

  test('one message stands in one place, though a server repeats its id', () => {
    const said = (seq: number, text: string): Entry => ({
      conv: 'c',
      k: 'message',
      seq,
      id: 'm',
      from: 'asha',
      ts: seq,
      body: { type: 'text', text },
    });
    const items = fold([said(1, 'tea'), said(2, 'coffee')]);
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ seq: 1, body: { text: 'tea' } });
  });

  test('what was deleted has no words, even when an older copy is loaded later', () => {
    const full: Entry = {
      conv: 'c',
      k: 'message',
      seq: 1,
      id: 'm1',
      from: 'asha',
      ts: 1,
      body: { type: 'text', text: 'x' },
    };
    const emptied: Entry = { ...full, body: undefined };
    expect(fold(mergeEntries([emptied], [full]))[0]).toMatchObject({ body: null });
    expect(fold(mergeEntries([full], [emptied]))[0]).toMatchObject({ body: null });
  });

  test('a card stands at the first fact and shows the latest state', () => {
    const fact = (seq: number, state: string, version: number): Entry => ({
      conv: 'c',
      k: 'fact',
      seq,
      id: `f${seq}`,
      ts: seq,
      body: {
        type: 'fact',
        fact: `order.${state}`,
        subject: { kind: 'order', id: 'o', version },
        card: { state },
      },
    });
    const items = fold([fact(1, 'placed', 1), fact(2, 'ready', 3), fact(3, 'accepted', 2)]);
    expect(items.map((item) => item.kind === 'fact' && item.card?.card.state)).toEqual([
      'ready',
      undefined,
      undefined,
    ]);
  });
});

describe('sealed entries', () => {
  const sealed: Entry = { conv: 'c', k: 'message', seq: 1, id: 'm1', from: 'asha', ts: 1, ct: 'x' };
  const doubtless = { state: 'open', doubt: null, isSerious: false } as const;
  const open: Entry = { ...sealed, body: { type: 'text', text: 'tea' }, seal: doubtless };

  test('what was opened stays open when its sealed copy comes again, in any order', () => {
    for (const merged of [mergeEntries([open], [sealed]), mergeEntries([sealed], [open])]) {
      expect(fold(merged)[0]).toMatchObject({ body: { text: 'tea' }, seal: { state: 'open' } });
    }
  });

  test('what cannot be opened yet waits in its place, and is no deleted message', () => {
    expect(fold([sealed])[0]).toMatchObject({ body: null, seal: { state: 'waiting' } });
    const deletion: Entry = { conv: 'c', k: 'deletion', seq: 2, id: 'd', ts: 2, target: 'm1' };
    expect(fold([sealed, deletion])[0]).toMatchObject({ body: null, seal: null });
  });

  test('a deleted copy takes the words away from one that was open', () => {
    const emptied: Entry = { ...sealed, ct: undefined };
    expect(fold(mergeEntries([open], [emptied]))[0]).toMatchObject({ body: null, seal: null });
  });

  test('quiet and hidden ones show nothing, open or not', () => {
    expect(fold([{ ...sealed, quiet: true }])).toEqual([]);
    expect(fold([{ ...open, hidden: true }])).toEqual([]);
  });

  test('no word of it is written to the disk', async () => {
    const db = await openDatabase('sealed-test');
    await keep(db, 'me', [open], 1);
    expect(JSON.stringify(await keptEntries(db, 'me', 'c', { limit: 9 }))).not.toContain('tea');
    db.close();
  });
});

describe('feed', () => {
  /** A server with `n` frames, and a line that drops, doubles and swaps. */
  function line(n: number, after = 0) {
    const all = Array.from({ length: n }, (_, i): Frame => ({
      t: 'ev',
      pos: i + 1,
      k: 'order',
      ref: `r${i + 1}`,
    }));
    const handled: number[] = [];
    const positions: number[] = [];
    const feed = new Feed(after, {
      read: (from) => {
        const frames = all.slice(from, from + 4);
        const pos = frames.at(-1)?.pos ?? from;
        return Promise.resolve({ pos, frames, has_more: pos < n, resync: false });
      },
      handle: async (frames, pos) => {
        await Promise.resolve();
        handled.push(...frames.map((frame) => frame.pos));
        positions.push(pos);
      },
      resync: () => Promise.reject(new Error('not here')),
    });
    return { all, feed, handled, positions };
  }

  test('every frame is handled once and in order, whatever the line does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.nat(29), { maxLength: 60 }),
        async (n, heard) => {
          const { all, feed, handled, positions } = line(n);
          const pushes = heard.filter((i) => i < n).map((i) => feed.push(all[i] as Frame));
          await Promise.all(pushes);
          await feed.reach(n);
          expect(handled).toEqual(all.map((frame) => frame.pos));
          expect(positions).toEqual([...positions].sort((a, b) => a - b));
          expect(feed.pos).toBe(n);
        },
      ),
    );
  });

  test('a position is not passed when handling fails, and the next frame tries again', async () => {
    const done: number[] = [];
    let isBroken = true;
    const frames = [1, 2].map((pos): Frame => ({ t: 'ev', pos, k: 'order', ref: 'r' }));
    const feed = new Feed(0, {
      read: () => Promise.resolve({ pos: 2, frames, has_more: false, resync: false }),
      handle: (some) => {
        if (isBroken) return Promise.reject(new Error('disk full'));
        done.push(...some.map((frame) => frame.pos));
        return Promise.resolve();
      },
      resync: () => Promise.resolve(),
    });
    await expect(feed.push(frames[0] as Frame)).rejects.toThrow('disk full');
    expect(feed.pos).toBe(0);
    isBroken = false;
    await feed.push(frames[1] as Frame);
    expect(done).toEqual([1, 2]);
  });

  test('a cursor that is too old starts afresh at the head', async () => {
    const heads: number[] = [];
    const feed = new Feed(3, {
      read: () => Promise.resolve({ pos: 50, frames: [], has_more: false, resync: true }),
      handle: () => Promise.resolve(),
      resync: (head) => Promise.resolve(void heads.push(head)),
    });
    await feed.push({ t: 'ev', pos: 50, k: 'order', ref: 'r' });
    expect(heads).toEqual([50]);
    expect(feed.pos).toBe(50);
  });
});

describe('database', () => {
  const entry = (seq: number): Entry => ({ conv: 'c', k: 'change', seq, id: `m${seq}`, ts: seq });

  test('a position never goes back, and the last entries are read in order', async () => {
    const db = await openDatabase('cursor-test');
    await keep(db, 'me', [entry(1), entry(2)], 7);
    await keep(db, 'me', [entry(3)], 5);
    expect(await db.get('cursors', 'me')).toBe(7);
    expect((await keptEntries(db, 'me', 'c', { limit: 2 })).map(({ seq }) => seq)).toEqual([2, 3]);
    await keep(db, 'shop', [entry(9)], 1);
    await startAfresh(db, 'me', 90);
    expect(await keptEntries(db, 'me', 'c', { limit: 9 })).toEqual([]);
    expect(await keptEntries(db, 'shop', 'c', { limit: 9 })).toHaveLength(1);
    expect(await db.get('cursors', 'me')).toBe(90);
    db.close();
  });
});

describe('outbox', () => {
  const open: Outbox[] = [];
  afterEach(() => open.splice(0).forEach((outbox) => outbox.close()));

  let user = 0;
  async function outboxes(count: number, send: (id: string) => unknown) {
    const userId = `outbox-test-${user++}`;
    const db = await openDatabase(userId);
    const make = () =>
      new Outbox(db, userId, (async (_method: string, _path: string, body: unknown) => {
        await Promise.resolve();
        return send((body as { id: string }).id);
      }) as never);
    const made = Array.from({ length: count }, make);
    for (const outbox of made) await outbox.open();
    open.push(...made);
    return { db, userId, made };
  }
  const message = (id: string, lane = 'c') => ({ id, lane, path: `/v1/${lane}`, body: { id } });
  const until = async (condition: () => boolean) => {
    for (let i = 0; i < 300 && !condition(); i++) await new Promise((done) => setTimeout(done, 10));
    expect(condition()).toBe(true);
  };

  test('messages of one conversation are sent one after another, in order', async () => {
    const sent: string[] = [];
    let inFlight = 0;
    const { made } = await outboxes(1, async (id: string) => {
      expect(++inFlight).toBe(1);
      await new Promise((done) => setTimeout(done, 5));
      inFlight--;
      sent.push(id);
    });
    const one = made[0] as Outbox;
    one.drain();
    for (const id of ['a', 'b', 'c', 'd']) await one.add(message(id));
    await until(() => one.items.length === 0);
    expect(sent).toEqual(['a', 'b', 'c', 'd']);
  });

  test('without a connection nothing is lost: it goes when the line is back', async () => {
    const sent: string[] = [];
    let isOnline = false;
    const { made } = await outboxes(1, (id) => {
      if (!isOnline) throw Problem.offline();
      sent.push(id);
    });
    const outbox = made[0] as Outbox;
    outbox.drain();
    await outbox.add(message('a'));
    await outbox.add(message('b'));
    expect(outbox.items.map(({ id }) => id)).toEqual(['a', 'b']);
    isOnline = true;
    outbox.hurry();
    await until(() => outbox.items.length === 0);
    expect(sent).toEqual(['a', 'b']);
  });

  test('what was written down before a reload is sent after it', async () => {
    const { made, userId, db } = await outboxes(1, () => 0);
    await (made[0] as Outbox).add(message('kept'));
    (made[0] as Outbox).close();

    const sent: string[] = [];
    const next = new Outbox(db, userId, ((_m: string, path: string) => {
      sent.push(path);
      return Promise.resolve();
    }) as never);
    open.push(next);
    await next.open();
    next.drain();
    await until(() => next.items.length === 0);
    expect(sent).toEqual(['/v1/c']);
  });

  test('a final refusal stays with its reason and lets the next one pass', async () => {
    const sent: string[] = [];
    const { made } = await outboxes(1, (id) => {
      if (id === 'bad') throw new Problem('not-reachable', 403, 'No.', { why: 1 });
      sent.push(id);
    });
    const outbox = made[0] as Outbox;
    outbox.drain();
    await outbox.add(message('bad'));
    await outbox.add(message('good'));
    await until(() => sent.length === 1 && outbox.items.length === 1);
    expect(outbox.items[0]).toMatchObject({
      id: 'bad',
      refused: { slug: 'not-reachable', facts: { why: 1 } },
    });
    await outbox.remove('bad');
    expect(outbox.items).toEqual([]);
  });

  test.each([
    ['signed out', new Problem('not-signed-in', 401, 'Sign in.')],
    ['suspended', new Problem('account-suspended', 403, 'Kept out.', { reason: 'Spam' })],
  ])('what somebody wrote who is %s waits until they are let in again', async (_, shutOut) => {
    let tries = 0;
    const { made } = await outboxes(1, () => {
      tries += 1;
      if (tries === 1) throw shutOut;
    });
    const outbox = made[0] as Outbox;
    outbox.drain();
    await outbox.add(message('waiting'));
    await until(() => tries === 1);
    expect(outbox.items).toMatchObject([{ id: 'waiting', refused: null }]);
    outbox.hurry();
    await until(() => outbox.items.length === 0);
    expect(tries).toBe(2);
  });

  test('only the tab that drains sends; the other sees it go and hears the answer', async () => {
    const sent: string[] = [];
    const { made } = await outboxes(2, (id) => {
      sent.push(id);
      return { seq: 4 };
    });
    const [first, second] = made as [Outbox, Outbox];
    const heard: unknown[] = [];
    second.onSent((id, answer) => heard.push([id, answer]));
    await second.add(message('from-the-second'));
    await until(() => first.items.length === 1);
    expect(sent).toEqual([]);
    first.drain();
    await until(() => second.items.length === 0 && heard.length === 1);
    expect(sent).toEqual(['from-the-second']);
    expect(heard).toEqual([['from-the-second', { seq: 4 }]]);
  });

  /** Seals by counting, so that two sealings of one message can be told apart. */
  function sealing(): Sealing & { readonly sealedFor: string[]; readonly learned: unknown[] } {
    const sealedFor: string[] = [];
    const learned: unknown[] = [];
    return {
      sealedFor,
      learned,
      open: (entries) => Promise.resolve(entries),
      seal: (_conv, id) => {
        sealedFor.push(id);
        return Promise.resolve({ ct: `ct ${sealedFor.length}`, rev: 'r', com: 'c' });
      },
      upload: (_file, from) => {
        const media_id = typeof from === 'string' ? from : from.id;
        return Promise.resolve({ media_id, key: 'k', size_bytes: 1, sha256: 'h', mime: 'm' });
      },
      stale: (_conv, facts) => learned.push(facts),
      take: () => Promise.resolve(0),
      resync: () => Promise.resolve(),
    };
  }
  const secret = (id: string) => ({
    ...message(id),
    private: { type: 'text' as const, text: 'tea' },
  });
  async function privately(answer: (body: Record<string, unknown>) => unknown) {
    const userId = `outbox-test-${user++}`;
    const db = await openDatabase(userId);
    const bodies: Record<string, unknown>[] = [];
    const outbox = new Outbox(db, userId, (async (_m: string, _p: string, body: never) => {
      await Promise.resolve();
      bodies.push(body);
      return answer(body);
    }) as never);
    await outbox.open();
    open.push(outbox);
    outbox.drain();
    return { outbox, bodies, db, userId };
  }

  test('a private message leaves only sealed, and waits until that can be done', async () => {
    const { outbox, bodies } = await privately(() => ({ seq: 1 }));
    await outbox.add(secret('m'));
    await new Promise((done) => setTimeout(done, 30));
    expect(bodies).toEqual([]);
    outbox.plug(sealing());
    await until(() => outbox.items.length === 0);
    expect(bodies).toEqual([{ id: 'm', ct: 'ct 1', rev: 'r', com: 'c' }]);
  });

  test('a repeat is the same bytes', async () => {
    let isOnline = false;
    const { outbox, bodies } = await privately(() => {
      if (!isOnline) throw Problem.offline();
    });
    const seals = sealing();
    outbox.plug(seals);
    await outbox.add(secret('m'));
    await until(() => bodies.length === 1);
    isOnline = true;
    outbox.hurry();
    await until(() => outbox.items.length === 0);
    expect(bodies.map(({ ct }) => ct)).toEqual(['ct 1', 'ct 1']);
    expect(seals.sealedFor).toEqual(['m']);
  });

  test('for another audience it is sealed anew, with the same id', async () => {
    const { outbox, bodies } = await privately(({ ct }) => {
      if (ct === 'ct 1') throw new Problem('stale-audience', 409, 'No.', { members_rev: 2 });
    });
    const seals = sealing();
    outbox.plug(seals);
    await outbox.add(secret('m'));
    await until(() => outbox.items.length === 0);
    expect(bodies.map(({ id, ct }) => [id, ct])).toEqual([
      ['m', 'ct 1'],
      ['m', 'ct 2'],
    ]);
    expect(seals.learned).toEqual([{ members_rev: 2 }]);
  });

  test('what the stream has brought is not sent again', async () => {
    const sent: string[] = [];
    const { made } = await outboxes(1, (id) => sent.push(id));
    const outbox = made[0] as Outbox;
    await outbox.add(message('a'));
    await outbox.arrived(['a', 'unknown']);
    outbox.drain();
    await outbox.add(message('b'));
    await until(() => outbox.items.length === 0);
    expect(sent).toEqual(['b']);
  });

  test('who does not stay sends what can be sent, each conversation in order, and says what is left', async () => {
    const sent: string[] = [];
    const { made } = await outboxes(1, (id) => {
      if (id === 'b1') throw Problem.offline();
      sent.push(id);
    });
    const outbox = made[0] as Outbox;
    for (const [id, lane] of [
      ['a1', 'a'],
      ['b1', 'b'],
      ['a2', 'a'],
      ['b2', 'b'],
    ] as const) {
      await outbox.add(message(id, lane));
    }
    await outbox.add({ ...message('later', 'a'), due_at: Date.now() + 1e6 });

    expect(await outbox.sendOnce()).toBe(true);
    expect(sent).toEqual(['a1', 'a2']);
    expect(outbox.items.map(({ id }) => id)).toEqual(['b1', 'b2', 'later']);
    await outbox.arrived(['b1']);
    expect(await outbox.sendOnce()).toBe(false);
    expect(sent).toEqual(['a1', 'a2', 'b2']);
  });

  test('without keys what was sealed before goes, and nothing else that is private', async () => {
    let isOnline = false;
    const { outbox, bodies, db, userId } = await privately(() => {
      if (!isOnline) throw Problem.offline();
    });
    outbox.plug(sealing());
    await outbox.add(secret('m'));
    await until(() => bodies.length === 1);
    await outbox.add(secret('n'));
    outbox.close();
    const next = new Outbox(db, userId, (async (_m: string, _p: string, body: never) => {
      await Promise.resolve();
      bodies.push(body);
    }) as never);
    open.push(next);
    await next.open();
    isOnline = true;

    expect(await next.sendOnce()).toBe(true);
    expect(bodies.map(({ id, ct }) => [id, ct])).toEqual([
      ['m', 'ct 1'],
      ['m', 'ct 1'],
    ]);
    expect(next.items.map(({ id, held }) => [id, held?.slug])).toEqual([['n', 'keys-not-ready']]);
  });
});
