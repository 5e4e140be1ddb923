import { expect, test } from 'vitest';
import type { Entry } from '#lib/sync/entries.ts';
import { sayNews } from './news.ts';
import type { News } from './news.ts';
import { newsNotice, noticeOf, plainNotice, show, tagOf } from './notice.ts';
import { isTold, wordsOf } from './words.ts';

const CONV = '018f0000-0000-7000-8000-000000000001';
const standing = { user: 'me', device: 'd', shops: [], isOn: true, showsWords: true };
const card = (id: string, name: string) => ({ id, name, kind: 'person' }) as never;
const talk: Parameters<typeof noticeOf>[1] = {
  unread: 1,
  state: 'joined',
  form: 'direct',
  other: card('asha', 'Asha'),
  cards: [card('asha', 'Asha')],
  settings: null,
  admin_settings: null,
};

const entry = (body?: unknown): Entry =>
  ({ conv: CONV, seq: 7, k: 'message', id: 'm', from: 'asha', ts: 5, body }) as Entry;

test.each([
  [{ type: 'text', text: 'Mangoes\n\nare here' }, 'Mangoes are here'],
  [{ type: 'text', text: '𝒂'.repeat(300) }, `${'𝒂'.repeat(199)}…`],
  [{ type: 'image', items: [{}] }, 'Photo'],
  [{ type: 'image', items: [{}, {}] }, '2 photos'],
  [{ type: 'image', items: [{}], caption: 'Us' }, 'Us'],
  [{ type: 'video', items: [{}] }, 'Video'],
  [{ type: 'voice' }, 'Voice message'],
  [{ type: 'document', name: 'Letter.pdf' }, 'Letter.pdf'],
  [{ type: 'poll', question: 'When?' }, 'Poll: When?'],
  [{ type: 'product', snapshot: { title: 'Tea' } }, 'Tea'],
  [{ type: 'fact', fact: 'order.placed', subject: {}, card: { title: '#1' } }, '#1'],
  [{ type: 'reaction', target_id: 'm', emoji: '👍' }, null],
  [{ type: 'settings', title: 'Trip' }, null],
  [{ type: 'unknown' }, 'New message'],
  [undefined, null],
])('says %j as %s', (body, words) => {
  expect(wordsOf(body as Entry['body'])).toBe(words);
});

test('what is quiet, own or hidden is not told', () => {
  expect(isTold(entry(), 'me')).toBe(true);
  expect(isTold(entry(), 'asha')).toBe(false);
  expect(isTold({ ...entry(), quiet: true }, 'me')).toBe(false);
  expect(isTold({ ...entry(), hidden: true }, 'me')).toBe(false);
  expect(isTold({ ...entry(), k: 'change' }, 'me')).toBe(false);
});

test('a notice says who wrote what, in a group also where', async () => {
  const words = entry({ type: 'text', text: 'Hello' });
  const group = { ...talk, form: 'group', other: null, unread: 3 } as const;
  const called = (title: string, seal: object): Entry => ({
    ...entry({ type: 'settings', title }),
    seal: { state: 'open', doubt: null, isSerious: false, ...seal },
  });

  const said = async (...about: Parameters<typeof noticeOf>) => {
    const { title, body } = await noticeOf(...about);
    return [title, body];
  };

  expect(await said(words, talk, 'me', standing)).toEqual(['Asha', 'Hello']);
  expect(await said(words, group, 'me', standing)).toEqual(['Group (3)', 'Asha: Hello']);
  const titled = { ...group, settings: called('Trip', {}) };
  expect(await said(words, titled, 'me', standing)).toEqual(['Trip (3)', 'Asha: Hello']);
  const renamed = { ...titled, settings: called('Win', { isMembers: true }) };
  expect(await said(words, renamed, 'me', standing)).toEqual(['Group (3)', 'Asha: Hello']);
  const ruled = { ...renamed, admin_settings: called('Trip', {}) };
  expect(await said(words, ruled, 'me', standing)).toEqual(['Trip (3)', 'Asha: Hello']);
  expect(await said(entry(), talk, 'me', standing)).toEqual(['Asha', 'New message']);
});

