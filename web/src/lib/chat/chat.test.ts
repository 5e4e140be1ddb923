import { describe, expect, test } from 'vitest';
import type { Content, Entry, MessageItem, Sending } from '#lib/sync/index.ts';
import { fold } from '#lib/sync/index.ts';
import type { Piece } from './marks.ts';
import { takeApart } from './marks.ts';
import type { Card, Conversation } from './model.ts';
import {
  changeText,
  contentText,
  doubtOf,
  factText,
  hasOpened,
  holdOf,
  isAsking,
  layOut,
  preview,
  provisional,
  quotedText,
  quoteOf,
  tickOf,
  titleOf,
} from './model.ts';

const ASHA: Card = {
  id: 'asha',
  kind: 'business',
  name: 'Asha',
  handle: 'asha',
  photo_id: null,
};
const sides = { own: 'ravi', other: ASHA };
const place = { locale: 'en-GB', zone: 'Asia/Kolkata' };
const NOON = Date.parse('2026-03-03T12:00:00+05:30');

const said = (seq: number, from: string, text: string, ts = NOON + seq): Entry => ({
  conv: 'c',
  k: 'message',
  seq,
  id: `m${seq}`,
  from,
  ts,
  body: { type: 'text', text },
});

const happened = (seq: number, fact: string, state: string, ts = NOON + seq): Entry => ({
  conv: 'c',
  k: 'fact',
  seq,
  id: `f${seq}`,
  from: 'asha',
  ts,
  body: {
    type: 'fact',
    fact,
    subject: { kind: fact.split('.')[0] ?? '', id: 'o1', version: seq },
    card: {
      state,
      title: '#1001 · Tea +2',
      amount: { amount_minor: 25000, currency: 'INR' },
      payer_id: 'ravi',
      payee_id: 'asha',
    },
  },
});

const waiting = (id: string, body: unknown, refused: Sending['refused'] = null): Sending => ({
  n: 1,
  id,
  lane: 'c',
  method: 'POST',
  path: '/v1/conversations/c/messages',
  body: { id, body },
  actingFor: null,
  uploads: [],
  uploaded: 0,
  private: null,
  at: NOON + 60_000,
  held: null,
  refused,
});

const conversation = (last: Entry | null, about_last: Entry[] = []): Conversation => ({
  id: 'c',
  kind: 'business',
  form: 'direct',
  business_id: 'asha',
  other: ASHA,
  seq: last?.seq ?? 0,
  unread: 0,
  marks: [
    { conversation_id: 'c', user_id: 'ravi', delivered_seq: 9, read_seq: 9 },
    { conversation_id: 'c', user_id: 'asha', delivered_seq: 3, read_seq: 2 },
  ],
  last,
  about_last,
  state: 'joined',
  role: 'member',
  members: [],
  cards: [],
  rev: null,
  settings: null,
  admin_settings: null,
  writers: 'everybody',
  editors: 'admins',
  timer_s: null,
  muted_until: null,
  is_archived: false,
  pinned_at: null,
  created_at: NOON,
  active_at: NOON,
});

describe('the second line of a conversation', () => {
  test('tells facts in words, from the side of the reader', () => {
    const text = (entry: Entry) => preview(conversation(entry), [], sides)?.text;
    expect(text(happened(1, 'order.ready', 'ready'))).toBe('Order #1001 is ready');
    expect(text(happened(1, 'transfer.posted', 'paid'))).toBe('You paid ₹250');
    expect(
      factText(happened(1, 'transfer.posted', 'paid').body as never, { own: 'asha', other: null }),
    ).toBe('… paid you ₹250');
  });

  test('shows the newest words of an edited message, and that one was deleted', () => {
    const edit: Entry = {
      ...said(2, 'ravi', ''),
      body: { type: 'edit', target_id: 'm1', content: { type: 'text', text: 'green tea' } },
    };
    const deletion: Entry = { conv: 'c', k: 'deletion', seq: 3, id: 'd', ts: NOON, target: 'm1' };
    const first = said(1, 'ravi', 'tea');
    expect(preview(conversation(first, [edit]), [], sides)?.text).toBe('green tea');
    expect(preview(conversation(first, [edit, deletion]), [], sides)?.text).toBe(
      'You deleted this message',
    );
  });

  test('what waits to be sent comes before what was said, but a reaction does not', () => {
    const last = conversation(said(1, 'asha', 'yes'));
    const reaction = waiting('r', { type: 'reaction', target_id: 'm1', emoji: '🙏' });
    expect(preview(last, [reaction], sides)?.text).toBe('yes');
    const text = waiting('w', { type: 'text', text: 'two\n packets' });
    expect(preview(last, [text, reaction], sides)).toMatchObject({
      text: 'two packets',
      isOwn: true,
    });
  });

  test('photos without words are counted', () => {
    const photo = { media: 'p', width: 1, height: 1 };
    expect(contentText({ type: 'image', items: [photo] })).toBe('Photo');
    expect(contentText({ type: 'image', items: [photo, photo] })).toBe('2 photos');
    expect(contentText({ type: 'image', items: [photo], caption: 'Fresh' })).toBe('Fresh');
  });

  test('a quote is cut at two hundred characters and never inside one', () => {
    expect([...quoteOf({ type: 'text', text: '👍🏽'.repeat(300) })]).toHaveLength(200);
  });
});

