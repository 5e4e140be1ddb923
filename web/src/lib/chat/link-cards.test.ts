import { expect, test } from 'vitest';
import type { Content } from '#lib/sync/index.ts';
import { ownPage, pageIn, previewOf } from './link-cards.ts';

const HERE = 'https://kirana.example';

test('pages of shops and products of this server have cards', () => {
  expect(ownPage(`${HERE}/ashas-kirana`, HERE)).toMatchObject({
    handle: 'ashas-kirana',
    slug: null,
  });
  expect(ownPage(`${HERE}/ashas-kirana/p/wild-honey?x=1`, HERE)).toMatchObject({
    handle: 'ashas-kirana',
    slug: 'wild-honey',
  });
});

test.each([
  'https://other.example/ashas-kirana',
  'http://kirana.example/ashas-kirana',
  'https://kirana.example.evil.example/ashas-kirana',
  'https://kirana.example@evil.example/ashas-kirana',
  `${HERE}/`,
  `${HERE}/app/chats`,
  `${HERE}/media/1`,
  `${HERE}/v1`,
  `${HERE}/ashas-kirana/cart`,
  `${HERE}/ashas-kirana/o/123`,
  'javascript:alert(1)',
  'not a link',
])('%s has none', (url) => {
  expect(ownPage(url, HERE)).toBeNull();
});

test('the first link to a page of this server counts', () => {
  const text = `See https://other.example/x and *${HERE}/asha*, then ${HERE}/ravi.`;
  expect(pageIn(text, HERE)).toMatchObject({ url: `${HERE}/asha`, handle: 'asha' });
  expect(pageIn('No link at all', HERE)).toBeNull();
});

test('a message’s card is drawn only of a page that its own words lead to', () => {
  const preview = { url: `${HERE}/asha`, title: 'Asha' };
  const said = (text: string, card = preview): Content => ({ type: 'text', text, preview: card });
  expect(previewOf(said(`Look: ${HERE}/asha`), HERE)).toBe(preview);
  expect(previewOf(said('Look'), HERE)).toBeNull();
  expect(previewOf(said(`Look: ${HERE}/ravi`), HERE)).toBeNull();
  const elsewhere = { url: 'https://evil.example/asha', title: 'Asha' };
  expect(previewOf(said('https://evil.example/asha', elsewhere), HERE)).toBeNull();
  expect(previewOf({ type: 'text', text: `${HERE}/asha` }, HERE)).toBeNull();
  expect(previewOf(null, HERE)).toBeNull();
});
