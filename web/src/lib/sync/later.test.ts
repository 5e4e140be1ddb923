import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Problem } from '#lib/api/problem.ts';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import { Outbox } from './outbox.svelte.ts';

let people = 0;
let user: string;
let db: Database;
let now: number;
let sent: unknown[];
let isOnline: boolean;
let opened: Outbox[];

beforeEach(async () => {
  user = `later-${people++}`;
  db = await openDatabase(user);
  now = 1000;
  sent = [];
  isOnline = true;
  opened = [];
});
afterEach(() => opened.forEach((one) => one.close()));

async function outbox(): Promise<Outbox> {
  const send = (_method: string, _path: string, body: unknown) => {
    if (!isOnline) return Promise.reject(Problem.offline());
    sent.push(body);
    return Promise.resolve();
  };
  const made = new Outbox(db, user, send as never, null, () => now);
  opened.push(made);
  await made.open();
  return made;
}
const message = (id: string, due_at?: number) => {
  const body = { id, body: { type: 'text', text: id } };
  return { id, lane: 'c', path: '/v1/c', body, ...(due_at !== undefined && { due_at }) };
};
const said = () => sent.map((body) => (body as { body: { text: string } }).body.text);

test('what is for later holds up nothing, and goes once when it is due', async () => {
  const one = await outbox();
  one.drain();
  await one.add(message('later', 5000));
  await one.add(message('now'));
  await vi.waitFor(() => expect(said()).toEqual(['now']));
  await vi.waitFor(() => expect(one.items.map(({ id }) => id)).toEqual(['later']));

  now = 5000;
  one.hurry();
  one.hurry();
  await vi.waitFor(() => expect(one.items).toEqual([]));
  expect(said()).toEqual(['now', 'later']);
});

test('what was due while nothing was open goes at the next opening, once', async () => {
  const before = await outbox();
  before.drain();
  await before.add(message('later', 5000));
  before.close();

  now = 9000;
  const [one, other] = [await outbox(), await outbox()];
  one.drain();
  await vi.waitFor(() => expect(other.items).toEqual([]));
  expect(said()).toEqual(['later']);
});

test('due without a connection, it waits like anything else', async () => {
  const one = await outbox();
  one.drain();
  await one.add(message('later', 5000));
  isOnline = false;
  now = 5000;
  one.hurry();
  await vi.waitFor(() => expect(one.items[0]?.due_at).toBeUndefined());
  isOnline = true;
  one.hurry();
  await vi.waitFor(() => expect(said()).toEqual(['later']));
});

test('it can be changed and sent at once from any tab, and be given up', async () => {
  const [leader, tab] = [await outbox(), await outbox()];
  leader.drain();
  for (const id of ['a', 'b']) await tab.add(message(id, 5000));
  await tab.revise('a', 7000, { type: 'text', text: 'another' });
  await tab.remove('b');
  now = 6000;
  leader.hurry();
  const left = () => leader.items.map(({ id, due_at }) => [id, due_at]);
  await vi.waitFor(() => expect(left()).toEqual([['a', 7000]]));
  expect(said()).toEqual([]);
  await tab.revise('a', undefined);
  await vi.waitFor(() => expect(said()).toEqual(['another']));
  // Too late to change it.
  await tab.revise('a', 9000, { type: 'text', text: 'too late' });
  expect(said()).toEqual(['another']);
});