describe('rows', () => {
  const rowsOf = (entries: Entry[], options: Partial<Parameters<typeof layOut>[1]> = {}) =>
    layOut(fold(entries), { own: 'ravi', place, readSeq: null, waiting: [], ...options });

  test('messages of one side within a minute are a group, with the time at its end', () => {
    const rows = rowsOf([
      said(1, 'asha', 'a'),
      said(2, 'asha', 'b'),
      said(3, 'ravi', 'c'),
      said(4, 'asha', 'd', NOON + 61_000),
    ]);
    expect(
      rows.flatMap((row) => (row.kind === 'message' ? [[row.isFirst, row.isLast]] : [])),
    ).toEqual([
      [true, false],
      [false, true],
      [true, true],
      [true, true],
    ]);
  });

  test('a new day begins with its name, in the zone of the reader', () => {
    const late = Date.parse('2026-03-03T23:59:30+05:30');
    const rows = rowsOf([said(1, 'asha', 'a', late), said(2, 'asha', 'b', late + 31_000)]);
    expect(rows.map(({ kind }) => kind)).toEqual(['day', 'message', 'day', 'message']);
  });

  test('the line above what is new stands once, above the first that somebody else said', () => {
    const rows = rowsOf([said(1, 'asha', 'a'), said(2, 'ravi', 'b'), said(3, 'asha', 'c')], {
      readSeq: 1,
    });
    expect(rows.map(({ key }) => key).slice(1)).toEqual(['m1', 'm2', 'unread', 'm3']);
  });

  test('an order is one card in place, and later steps are quiet lines', () => {
    const rows = rowsOf([
      happened(1, 'order.placed', 'placed'),
      happened(2, 'order.ready', 'ready'),
    ]);
    expect(rows.slice(1).map(({ kind }) => kind)).toEqual(['card', 'line']);
    expect(rows[1]).toMatchObject({ card: { card: { state: 'ready' } } });
  });

  test('a paid request is told by its payment, not twice', () => {
    const rows = rowsOf([happened(1, 'request.made', 'made'), happened(2, 'request.paid', 'paid')]);
    expect(rows.slice(1).map(({ kind }) => kind)).toEqual(['card']);
  });

  test('what waits is drawn at the end; a refused edit is as if it had never been', () => {
    const known = [said(1, 'ravi', 'tea'), said(2, 'asha', 'yes')];
    const edit = { type: 'edit', target_id: 'm1', content: { type: 'text', text: 'coffee' } };
    const refused = { slug: 'too-late-to-edit', title: '', facts: {} };
    const shown = (sendings: Sending[]) =>
      fold([...known, ...provisional(sendings, { conv: 'c', after: 2, own: 'ravi' })]).map(
        (item) => (item.kind === 'message' ? contentText(item.body) : ''),
      );
    const text = waiting('w', { type: 'text', text: 'and milk' });
    expect(shown([waiting('e', edit), text])).toEqual(['coffee', 'yes', 'and milk']);
    expect(shown([waiting('e', edit, refused), { ...text, refused }])).toEqual([
      'tea',
      'yes',
      'and milk',
    ]);
  });
});

test('ticks follow the marks of the other side', () => {
  const known = conversation(null);
  const tick = (seq: number, isWaiting = false) =>
    tickOf({ seq }, known, { own: 'ravi', isWaiting });
  expect([tick(2), tick(3), tick(4), tick(5, true)]).toEqual([
    'read',
    'delivered',
    'sent',
    'waiting',
  ]);
});

