import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Problem } from '#lib/api/problem.ts';
import type { NotebookSealing } from './notebook.svelte.ts';
import { Notebook } from './notebook.svelte.ts';
import { Shelf } from './shelf.ts';

let people = 0;
let server: Shared;
let opened: { close: () => void }[];

/** The one document of a person, saved only in place of what was read. */
class Shared {
  values: string[] = [];
  isAway = false;
  writes = 0;

  readonly send = (<T>(
    method: string,
    path: string,
    body?: unknown,
    { match }: { match?: string | null } = {},
  ): Promise<T> => {
    if (this.isAway) return Promise.reject(Problem.offline());
    const value = this.values.at(path.endsWith('previous=true') ? -2 : -1);
    const tag = this.values.length === 0 ? null : String(this.values.length);
    if (method === 'GET') {
      const kept = { ciphertext: value, etag: tag };
      return value === undefined
        ? Promise.reject(new Problem('not-found', 404, ''))
        : Promise.resolve(kept as T);
    }
    if (match !== tag) return Promise.reject(new Problem('secret-changed', 412, ''));
    this.writes += 1;
    this.values.push((body as { ciphertext: string }).ciphertext);
    return Promise.resolve({} as T);
  }) as NonNullable<Parameters<typeof Notebook.open>[3]>;
}

const sealedBy = (identity: string): NotebookSealing => ({
  seal: (text) => Promise.resolve(`${identity} ${text}`),
  open: (sealed) =>
    Promise.resolve(sealed.startsWith(`${identity} `) ? sealed.slice(identity.length + 1) : null),
});

/** A device: its own store, the same person. */
async function device(user = `notes-${++people}`, identity = 'one'): Promise<Notebook> {
  const shelf = (await Shelf.open(user))!;
  const notebook = await Notebook.open(user, shelf, () => Date.now(), server.send);
  notebook.plug(sealedBy(identity));
  opened.push(shelf, notebook);
  return notebook;
}

beforeEach(() => {
  server = new Shared();
  opened = [];
});
afterEach(() => opened.forEach((one) => one.close()));

describe('a notebook', () => {
  test('has on every device what one of them wrote', async () => {
    const [phone, tablet] = [await device(), await device()];
    await phone.write({ 'star/a': { seq: 1 } });
    await vi.waitFor(() => expect(server.writes).toBe(1));
    tablet.hurry();
    await vi.waitFor(() => expect(tablet.get('star/a')).toEqual({ seq: 1 }));
    expect(tablet.list('star/')).toEqual([['a', { seq: 1 }]]);
    expect(server.writes).toBe(1);
  });

  test('loses nothing of what two devices write at once', async () => {
    const [phone, tablet] = [await device(), await device()];
    await Promise.all([phone.write({ a: 1 }), tablet.write({ b: 2 })]);
    await vi.waitFor(() => expect(server.values.at(-1)).toMatch(/"a".*"b"/));
    for (const one of [phone, tablet]) {
      one.hurry();
      await vi.waitFor(() => expect([one.get('a'), one.get('b')]).toEqual([1, 2]));
    }
  });

  test('keeps what was written without a connection, also when it is opened anew', async () => {
    const user = `notes-${++people}`;
    const phone = await device(user);
    server.isAway = true;
    await phone.write({ a: 1 });
    phone.close();
    server.isAway = false;
    const tablet = await device();
    await tablet.write({ b: 2 });
    await vi.waitFor(() => expect(server.values.at(-1)).toMatch(/"b"/));

    const again = await device(user);
    await vi.waitFor(() => expect([again.get('a'), again.get('b')]).toEqual([1, 2]));
    await vi.waitFor(() => expect(server.values.at(-1)).toMatch(/"a".*"b"/));
    tablet.hurry();
    await vi.waitFor(() => expect(tablet.get('a')).toBe(1));
  });

  test('is sealed anew with a new identity, from what is on the device', async () => {
    const user = `notes-${++people}`;
    const before = await device(user);
    await before.write({ a: 1 });
    await vi.waitFor(() => expect(server.writes).toBe(1));
    before.close();

    await device(user, 'two');
    await vi.waitFor(() => expect(server.values.at(-1)).toMatch(/^two .*"a"/));
  });

  test('is mended from the value before when the last write broke', async () => {
    const phone = await device();
    await phone.write({ a: 1 });
    await vi.waitFor(() => expect(server.writes).toBe(1));
    server.values.push('broken');
    const tablet = await device();
    await vi.waitFor(() => expect(server.values.at(-1)).toMatch(/"a"/));
    expect(tablet.get('a')).toBe(1);
  });

  test('says when it is full, and still lets go', async () => {
    const phone = await device();
    await phone.write(Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`k${n}`, n])));
    await expect(phone.write({ more: 1 })).rejects.toThrow('notebook-full');
    expect(phone.get('more')).toBeNull();
    await phone.write({ k0: null });
    await phone.write({ more: 1 });
    expect(phone.get('more')).toBe(1);
  });
});
