import { openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import type { Entry } from './entries.ts';
import { Outbox } from './outbox.svelte.ts';
import { Shelf, forgetShelf } from './shelf.ts';

const OPEN = { state: 'open', doubt: null, isSerious: false } as const;
let people = 0;
let user: string;
let shelf: Shelf;

beforeEach(async () => {
  user = `shelf-${++people}`;
  shelf = (await Shelf.open(user))!;
});

afterEach(() => shelf.close());

/** As it is once it was opened; without its body it is what the server keeps. */
const said = (seq: number, text: string, more: Partial<Entry> = {}): Entry => ({
  conv: 'c',
  k: 'message',
  seq,
  id: `m${String(seq).padStart(3, '0')}`,
  from: 'lena',
  ts: seq * 1000,
  ct: 'sealed',
  body: { type: 'text', text },
  seal: OPEN,
  ...more,
});
const edit = (seq: number, target_id: string, text: string, more: Partial<Entry> = {}): Entry =>
  said(seq, '', { body: { type: 'edit', target_id, content: { type: 'text', text } }, ...more });
const sealed = (entry: Entry): Entry => ({ ...entry, body: undefined, seal: undefined });

async function read(entry: Entry): Promise<string | null> {
  const body = (await shelf.recall([sealed(entry)])).get(entry.id)?.body;
  return body && 'type' in body && body.type === 'text' ? body.text : null;
}

const found = async (words: string): Promise<string[]> =>
  (await shelf.find(words, 10)).map(({ message }) => message.id);

describe('what was opened', () => {
  test('is there again after a new start, without any crypto', async () => {
    await shelf.keep([said(1, 'elderberry')]);
    shelf.close();
    shelf = (await Shelf.open(user))!;

    expect(await read(said(1, 'elderberry'))).toBe('elderberry');
  });

  test('is no copy of what stands elsewhere or is by another', async () => {
    await shelf.keep([said(1, 'elderberry')]);

    for (const other of [{ seq: 2 }, { conv: 'd' }, { from: 'omar' }]) {
      expect(await read({ ...said(1, ''), ...other })).toBeNull();
    }
  });

  test('is kept only when it was opened and is to be trusted', async () => {
    const doubtful = said(1, 'elderberry', { seal: { state: 'refused', why: 'moved' } });
    await shelf.keep([doubtful, said(2, 'gooseberry', { hidden: true })]);

    expect(await found('elderberry')).toEqual([]);
    expect(await found('gooseberry')).toEqual([]);
  });

  test('lies nowhere readable, and neither does what waits to be sent', async () => {
    const db = await openDatabase(user);
    const outbox = new Outbox(db, user, () => new Promise(() => undefined), shelf);
    const content = { type: 'text', text: 'gooseberry' } as const;
    await outbox.add({ id: 'o', lane: 'c', path: '/', body: { id: 'o' }, private: content });
    await shelf.keep([said(1, 'elderberry'), edit(2, 'm001', 'whortleberry')]);

    expect(outbox.items[0]?.private?.content).toEqual(content);
    const all = await everything();
    expect(all).toContain('m001');
    for (const word of ['elderberry', 'gooseberry', 'whortleberry']) {
      for (const start of [word, word.slice(0, 6), btoa(word).slice(0, 8)]) {
        expect(all).not.toContain(start);
      }
    }
    outbox.close();
    db.close();
  });

  test('what was said in a hurry is sent in its order', async () => {
    const db = await openDatabase(user);
    const outbox = new Outbox(db, user, () => new Promise(() => undefined), shelf);
    const texts = ['long '.repeat(2000), 'short', 'middle '.repeat(200)];
    await Promise.all(
      texts.map((text, n) =>
        outbox.add({
          id: `o${n}`,
          lane: 'c',
          path: '/',
          body: {},
          private: { type: 'text', text },
        }),
      ),
    );

    expect(outbox.items.map(({ private: sealed }) => sealed?.content)).toEqual(
      texts.map((text) => ({ type: 'text', text })),
    );
    outbox.close();
    db.close();
  });

  test('goes with the person who signs out, also while another tab has it open', async () => {
    await shelf.keep([said(1, 'elderberry')]);
    await forgetShelf(user);
    shelf = (await Shelf.open(user))!;

    expect(await read(said(1, ''))).toBeNull();
  });
});

describe('what goes', () => {
  test('deleted: with what was said about it, and neither comes back', async () => {
    const all = [said(1, 'elderberry'), edit(2, 'm001', 'whortleberry'), said(3, 'gooseberry')];
    await shelf.keep(all);
    await shelf.forget(['m001']);
    await shelf.keep(all);

    expect(await found('elderberry')).toEqual([]);
    expect(await found('whortleberry')).toEqual([]);
    expect(await found('gooseberry')).toEqual(['m003']);
    expect(await read(all[0]!)).toBeNull();
  });

  test('opened for the one time that it may be: and that is remembered', async () => {
    const [once, other] = [said(1, 'Look'), said(2, 'Gone')];
    await shelf.keep([once, other]);
    await shelf.forget([once.id], { isSpent: true });
    await shelf.forget([other.id]);

    expect(await read(once)).toBeNull();
    expect(await shelf.gone([once.id, other.id, 'm003'])).toEqual(
      new Map([
        [once.id, true],
        [other.id, false],
      ]),
    );
  });

  test('deleted before the change of its words was opened', async () => {
    await shelf.forget(['m001']);
    await shelf.keep([edit(2, 'm001', 'whortleberry')]);

    expect((await shelf.recall([sealed(edit(2, 'm001', ''))])).size).toBe(0);
  });

  test('disappeared: by the clock, with the changes of its words', async () => {
    const later = Date.now() + 60_000;
    const first = said(1, 'elderberry', { expires_at: later });
    await shelf.keep([first, edit(2, 'm001', 'whortleberry'), said(3, 'gooseberry')]);
    await shelf.sweep(later - 1);
    expect(await found('whortleberry')).toEqual(['m001']);
    await shelf.sweep(later);

    expect(await found('whortleberry')).toEqual([]);
    expect(await read(first)).toBeNull();
    expect(await found('gooseberry')).toEqual(['m003']);
  });

  test('a conversation that one left', async () => {
    await shelf.keep([said(1, 'elderberry'), said(2, 'elderberry', { conv: 'd' })]);
    await shelf.leave('c');

    expect(await found('elderberry')).toEqual(['m002']);
  });

  test('the oldest, when the device is full', async () => {
    await shelf.keep([said(1, 'elderberry')]);
    // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its own
    const real = IDBObjectStore.prototype.put;
    let refusals = 1;
    IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...args) {
      if (refusals-- > 0) throw new DOMException('full', 'QuotaExceededError');
      return real.apply(this, args);
    };
    try {
      await shelf.keep([said(2, 'gooseberry')]);
    } finally {
      IDBObjectStore.prototype.put = real;
    }

    expect(await found('elderberry')).toEqual([]);
    expect(await found('gooseberry')).toEqual(['m002']);
  });
});