describe('a private group', () => {
  const person = (id: string, name: string): Card => ({ ...ASHA, id, name, kind: 'person' });
  const member = (user_id: string, state: 'joined' | 'removed' = 'joined') => ({
    user_id,
    state,
    role: 'member' as const,
    joined_seq: 0,
  });
  const mark = (user_id: string, delivered_seq: number, read_seq: number) => ({
    conversation_id: 'c',
    user_id,
    delivered_seq,
    read_seq,
  });
  const group: Conversation = {
    ...conversation(null),
    kind: 'private',
    form: 'group',
    other: null,
    business_id: null,
    members: [member('ravi'), member('lena'), member('omar'), member('tom', 'removed')],
    cards: [person('lena', 'Lena'), person('omar', 'Omar'), person('tom', 'Tom')],
    marks: [mark('ravi', 9, 9), mark('lena', 5, 5), mark('omar', 4, 2)],
  };

  test('is called as its admin said, else by the names of the others who are in it', () => {
    const body = { type: 'settings', title: 'Picnic' } as const;
    const settings: Entry = { ...said(1, 'lena', ''), body };

    expect(titleOf(group, 'ravi')).toBe('Lena, Omar');
    expect(titleOf({ ...group, settings }, 'ravi')).toBe('Picnic');
  });

  test('a message was read when the last of them has read it', () => {
    const tick = (seq: number) => tickOf({ seq }, group, { own: 'ravi', isWaiting: false });

    expect([2, 3, 4, 5].map(tick)).toEqual(['read', 'delivered', 'delivered', 'sent']);
  });

  test('who came and went is told from the side of the reader', () => {
    const line = (change: string, user_id: string, by_id?: string) =>
      changeText({ type: 'change', change, user_id, by_id }, group, 'ravi');

    expect(line('joined', 'omar', 'lena')).toBe('Lena added Omar');
    expect(line('joined', 'ravi', 'lena')).toBe('Lena added you');
    expect(line('joined', 'omar')).toBe('Omar joined');
    expect(line('removed', 'tom', 'ravi')).toBe('You removed Tom');
    expect(line('left', 'tom')).toBe('Tom left');
    expect(line('keys', 'omar')).toBe('Omar’s keys changed');
    expect(line('keys', 'ravi')).toBeNull();
    expect(line('something-newer', 'omar')).toBeNull();
  });

  test('a change that nobody needs to read leaves no trace, not even of its day', () => {
    const change = { type: 'change', change: 'keys', user_id: 'ravi' } as const;
    const entry: Entry = { ...said(1, 'ravi', ''), k: 'change', body: change };
    const say = (told: typeof change) => changeText(told, group, 'ravi');
    const rows = layOut(fold([entry]), {
      own: 'ravi',
      place,
      readSeq: null,
      waiting: [],
      say: say as never,
    });

    expect(rows).toEqual([]);
  });
});

describe('what a private message waits for', () => {
  const held = (slug: string, facts = {}): Sending => ({
    ...waiting('w', null),
    held: { slug, facts },
  });
  const talk = conversation(null);

  test('is said with the name of whom it waits for', () => {
    const hold = holdOf(held('waiting-for-devices', { users: ['asha'] }), talk);

    expect(hold).toEqual({ text: 'Waiting for Asha to open Kirana', isOurs: false });
    expect(holdOf(held('unconfirmed-device'), talk)?.isOurs).toBe(true);
    expect(holdOf(waiting('w', null), talk)).toBeNull();
  });

  test('a doubt is put into words, also one that this version does not know', () => {
    const [item] = fold([
      { ...said(1, 'asha', 'Hello'), seal: { state: 'open', doubt: 'newer', isSerious: true } },
    ]);

    expect(item?.kind === 'message' && doubtOf(item, 'Asha')).toBe(
      'It is not certain who sent this.',
    );
  });

  test('one asks until the other has said yes', () => {
    const other = { user_id: 'asha', role: 'member', joined_seq: 0 } as const;
    const asking = { ...talk, kind: 'private', members: [{ ...other, state: 'requested' }] };

    expect(isAsking(asking as Conversation)).toBe(true);
    expect(isAsking({ ...asking, members: [{ ...other, state: 'joined' }] } as Conversation)).toBe(
      false,
    );
  });
});

