import { expect, test } from 'vitest';
import { recoveryKeyFrom } from '#lib/crypto/index.ts';
import { t } from '#lib/i18n/index.ts';
import { bytesOf, codeOf } from './comparing.ts';

test.each(['kirana.shop', '127.0.0.1:4567', 'localhost', 'abcd'])(
  'the saved file of %s gives the recovery key back',
  (place) => {
    const key = 'DXG5 ME7E CFCV 7UJL UQLV NDMA 7ZSJ KSN6 HREI WEST ONJP L6ES D4OA';
    expect(recoveryKeyFrom(t.keys.fileText(key, place))).toBe(key);
  },
);

test('a code goes to the crypto and comes back as the bytes that it is', () => {
  const bytes = Uint8Array.from({ length: 122 }, (_, i) => (i * 37) % 256);
  expect(bytesOf(codeOf(bytes))).toEqual(bytes);
});
