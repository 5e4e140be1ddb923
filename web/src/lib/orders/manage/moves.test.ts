import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Moves } from './moves.svelte.ts';

const order = { id: '0198-order', number: 7 };
let sent: unknown[] = [];

beforeEach(() => {
  sent = [];
  vi.useFakeTimers();
  vi.stubGlobal('fetch', (_: string, { body }: RequestInit) => {
    sent.push(JSON.parse(body as string));
    return Promise.resolve(Response.json({}));
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('what is tapped while the last move is still being loaded is sent, too', async () => {
  let loaded = () => {};
  const moves = new Moves('0198-shop', () => new Promise((done) => (loaded = done)));

  // Ready is on the server, and the board is not here again yet.
  moves.move({ ...order, state: 'accepted' }, 'ready');
  await vi.advanceTimersByTimeAsync(5000);
  moves.move({ ...order, state: 'ready' }, 'fulfilled');
  loaded();
  await vi.advanceTimersByTimeAsync(5000);

  expect(sent).toEqual([{ to: 'ready' }, { to: 'fulfilled' }]);
});

test('who leaves sends what waits, once', async () => {
  const moves = new Moves('0198-shop', () => Promise.resolve());
  const placed = { ...order, state: 'placed' as const };

  moves.move(placed, 'accepted');
  expect(moves.stateOf(placed)).toBe('accepted');
  await vi.advanceTimersByTimeAsync(4000);
  moves.flush();
  await vi.advanceTimersByTimeAsync(10_000);

  expect(sent).toEqual([{ to: 'accepted' }]);
});
