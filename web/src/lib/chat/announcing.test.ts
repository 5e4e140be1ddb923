import { beforeEach, expect, test, vi } from 'vitest';
import { Problem } from '#lib/api/index.ts';
import { makeList } from '#lib/crypto/lists.ts';
import type { Entry, Sending, SettingsChange } from '#lib/sync/index.ts';
import { announce, catchUp, outrun } from './announcing.ts';
import type { Inbox } from './inbox.svelte.ts';
import type { Conversation } from './model.ts';

/** What another admin set meanwhile, as the server has it: only its keys open it. */
const theirs: Entry = {
  conv: 'group',
  seq: 5,
  id: 'theirs',
  k: 'message',
  from: 'jens',
  ts: 1,
  ct: '{}',
};
const list = makeList(['ilse', 'jens'], ['ilse', 'jens'], null);
const world = vi.hoisted(() => ({ items: [] as Sending[], hasKeys: true }));

vi.mock('#lib/sync/index.ts', () => ({
  engine: () => ({
    outbox: {
      get items() {
        return world.items;
      },
      add: ({ private: content, ...sending }: { id: string; private: object }) => {
        const waiting = { ...sending, actingFor: null, refused: null, private: { content } };
        world.items = [...world.items, waiting as unknown as Sending];
        return Promise.resolve();
      },
      remove: (id: string) => {
        world.items = world.items.filter((item) => item.id !== id);
        return Promise.resolve();
      },
    },
    open: (entries: readonly Entry[]) =>
      Promise.resolve(
        entries.map((entry) =>
          world.hasKeys ? { ...entry, body: { type: 'settings', title: 'West' } } : entry,
        ),
      ),
  }),
}));
vi.mock('#lib/crypto/index.ts', () => ({
  keys: {
    crypto: {
      roster: () => Promise.resolve({ list: { ...list, n: 99 }, unlisted: [], gone: [] }),
      nextList: (_conv: string, members: string[], admins: string[]) =>
        Promise.resolve(makeList(members, admins, { hash: 'x', list })),
    },
  },
}));

const inbox = {
  own: 'ilse',
  actingFor: null,
  speak: () => Promise.resolve(),
  refresh: () => Promise.resolve(),
  waiting: () => world.items,
  find: () =>
    ({
      id: 'group',
      form: 'group',
      role: 'admin',
      rev: '1.1',
      members: [],
      settings: theirs,
      admin_settings: null,
    }) as unknown as Conversation,
} as unknown as Inbox;

/** Somebody else was quicker than these changes. */
function outdated(...did: SettingsChange[]): void {
  const content = { type: 'settings', title: 'North', did };
  const refused = { slug: 'stale-settings', title: '', facts: {} };
  const lost = { id: 'lost', lane: 'group', uploads: [], actingFor: null, refused };
  world.items = [{ ...lost, private: { content } } as unknown as Sending];
}

const said = () => world.items.map(({ private: sealed }) => sealed?.content);

beforeEach(() => {
  world.items = [];
  world.hasKeys = true;
});

test('what was refused is done again on what the other one set', async () => {
  outdated({ add: 'lars' }, { description: 'Apples' });
  expect(outrun(inbox)).toEqual(['group']);

  await catchUp(inbox, 'group');
  expect(said()).toMatchObject([
    { title: 'West', description: 'Apples', list: { members: ['ilse', 'jens', 'lars'] } },
  ]);
  expect(outrun(inbox)).toEqual([]);
});

test('it is done again once, however often that is asked', async () => {
  outdated({ description: 'Apples' });

  await Promise.all([1, 2, 3].map(() => catchUp(inbox, 'group')));
  expect(said()).toHaveLength(1);
});

test('it waits while what the other one set cannot be read', async () => {
  outdated({ description: 'Apples' });
  world.hasKeys = false;

  await expect(catchUp(inbox, 'group')).rejects.toThrow(Problem);
  expect(outrun(inbox)).toEqual(['group']);

  world.hasKeys = true;
  await catchUp(inbox, 'group');
  expect(said()).toMatchObject([{ title: 'West', description: 'Apples' }]);
});

test('it goes with whatever is set next', async () => {
  outdated({ add: 'lars' });

  await announce(inbox, 'group', { title: 'East' });
  await catchUp(inbox, 'group');
  expect(said()).toMatchObject([{ title: 'East', list: { members: ['ilse', 'jens', 'lars'] } }]);
});
