import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Problem } from '#lib/api/problem.ts';
import { uuid7 } from '#lib/values/ids.ts';
import type { WorkerLike } from './door.ts';
import { Door } from './door.ts';
import type { Frame } from './rpc.ts';
import { answer } from './rpc.ts';

/** A worker that answers by hand; what it can do is `does`. */
class Hand implements WorkerLike {
  static all: Hand[] = [];
  static does: Record<string, (...args: never[]) => Promise<unknown>> = {};

  onmessage: ((event: MessageEvent<Frame>) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  isEnded = false;
  readonly calls: string[] = [];

  constructor() {
    Hand.all.push(this);
  }

  postMessage(frame: Frame): void {
    if (frame.t !== 'call') return;
    this.calls.push(frame.method);
    const all = { open: () => Promise.resolve(), ...Hand.does };
    void answer(all, structuredClone(frame)).then((answered) => this.say(answered));
  }

  say(frame: Frame): void {
    if (!this.isEnded) this.onmessage?.({ data: structuredClone(frame) } as MessageEvent<Frame>);
  }

  terminate(): void {
    this.isEnded = true;
  }
}

let user: string;
let device: string;
let doors: Door[];

const tab = (): Door => {
  const door = new Door(user, device, () => new Hand());
  doors.push(door);
  return door;
};

beforeEach(() => {
  [user, device, doors] = [uuid7(), uuid7(), []];
  Hand.all = [];
  Hand.does = { status: () => Promise.resolve({ device: 'confirmed' }) };
  vi.spyOn(console, 'warn').mockReturnValue();
});
afterEach(() => {
  for (const door of doors) door.close();
  vi.restoreAllMocks();
});

describe('5: one crypto for all tabs', () => {
  test('only the leading tab has a worker, and the others reach it', async () => {
    const [first, second] = [tab(), tab()];
    first.lead();

    expect(await second.crypto.status()).toEqual({ device: 'confirmed' });
    expect(await first.crypto.status()).toEqual({ device: 'confirmed' });

    expect(Hand.all).toHaveLength(1);
    expect(Hand.all[0]!.calls).toEqual(['open', 'status', 'status']);
  });

  test('nothing is loaded before the first call', () => {
    tab().lead();
    expect(Hand.all).toHaveLength(0);
  });

  test('who asks before anybody leads is answered when somebody does', async () => {
    const [first, second] = [tab(), tab()];
    const asked = second.crypto.status();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(Hand.all).toHaveLength(0);

    first.lead();

    expect(await asked).toEqual({ device: 'confirmed' });
  });

  test('when the leading tab goes in the middle of a call, the next one answers', async () => {
    const [first, second, third] = [tab(), tab(), tab()];
    Hand.does = { status: () => new Promise(() => undefined) };
    first.lead();
    const ofSecond = second.crypto.status();
    const ofThird = third.crypto.status();
    await vi.waitFor(() => expect(Hand.all[0]?.calls).toHaveLength(3));
    Hand.does = { status: () => Promise.resolve('again') };

    first.close();
    second.lead();

    expect(await Promise.all([ofSecond, ofThird])).toEqual(['again', 'again']);
    expect(Hand.all.map(({ isEnded }) => isEnded)).toEqual([true, false]);
  });

  test('news reaches every tab once', async () => {
    const [first, second] = [tab(), tab()];
    first.lead();
    const heard: string[] = [];
    first.on('keys', ({ convs }) => heard.push(`first ${convs.join()}`));
    second.on('keys', ({ convs }) => heard.push(`second ${convs.join()}`));
    await first.crypto.status();

    Hand.all[0]!.say({ t: 'news', what: 'keys', news: { convs: ['a'] } });

    await vi.waitFor(() => expect(heard.sort()).toEqual(['first a', 'second a']));
  });

  test('a refusal keeps its name and facts on the way', async () => {
    const [first, second] = [tab(), tab()];
    first.lead();
    Hand.does = {
      verify: () => Promise.reject(new Problem('waiting-for-devices', 409, 'No', { users: ['r'] })),
    };

    const error = await second.crypto.verify({ user: 'r' }).catch((problem: unknown) => problem);

    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({ slug: 'waiting-for-devices', facts: { users: ['r'] } });
  });
});

describe('3: a panic kills the wasm', () => {
  test('and another worker takes over; what was under way fails in passing', async () => {
    const door = tab();
    door.lead();
    await door.crypto.status();
    Hand.does = { status: () => new Promise(() => undefined) };
    const lost = door.crypto.status().catch((problem: unknown) => problem);
    await vi.waitFor(() => expect(Hand.all[0]!.calls).toHaveLength(3));
    Hand.does = { status: () => Promise.resolve('alive') };
    const restarts = vi.fn();
    door.on('restarted', restarts);

    Hand.all[0]!.say({ t: 'dead', why: 'unreachable' });

    expect(await lost).toMatchObject({ slug: 'crypto-restarted', isPassing: true });
    expect(await door.crypto.status()).toBe('alive');
    expect(Hand.all.map(({ isEnded }) => isEnded)).toEqual([true, false]);
    expect(restarts).toHaveBeenCalledOnce();
  });

  test('one that dies again and again is not started for ever', async () => {
    const door = tab();
    door.lead();
    await door.crypto.status();

    for (let i = 0; i < 9; i++) Hand.all.at(-1)!.say({ t: 'dead', why: 'unreachable' });

    expect(Hand.all.length).toBeLessThan(7);
  });

  test('one that cannot open is tried again by the next call', async () => {
    const door = tab();
    door.lead();
    Hand.does = { open: () => Promise.reject(new Problem('offline', 0, 'No wasm')) };
    await expect(door.crypto.status()).rejects.toThrow('No wasm');
    Hand.does = { status: () => Promise.resolve('there') };

    expect(await door.crypto.status()).toBe('there');
  });
});
