import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { uuid7 } from '#lib/values/ids.ts';
import { base64, fromBase64, hex } from './bytes.ts';
import { isCommitted, pack, unpack } from './envelope.ts';
import { checkKind } from './kinds.ts';
import type { MemberList } from './lists.ts';
import { follow, hashList, makeList, readList } from './lists.ts';
import {
  isRecoveryKey,
  makeRecoveryKey,
  openBundle,
  readRecoveryKey,
  recoveryCipher,
  recoveryKeyFrom,
  recoveryKeyUri,
  sealBundle,
  writeRecoveryKey,
} from './recovery.ts';
import { Sha256 } from './sha256.ts';

const bytes = (constraints: fc.IntArrayConstraints = {}) =>
  fc.uint8Array(constraints).map((some) => new Uint8Array(some));

test('base64 goes there and back, with or without padding', () => {
  fc.assert(
    fc.property(bytes(), (some) => {
      expect(fromBase64(base64(some))).toEqual(some);
      expect(fromBase64(btoa(String.fromCharCode(...some)))).toEqual(some);
    }),
  );
});

test('SHA-256 piece by piece is that of WebCrypto', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(bytes({ maxLength: 300 }), { maxLength: 8 }), async (parts) => {
      const hash = new Sha256();
      for (const part of parts) hash.update(part);
      const whole = new Uint8Array(parts.flatMap((part) => [...part]));
      const right = new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
      expect(hex(hash.digest())).toBe(hex(right));
    }),
  );
});

describe('the envelope', () => {
  test('hides the length: its size is a multiple of 256 bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 600 }), async (text) => {
        const head = { id: uuid7(), conv: uuid7(), at: 1 };
        const packed = await pack(head, { type: 'text', text });

        expect(new TextEncoder().encode(packed.text).length % 256).toBe(0);
        const envelope = unpack(JSON.parse(packed.text))!;
        expect(JSON.parse(envelope.c)).toEqual({ type: 'text', text });
        expect(await isCommitted(envelope, packed.com)).toBe(true);
      }),
    );
  });

  test('short texts are all alike', async () => {
    const head = { id: uuid7(), conv: uuid7(), at: 1 };
    const sizes = await Promise.all(
      ['yes', 'no', 'I am not sure'].map(
        async (text) => (await pack(head, { type: 'text', text })).text.length,
      ),
    );
    expect(new Set(sizes).size).toBe(1);
  });

  test('is none when a part is missing', async () => {
    const { text } = await pack({ id: 'a', conv: 'b', at: 1 }, { type: 'text' });
    const whole = JSON.parse(text) as Record<string, unknown>;
    expect(unpack(whole)).not.toBeNull();
    for (const name of ['v', 'id', 'conv', 'at', 'k', 'c']) {
      expect(unpack({ ...whole, [name]: undefined })).toBeNull();
    }
    expect(unpack({ ...whole, v: 2 })).toBeNull();
    expect(unpack(null)).toBeNull();
  });
});