describe('marks', () => {
  test('links are http only and end before the punctuation of the sentence', () => {
    expect(takeApart('See https://a.example/x(1). Or www.b.example!')).toEqual([
      { kind: 'text', text: 'See ' },
      { kind: 'link', text: 'https://a.example/x(1)', href: 'https://a.example/x(1)' },
      { kind: 'text', text: '.' },
      { kind: 'text', text: ' Or ' },
      { kind: 'link', text: 'www.b.example', href: 'https://www.b.example/' },
      { kind: 'text', text: '!' },
    ]);
    expect(takeApart('javascript:alert(1)')).toEqual([
      { kind: 'text', text: 'javascript:alert(1)' },
    ]);
  });

  test('marks may stand inside each other, and a star between words is a star', () => {
    expect(takeApart('*very _fresh_*')).toEqual([
      {
        kind: 'strong',
        pieces: [
          { kind: 'text', text: 'very ' },
          { kind: 'em', pieces: [{ kind: 'text', text: 'fresh' }] },
        ],
      },
    ]);
    expect(takeApart('2*3*4 and a_b_c')).toEqual([{ kind: 'text', text: '2*3*4 and a_b_c' }]);
  });

  test('nothing that was typed is lost', () => {
    const textOf = (pieces: readonly Piece[]): string =>
      pieces.map((piece) => ('pieces' in piece ? textOf(piece.pieces) : piece.text)).join('');
    expect(textOf(takeApart('a `b` https://c.example/d, ~e~'))).toBe('a b https://c.example/d, e');
  });
});

describe('an answered message', () => {
  test('is quoted as it stands, whatever its answer says that it was', () => {
    const answer: Entry = {
      ...said(2, 'asha', 'Thanks!'),
      body: { type: 'text', text: 'Thanks!', reply_to: { id: 'm1', quote: 'I owe you ₹500' } },
    };
    const [spoken] = fold([said(1, 'ravi', 'Good morning'), answer]);
    const deletion: Entry = {
      ...answer,
      seq: 3,
      id: 'd',
      k: 'deletion',
      target: 'm1',
      body: undefined,
    };
    const [deleted] = fold([said(1, 'ravi', 'Good morning'), answer, deletion]);

    expect(quotedText(spoken!)).toBe('Good morning');
    expect(quotedText(deleted!)).toBe(contentText(null));
  });

  test('that cannot be read here is quoted as its answer has it', () => {
    const closed: Entry = { ...said(1, 'ravi', ''), body: undefined, ct: '…' };

    expect(quotedText(fold([closed])[0]!)).toBeNull();
  });
});

describe('what opens once', () => {
  const photo: Entry = {
    ...said(1, 'asha', ''),
    body: {
      type: 'image',
      items: [{ media: 'p', width: 4, height: 3 }],
      caption: 'Secret',
      once: true,
    },
  };
  const opening = (seq: number, from: string): Entry => ({
    ...said(seq, from, ''),
    body: { type: 'opened', target_id: 'm1' },
  });
  const itemOf = (...entries: Entry[]): MessageItem => {
    const [item] = fold(entries);
    if (item?.kind !== 'message') throw new Error('It is a message.');
    return item;
  };

  test('says nothing of itself in a line', () => {
    expect(contentText(photo.body as Content)).not.toContain('Secret');
    expect(contentText(photo.body as Content)).toContain('opens once');
  });

  test('is opened for whoever opened it, and its sender knows', () => {
    const item = itemOf(photo, opening(2, 'ravi'), opening(3, 'ravi'), opening(4, 'asha'));

    expect(hasOpened(item, 'ravi')).toBe(true);
    expect(hasOpened(item, 'mina')).toBe(false);
    expect(item.opened).toEqual([{ by: 'ravi', at: NOON + 2 }]);
  });

  test('is known to be opened where nothing is left of it', () => {
    expect(hasOpened(itemOf({ ...photo, body: undefined, spent: true }), 'ravi')).toBe(true);
  });

  test('cannot be changed into something else', () => {
    const edit: Entry = {
      ...said(2, 'asha', ''),
      body: { type: 'edit', target_id: 'm1', content: { type: 'text', text: 'Open again' } },
    };

    expect(itemOf(photo, edit).body).toBe(photo.body);
  });
});
