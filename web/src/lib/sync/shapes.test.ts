import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Content, Entry, Fact } from './entries.ts';
import { isFact } from './entries.ts';
import { shaped } from './shapes.ts';
import { fold } from './timeline.ts';

const file = { media_id: 'm', key: 'k', size_bytes: 9, sha256: 's', mime: 'image/webp' };
const photo = { media: 'm', width: 4, height: 3 };
const whole: readonly Content[] = [
  { type: 'text', text: 'At four?', reply_to: { id: 'a', quote: 'When?' }, forwarded: true },
  { type: 'text', text: '@Mina', mentions: [{ user_id: 'mina', name: 'Mina' }] },
  {
    type: 'image',
    items: [{ ...photo, thumb: 'data:image/webp;base64,UklGRg==' }],
    caption: 'Sea',
    files: { m: file },
  },
  { type: 'video', items: [{ ...photo, duration_s: 2.5 }] },
  { type: 'document', media: 'm', name: 'bill.pdf', size_bytes: 9, pages: 2 },
  {
    type: 'product',
    product_id: 'p',
    snapshot: { title: 'Tea', price: { amount_minor: 100, currency: 'INR' } },
  },
  { type: 'voice', media: 'm', duration_s: 3, waveform: [0, 1] },
  { type: 'location', lat: 1, lon: 2, name: 'Gate' },
  { type: 'contact', people: [{ name: 'Mina', phones: ['+91'] }] },
  { type: 'poll', question: 'Where?', options: ['Park', 'Sea'], several: true, closes_at: 5 },
  { type: 'vote', target_id: 'm', options: [1] },
  { type: 'poll_end', target_id: 'm' },
  { type: 'image', items: [photo], once: true },
  { type: 'opened', target_id: 'm' },
  { type: 'reaction', target_id: 'm', emoji: '👍' },
  { type: 'reaction', target_id: 'm', emoji: '👩🏽‍❤️‍💋‍👨🏿' },
  { type: 'reaction', target_id: 'm', emoji: '🏴󠁧󠁢󠁳󠁣󠁴󠁿' },
  { type: 'reaction', target_id: 'm', emoji: '' },
  { type: 'edit', target_id: 'm', content: { type: 'text', text: 'Five' } },
  { type: 'settings', title: 'Picnic', timer_s: 86_400, list: { n: 1 } },
  {
    type: 'settings',
    photo: { media: 'm', thumb: 'data:image/jpeg;base64,AA==' },
    pins: [{ id: 'a', seq: 3 }],
    editors: 'everybody',
    did: [{ photo: null }, { pin: { id: 'a', seq: 3 } }, { admin: { user_id: 'u', is: true } }],
  },
];

describe('what a private message holds', () => {
  test.each(whole)('$type passes as it is', (content) => {
    expect(shaped(content)).toBe(content);
  });

  test.each([
    null,
    'text',
    [],
    { type: 'hologram' },
    { type: 'toString' },
    { type: 'text' },
    { type: 'text', text: { length: 3 } },
    { type: 'text', text: 'x', reply_to: 'a' },
    { type: 'text', text: 'x', files: { m: { ...file, key: 1 } } },
    { type: 'image', items: [] },
    { type: 'image', items: { length: 1 } },
    { type: 'image', items: [{ ...photo, width: '4' }] },
    { type: 'image', items: [{ ...photo, thumb: 'https://elsewhere.example/pixel.gif' }] },
    { type: 'image', items: [{ ...photo, thumb: 'data:image/png;base64,A"), url("//x' }] },
    { type: 'image', items: [{ ...photo, height: 0 }] },
    { type: 'location', lat: NaN, lon: 2 },
    { type: 'location', lat: 1, lon: 181 },
    {
      type: 'product',
      product_id: 'p',
      snapshot: { title: 'Tea', price: { amount_minor: 100, currency: '<b>' } },
    },
    {
      type: 'product',
      product_id: 'p',
      snapshot: { title: 'Tea', price: { amount_minor: 0.5, currency: 'INR' } },
    },
    { type: 'voice', media: '../v1/me', duration_s: 3 },
    { type: 'voice', media: 'm', duration_s: -1 },
    { type: 'poll', question: 'Where?', options: ['Park', 'Sea'], closes_at: 1e16 },
    { type: 'document', media: 'm', name: 'bill.pdf', size_bytes: -9 },
    { type: 'contact', people: [null] },
    { type: 'vote', target_id: 'm', options: '1' },
    { type: 'edit', target_id: 'm', content: { type: 'reaction', target_id: 'm', emoji: 'x' } },
    { type: 'settings', title: 7 },
    { type: 'image', items: [photo], once: 'yes' },
    { type: 'settings', photo: { media: 'm', thumb: 'https://example.org/a.png' } },
    { type: 'settings', pins: [{ id: 'a' }] },
    { type: 'settings', editors: 'nobody' },
    { type: 'settings', did: [{ pin: 'a' }] },
  ])('what is malformed is nothing that we know: %j', (content) => {
    expect(shaped(content)).toEqual({ type: 'unknown' });
  });

  test('no message is taken for a payment, whatever somebody sealed', () => {
    const money = { amount_minor: 500_00, currency: 'INR' };
    const paid: Fact = {
      type: 'fact',
      fact: 'transfer.posted',
      subject: { kind: 'transfer', id: 't' },
      card: { state: 'paid', amount: money, payer_id: 'mina', payee_id: 'asha' },
    };
    const parts = fc.subarray(Object.entries(paid)).map((some) => Object.fromEntries(some));
    fc.assert(
      fc.property(fc.constantFrom(...whole), parts, fc.boolean(), (good, some, isWithin) => {
        const forged = isWithin
          ? { type: 'edit', target_id: 'm', content: { ...good, ...some } }
          : { ...good, ...some };
        const said = { conv: 'c', k: 'message', from: 'mina', ts: 1 } as const;
        const items = fold([
          { ...said, seq: 1, id: 'm', body: { type: 'text', text: 'Hello' } },
          { ...said, seq: 2, id: 'n', body: shaped(forged) },
        ]);
        expect(items.filter(({ kind }) => kind === 'fact')).toEqual([]);
        for (const item of items) {
          if (item.kind === 'message') expect(isFact(item.body ?? undefined)).toBe(false);
        }
      }),
    );
  });

  test('no message breaks the conversation, whatever somebody sealed', () => {
    const field = fc.constantFrom(...new Set(whole.flatMap((content) => Object.keys(content))));
    const content = fc
      .tuple(fc.constantFrom(...whole), fc.dictionary(field, fc.jsonValue(), { maxKeys: 3 }))
      .map(([good, bad]) => ({ ...good, ...bad }));
    fc.assert(
      fc.property(fc.array(content, { maxLength: 8 }), (contents) => {
        const entries = contents.map((one, n): Entry => ({
          conv: 'c',
          k: 'message',
          seq: n + 1,
          id: n === 0 ? 'm' : `m${n}`,
          from: 'mina',
          ts: n,
          body: shaped(one),
        }));
        expect(() => fold(entries)).not.toThrow();
      }),
    );
  });
});