test('it says no more than it may', async () => {
  const words = entry({ type: 'text', text: 'Hello' });
  const silent = { ...standing, showsWords: false };

  const hidden = await noticeOf(words, { ...talk, unread: 2 }, 'me', silent);
  const asked = await noticeOf(words, { ...talk, state: 'requested' }, 'me', standing);

  expect([hidden.title, hidden.body]).toEqual(['2 new messages', '']);
  expect([asked.title, asked.body]).toEqual(['Somebody new wrote to you', '']);
});

test('one notice for each conversation, and less never takes the place of more', async () => {
  const shown = new Map<string, Notification>();
  const rung: string[] = [];
  const registration = {
    getNotifications: ({ tag }: { tag: string }) =>
      Promise.resolve([shown.get(tag)].filter(Boolean)),
    showNotification: (title: string, options: NotificationOptions & { renotify: boolean }) => {
      shown.set(options.tag!, { ...options, title } as unknown as Notification);
      if (options.renotify) rung.push(title);
      return Promise.resolve();
    },
  } as unknown as ServiceWorkerRegistration;
  const words = entry({ type: 'text', text: 'Hello' });
  const bodies = () => [...shown.values()].map(({ body }) => body);

  await show(registration, plainNotice(await tagOf(CONV)));
  await show(registration, await noticeOf(entry(), talk, 'me', standing));
  expect(bodies()).toEqual(['New message']);
  await show(registration, await noticeOf(words, talk, 'me', standing));
  await show(registration, await noticeOf(entry(), talk, 'me', standing));
  expect(bodies()).toEqual(['Hello']);
  // The words of what rang before do not ring again.
  expect(rung).toEqual(['New message', 'Asha']);

  // Something else has come, and nobody knows what.
  await show(registration, plainNotice(await tagOf(CONV)));
  expect(bodies()).toEqual(['']);
});

const news = (kind: string, more: Partial<News> = {}): News => ({
  id: '018f0000-0000-7000-8000-000000000002',
  kind,
  subject_id: '018f0000-0000-7000-8000-000000000003',
  other_id: null,
  amount: { amount_minor: 25_000, currency: 'INR' },
  why: '',
  created_at: 5,
  seen_at: null,
  ...more,
});

test.each([
  ['link.returned', '', 'A money link came back', 'Nobody took ₹250. It is in your wallet again.'],
  [
    'standing_order.refused',
    'insufficient-funds',
    '₹250 to Asha was not paid',
    'There was not enough money. It is tried once more tomorrow.',
  ],
  [
    'standing_order.left_out',
    'something-new',
    '₹250 to Asha was left out',
    'The server refused it. It is not tried again for this day.',
  ],
  ['review.needed', '', 'A payment waits for you', '₹250 from Asha'],
  ['review.released', '', 'Your payment went through', '₹250 to Asha'],
  ['payout.settled', '', 'Your pay-out arrived', '₹250 is in your bank, or was handed to you.'],
  ['payout.failed', '', 'Your pay-out came back', '₹250 is in your wallet again.'],
  [
    'address.changed',
    'upi',
    'Where you are paid has changed',
    'Was it not you? Look at it, and change your PIN.',
  ],
  ['of-a-newer-server', '', 'Something new in Pay', '₹250'],
])('says of %s (%s): %s. %s', (kind, why, title, text) => {
  expect(sayNews(news(kind, { why }), 'Asha', 'en-IN')).toEqual({ title, text });
});

test('what money does by itself is told with what may be seen, and leads to its screen', async () => {
  const of = (kind: string, stream: string, more = {}) =>
    newsNotice(news(kind), 'Asha', stream, { ...standing, shops: ['tea'], ...more });

  const mine = await of('review.rejected', 'me');
  const ofShop = await of('link.returned', 'tea', { showsWords: false });

  expect(mine.path).toMatch(/[/]pay[/]transfers[/]018f0000-0000-7000-8000-000000000003$/);
  expect(mine.tag).toBe(await tagOf(mine.id!));
  expect([ofShop.title, ofShop.body]).toEqual(['Something new in Pay', '']);
  expect(ofShop.path).toMatch(/[/]pay[/]links[?]as=tea$/);
});
