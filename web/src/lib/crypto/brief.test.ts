import { initAsync } from '@matrix-org/matrix-sdk-crypto-wasm';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { uuid7 } from '#lib/values/ids.ts';
import type * as Brief from './brief.ts';
import type { DeviceMessage, Opened, SealedEntry } from './model.ts';
import { Phone, World } from './testing/world.ts';
import { lockNameOf } from './vault.ts';

vi.setConfig({ testTimeout: 60_000 });

let world: World;
let withCrypto: typeof Brief.withCrypto;

beforeAll(async () => {
  await initAsync();
  vi.stubGlobal('addEventListener', () => undefined);
  ({ withCrypto } = await import('./brief.ts'));
});
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** As a service worker does it, for a device whose app is closed. */
async function opens(
  { user, device }: Phone,
  entry: SealedEntry,
  upTo?: (message: DeviceMessage) => boolean,
): Promise<Opened['state'] | null> {
  vi.stubGlobal('fetch', world.server.as(user, device));
  return withCrypto({ user, device }, async (crypto) => {
    await crypto.pull(upTo);
    const [opened] = await crypto.decrypt([entry]);
    return opened!.state;
  });
}

test('what came while the app was closed is opened, and the app goes on from there', async () => {
  const [asha, ravi] = [await world.person(), await world.person()];
  const talk = world.direct(asha, ravi);
  await ravi.leave();
  const entry = await asha.say(talk, 'hello');

  expect(await opens(ravi, entry)).toBe('open');
  expect(world.server.waiting(ravi.user, ravi.device).items).toEqual([]);

  const again = await Phone.open(world, ravi.user, ravi.device);
  expect(await again.hears(entry)).toBe('hello');
  const answer = await again.say(talk, 'good morning');
  await world.settle();
  expect(await asha.hears(answer)).toBe('good morning');
});

test('two at once take turns, and nobody is let in whose store is in use', async () => {
  const [asha, ravi] = [await world.person(), await world.person()];
  const talk = world.direct(asha, ravi);
  await ravi.leave();
  const [one, two] = [await asha.say(talk, 'one'), await asha.say(talk, 'two')];

  expect(await Promise.all([opens(ravi, one), opens(ravi, two)])).toEqual(['open', 'open']);

  await navigator.locks.request(lockNameOf(ravi.user), async () => {
    expect(await opens(ravi, two)).toBeNull();
  });
});

test('a failure lets go of the store', async () => {
  const ravi = await world.person();
  await ravi.leave();
  vi.stubGlobal('fetch', world.server.as(ravi.user, ravi.device));

  await expect(withCrypto(ravi, () => Promise.reject(new Error('no')))).rejects.toThrow('no');

  expect((await (await Phone.open(world, ravi.user, ravi.device)).status()).device).toBe(
    'confirmed',
  );
});

test('nothing is made for a device that has no keys here', async () => {
  const before = (await indexedDB.databases()).length;
  const nobody = { user: uuid7(), device: uuid7() };

  expect(await withCrypto(nobody, () => Promise.resolve('here'))).toBeNull();

  expect(await indexedDB.databases()).toHaveLength(before);
});

test('what somebody else should handle is left, with what came after it', async () => {
  const [asha, ravi] = [await world.person(), await world.person()];
  const talk = world.direct(asha, ravi);
  await asha.say(talk, 'so that they know each other');
  await world.settle();
  await ravi.leave();
  await asha.machine.verify({ user: ravi.user });
  const left = () => world.server.waiting(ravi.user, ravi.device).items.map(({ type }) => type);
  const before = left();

  await opens(ravi, talk.entries[0]!, ({ type }) => !type.startsWith('m.key.verification.'));

  expect(left()).toEqual(before);
  const again = await Phone.open(world, ravi.user, ravi.device);
  await world.settle();
  expect(again.verification().phase).toBe('incoming');
});
