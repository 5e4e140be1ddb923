import { beforeAll, describe, expect, test } from 'vitest';
import type { Entry } from './entries.ts';
import { isFact } from './entries.ts';
import type { Memory } from './facts.ts';
import { judgeFacts } from './facts.ts';

/** As the server made them (tests/chat/test_facts.py has the same by the standard's rules). */
let pair: CryptoKeyPair;
let memory: Memory;

const base64 = (buffer: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/=+$/, '');

beforeAll(async () => {
  pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  const key = base64(await crypto.subtle.exportKey('raw', pair.publicKey));
  memory = { key, seen: new Map() };
});

/** Chained facts with words of people between them. */
async function chain(count: number, start = ''): Promise<Entry[]> {
  const entries: Entry[] = [];
  let prev = start;
  for (let n = 1; n <= count; n++) {
    const id = `f${n}`;
    const ts = 1000 + n;
    const prevField = prev === '' ? '' : `"prev":${JSON.stringify(prev)},`;
    const text =
      `{"card":{"amount":{"amount_minor":100,"currency":"INR"},"state":"paid","title":"Crème ☕"},` +
      `"fact":"order.paid","id":"${id}",${prevField}"subject":{"id":"o${n}","kind":"order"},` +
      `"ts":${ts},"type":"fact"}`;
    const signed = new TextEncoder().encode(text);
    const sig = base64(await crypto.subtle.sign('Ed25519', pair.privateKey, signed));
    const body = { ...(JSON.parse(text) as object), id: undefined, ts: undefined, sig } as never;
    entries.push(
      { conv: 'c', seq: 2 * n - 1, k: 'fact', id, ts, body },
      { conv: 'c', seq: 2 * n, k: 'message', id: `m${n}`, ts, body: { type: 'text', text: 'x' } },
    );
    prev = base64(await crypto.subtle.digest('SHA-256', signed));
  }
  return entries;
}

const whole = { isWhole: true, mayBegin: false };
const changed = (entry: Entry, state: string): Entry => {
  if (!isFact(entry.body)) throw new Error('Only facts are changed.');
  return { ...entry, body: { ...entry.body, card: { ...entry.body.card, state } } };
};

describe('what the server said', () => {
  test('is believed when all of it fits', async () => {
    const { doubts, hashes } = await judgeFacts(await chain(3), memory, whole);

    expect(doubts.size).toBe(0);
    expect([...hashes.keys()]).toEqual(['f1', 'f2', 'f3']);
  });

  test('is doubted when a card was changed, and so is what was said next', async () => {
    const entries = await chain(3);
    entries[2] = changed(entries[2]!, 'refunded');

    const { doubts } = await judgeFacts(entries, memory, whole);

    expect(Object.fromEntries(doubts)).toEqual({ 'order o2': 'unsigned', 'order o3': 'broken' });
  });

  test('is doubted when one was left out, or the first', async () => {
    const entries = await chain(3);

    const without = await judgeFacts(entries.toSpliced(2, 1), memory, whole);
    const headless = await judgeFacts(entries.slice(1), memory, whole);
    const part = await judgeFacts(entries.slice(1), memory, { ...whole, isWhole: false });

    expect(Object.fromEntries(without.doubts)).toEqual({ 'order o3': 'broken' });
    expect(Object.fromEntries(headless.doubts)).toEqual({ 'order o2': 'broken' });
    expect(part.doubts.size).toBe(0);
  });

  test('is doubted when it is not what this device has seen, whoever signed it', async () => {
    const entries = await chain(1);
    const seen = new Map([['f1', 'another hash']]);

    const { doubts } = await judgeFacts(entries, { ...memory, seen }, whole);

    expect(Object.fromEntries(doubts)).toEqual({ 'order o1': 'changed' });
  });

  test.each(['', 'no base64 at all', 'AAAA'])('is doubted with %j as signature', async (sig) => {
    const [entry] = await chain(1);
    const body = { ...entry!.body, sig } as never;

    const { doubts } = await judgeFacts([{ ...entry!, body }], memory, whole);

    expect(Object.fromEntries(doubts)).toEqual({ 'order o1': 'unsigned' });
  });

  test('is doubted without a signature, unless it is from before there were any', async () => {
    const entries = await chain(2);
    const bare = (entry: Entry): Entry => ({
      ...entry,
      body: { ...entry.body, sig: undefined, prev: undefined } as never,
    });
    const old = (await chain(2)).map((it) =>
      it.k === 'fact' ? { ...bare(it), id: `old ${it.id}` } : it,
    );

    const after = await judgeFacts(entries.with(2, bare(entries[2]!)), memory, whole);

    expect((await judgeFacts([...old, ...entries], memory, whole)).doubts.size).toBe(0);
    expect(Object.fromEntries(after.doubts)).toEqual({ 'order o2': 'unsigned' });
  });

  test('may begin anew where two conversations became one', async () => {
    const two = [...(await chain(2)), ...(await chain(1)).map((it) => ({ ...it, id: it.id }))];

    expect((await judgeFacts(two, memory, whole)).doubts.size).toBe(1);
    expect((await judgeFacts(two, memory, { ...whole, mayBegin: true })).doubts.size).toBe(0);
  });

  test('that was deleted for oneself breaks nothing', async () => {
    const entries = await chain(3);
    entries[2] = { ...entries[2]!, body: undefined, hidden: true };

    expect((await judgeFacts(entries, memory, whole)).doubts.size).toBe(0);
  });
});