describe('the recovery key', () => {
  test('is read as it was written, however it was typed', () => {
    fc.assert(
      fc.property(bytes({ minLength: 32, maxLength: 32 }), (key) => {
        const text = writeRecoveryKey(key);
        expect(text).toMatch(/^([A-Z2-7]{4} ){12}[A-Z2-7]{4}$/);
        expect(readRecoveryKey(text)).toEqual(key);
        expect(readRecoveryKey(` ${text.toLowerCase().replaceAll(' ', '-\n')}`)).toEqual(key);
        expect(recoveryKeyFrom(`Keep this safe.\n${recoveryKeyUri(text)}\n`)).toBe(text);
        expect(recoveryKeyFrom(`My recovery key:\n\n${text}\n\nPrinted on paper.`)).toBe(text);
      }),
    );
  });

  test('letters that look like digits are forgiven, a missing one is not', () => {
    const text = writeRecoveryKey(new Uint8Array(32).fill(0x74));
    expect(readRecoveryKey(text.replaceAll('O', '0').replaceAll('I', '1'))).toHaveLength(32);
    expect(isRecoveryKey(text.slice(0, -1))).toBe(false);
    expect(isRecoveryKey(`${text}A`)).toBe(false);
    expect(isRecoveryKey('')).toBe(false);
    expect(recoveryKeyFrom('Nothing here.')).toBeNull();
  });

  test('opens what it sealed for this person, and nothing else', async () => {
    const key = makeRecoveryKey();
    const cipher = await recoveryCipher(key);
    const sealed = await sealBundle(cipher, '@asha:kirana', { v: 1 });

    expect(await openBundle(await recoveryCipher(key), '@asha:kirana', sealed)).toEqual({ v: 1 });
    await expect(openBundle(cipher, '@ravi:kirana', sealed)).rejects.toThrow('wrong-recovery-key');
    const other = await recoveryCipher(makeRecoveryKey());
    await expect(openBundle(other, '@asha:kirana', sealed)).rejects.toThrow('wrong-recovery-key');
    await expect(crypto.subtle.exportKey('raw', cipher)).rejects.toThrow();
  });
});

describe('the signed member list', () => {
  const after = async (list: MemberList, members: string[], admins: string[]) =>
    makeList(members, admins, { hash: await hashList(list), list });

  test('is followed from admin to admin', async () => {
    const first = makeList(['asha', 'ravi'], ['asha'], null);
    const one = await follow(null, first, 'asha', 1);
    const second = await after(first, ['asha', 'ravi', 'mina'], ['asha', 'ravi']);
    const two = await follow(one, second, 'asha', 5);
    const third = await after(second, ['ravi', 'mina'], ['ravi']);
    const three = await follow(two, third, 'ravi', 9);

    expect([one, two, three].map((known) => known?.seq)).toEqual([1, 5, 9]);
    expect(three?.current).toBe(await hashList(third));
    expect(await follow(three, second, 'asha', 12)).toBe(three);
  });

  test('is not believed from others, out of order, twice, or from who is not on it', async () => {
    const first = makeList(['asha', 'ravi'], ['asha'], null);
    const known = await follow(null, first, 'asha', 5);
    const next = await after(first, ['ravi'], ['ravi']);

    expect(await follow(known, next, 'ravi', 6)).toBeNull();
    expect(await follow(known, next, 'asha', 4)).toBeNull();
    expect(await follow(known, { ...next, prev: 'other' }, 'asha', 6)).toBeNull();
    expect(await follow(known, { ...next, n: 1 }, 'asha', 6)).toBeNull();
    expect(await follow(null, first, 'ravi', 1)).toBeNull();
    expect(readList({ ...first, admins: ['eve'] })).toBeNull();
    expect(readList({ ...first, members: 'all' })).toBeNull();
  });

  test('two admins at once: the first in the conversation counts', async () => {
    const first = makeList(['asha', 'ravi'], ['asha', 'ravi'], null);
    const known = await follow(null, first, 'asha', 1);
    const hers = await after(first, ['asha', 'ravi', 'mina'], ['asha', 'ravi']);
    const his = await after(first, ['asha', 'ravi', 'tom'], ['asha', 'ravi']);

    const now = await follow(known, hers, 'asha', 2);
    expect(await follow(now, his, 'ravi', 3)).toBeNull();
  });
});

describe('11: the kind of a conversation', () => {
  test('is sticky, whatever the server says later', async () => {
    const [user, conv, shop] = [uuid7(), uuid7(), uuid7()];
    await checkKind(user, conv, 'private');
    await checkKind(user, conv, 'private');
    await checkKind(user, shop, 'business');

    await expect(checkKind(user, conv, 'business')).rejects.toThrow('kind-changed');
    await expect(checkKind(user, shop, 'private')).rejects.toThrow('kind-changed');
    await checkKind(user, conv, 'private');
  });
});