describe('search', () => {
  test('finds every word by its beginning, the newest first', async () => {
    await shelf.keep([
      said(1, 'Green tea tomorrow'),
      said(2, 'black coffee'),
      said(3, 'more green Teapots'),
    ]);

    expect(await found('tea green')).toEqual(['m003', 'm001']);
    expect(await found('teapo')).toEqual(['m003']);
    expect(await found('coffee green')).toEqual([]);
    expect(await found('?')).toEqual([]);
  });

  test('finds what a message says now, whichever was opened first', async () => {
    const first = said(1, 'elderberry');
    const change = edit(2, 'm001', 'whortleberry');
    const stranger = edit(3, 'm001', 'gooseberry', { from: 'omar' });
    await shelf.keep([stranger, change]);
    await shelf.keep([first]);

    expect(await found('whortleberry')).toEqual(['m001']);
    expect(await found('elderberry')).toEqual([]);
    expect(await found('gooseberry')).toEqual([]);
  });

  test('finds captions, names of files and people, but no names of groups', async () => {
    const body = (n: number, content: Entry['body']) => said(n, '', { body: content });
    await shelf.keep([
      body(1, { type: 'image', items: [], caption: 'Sunset' }),
      body(2, { type: 'document', media: 'x', name: 'sunflowers.pdf', size_bytes: 1 }),
      body(3, { type: 'contact', people: [{ name: 'Sunita' }] }),
      body(4, { type: 'settings', title: 'Sunday' }),
    ]);

    expect(await found('sun')).toEqual(['m003', 'm002', 'm001']);
  });

  test('says how far back it reaches', async () => {
    expect(await shelf.since()).toBeNull();
    await shelf.keep([said(5, 'b'), said(2, 'a')]);
    expect(await shelf.since()).toBe(2000);
    await shelf.forget(['m002']);
    expect(await shelf.since()).toBe(5000);
  });
});

/** All that a thief of the files could read, in one text; bytes one by one as letters. */
async function everything(): Promise<string> {
  const texts: string[] = [];
  for (const { name } of await indexedDB.databases()) {
    if (!name?.endsWith(user)) continue;
    const db = await openDB(name);
    for (const store of db.objectStoreNames) {
      texts.push(spell(await db.getAll(store)), spell(await db.getAllKeys(store)));
    }
    db.close();
  }
  return texts.join('\n');
}

function spell(value: unknown): string {
  if (value instanceof ArrayBuffer) return String.fromCharCode(...new Uint8Array(value));
  if (ArrayBuffer.isView(value)) return spell(value.buffer);
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, one]) => `${key} ${spell(one)}`)
    .join(' ');
}
