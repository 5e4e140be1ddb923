import { initAsync } from '@matrix-org/matrix-sdk-crypto-wasm';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { uuid7 } from '#lib/values/ids.ts';
import { makeRecoveryKey } from './recovery.ts';
import { Phone, World } from './testing/world.ts';

let world: World;

// The machine of the tests may be busy.
vi.setConfig({ testTimeout: 60_000 });

beforeAll(() => initAsync());
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const slugOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'nothing was refused';
  } catch (error) {
    return (error as { slug?: string }).slug ?? String(error);
  }
};

/** Until the backup has written what is new. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 100));

/** Both see the emoji. */
async function compare(one: Phone, other: Phone, device?: string): Promise<string[]> {
  await one.machine.verify({ user: other.user, device });
  await world.settle();
  expect(other.verification().phase).toBe('incoming');
  await other.machine.step(other.verification().id, { do: 'accept' });
  await world.settle();
  expect(one.verification().phase).toBe('ready');
  await one.machine.step(one.verification().id, { do: 'emoji' });
  await world.settle();
  const seen = [one, other].map((phone) => {
    const { phase, emoji } = phone.verification();
    expect(phase).toBe('compare');
    expect(emoji).toHaveLength(7);
    return (emoji ?? []).map(({ symbol }) => symbol).join('');
  });
  return seen;
}

async function agree(one: Phone, other: Phone): Promise<void> {
  await one.machine.step(one.verification().id, { do: 'confirm' });
  await other.machine.step(other.verification().id, { do: 'confirm' });
  await world.settle();
}

describe('comparing', () => {
  test('two people see the same emoji and are verified to each other, both ways', async () => {
    const asha = await world.person();
    const ravi = await world.person();

    const [hers, his] = await compare(asha, ravi);
    await agree(asha, ravi);

    expect(hers).toBe(his);
    expect([asha.verification().phase, ravi.verification().phase]).toEqual(['done', 'done']);
    expect((await asha.machine.person(ravi.user)).isVerified).toBe(true);
    expect((await ravi.machine.person(asha.user)).isVerified).toBe(true);
    expect(await asha.machine.devices(ravi.user)).toContainEqual(
      expect.objectContaining({ id: ravi.device, isConfirmed: true, isVerified: true }),
    );
  });

  test('other emoji end it, and nobody is verified', async () => {
    const asha = await world.person();
    const ravi = await world.person();

    await compare(asha, ravi);
    await asha.machine.step(asha.verification().id, { do: 'mismatch' });
    await world.settle();

    for (const [phone, other] of [
      [asha, ravi],
      [ravi, asha],
    ] as const) {
      expect(phone.verification()).toMatchObject({
        phase: 'cancelled',
        cancelled: 'm.mismatched_sas',
      });
      expect((await phone.machine.person(other.user)).isVerified).toBe(false);
    }
    const { id } = asha.verification();
    expect(await slugOf(asha.machine.step(id, { do: 'confirm' }))).toBe('verification-gone');
  });

  test('who says no has said it for all of their devices', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const tablet = await world.another(ravi);
    await tablet.machine.recover((await ravi.machine.recoveryKey())!);
    await world.settle();

    await asha.machine.verify({ user: ravi.user });
    await world.settle();
    expect([ravi, tablet].map((phone) => phone.verification().phase)).toEqual([
      'incoming',
      'incoming',
    ]);
    await tablet.machine.step(tablet.verification().id, { do: 'cancel' });
    await world.settle();

    expect(asha.verification().phase).toBe('cancelled');
    expect(ravi.verification().phase).toBe('cancelled');
  });

  test('two people scan a code', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    await asha.machine.verify({ user: ravi.user });
    await world.settle();
    await ravi.machine.step(ravi.verification().id, { do: 'accept' });
    await world.settle();

    const { code } = await ravi.machine.step(ravi.verification().id, { do: 'code' });
    expect(asha.verification().canScan).toBe(true);
    await asha.machine.step(asha.verification().id, { do: 'scan', code: code! });
    await world.settle();
    expect(ravi.verification().phase).toBe('scanned');
    await ravi.machine.step(ravi.verification().id, { do: 'confirm' });
    await world.settle();

    expect([asha.verification().phase, ravi.verification().phase]).toEqual(['done', 'done']);
    expect((await asha.machine.person(ravi.user)).isVerified).toBe(true);
    expect((await ravi.machine.person(asha.user)).isVerified).toBe(true);
  });

  test("somebody else's code ends it", async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const eve = await world.person();
    for (const other of [ravi, eve]) {
      await asha.machine.verify({ user: other.user });
      await world.settle();
      await other.machine.step(other.verification().id, { do: 'accept' });
      await world.settle();
    }
    const { code } = await eve.machine.step(eve.verification().id, { do: 'code' });
    const withRavi = (await asha.machine.verifications()).find(({ user }) => user === ravi.user)!;

    const scan = asha.machine.step(withRavi.id, { do: 'scan', code: code! });

    expect(await slugOf(scan)).not.toBe('nothing was refused');
    expect((await asha.machine.person(ravi.user)).isVerified).toBe(false);
  });

  test('a new device is confirmed by emoji, gets the secrets, and reads what was said before', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    const old = await asha.say(talk, 'old');
    await world.settle();
    await ravi.hears(old);
    await rest();
    const tablet = await world.another(ravi);
    expect((await tablet.status()).device).toBe('unconfirmed');

    const [here, there] = await compare(tablet, ravi);
    await agree(tablet, ravi);
    await rest();
    await world.settle();

    expect(here).toBe(there);
    expect(await tablet.status()).toMatchObject({ device: 'confirmed', backup: 'on' });
    expect(await tablet.hears(old)).toBe('old');
    const fresh = await asha.say(talk, 'fresh');
    await world.settle();
    expect(await tablet.hears(fresh)).toBe('fresh');
    // It has become a whole device: it can confirm the next.
    const watch = await world.another(ravi);
    await compare(watch, tablet, tablet.device);
    await agree(watch, tablet);
    expect((await watch.status()).device).toBe('confirmed');
  });

  test('a new device is confirmed by the code of an old one', async () => {
    const ravi = await world.person();
    const tablet = await world.another(ravi);
    await tablet.machine.verify({ user: ravi.user });
    await world.settle();
    await ravi.machine.step(ravi.verification().id, { do: 'accept' });
    await world.settle();

    const { code } = await ravi.machine.step(ravi.verification().id, { do: 'code' });
    await tablet.machine.step(tablet.verification().id, { do: 'scan', code: code! });
    await world.settle();
    await ravi.machine.step(ravi.verification().id, { do: 'confirm' });
    await world.settle();

    expect((await tablet.status()).device).toBe('confirmed');
    const ours = await ravi.machine.devices(ravi.user);
    expect(ours.filter(({ isDehydrated }) => !isDehydrated)).toHaveLength(2);
    expect(ours.every(({ isConfirmed }) => isConfirmed)).toBe(true);
  });
});

describe('a device that came and went', () => {
  test.each(['unseen', 'before our eyes'])('%s, reads nothing new', async (how) => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    const before = await asha.say(talk, 'before');
    await world.settle();
    await ravi.hears(before);
    await rest();
    // It gets the key in use from its owner's backup, not from her.
    const thief = await world.another(ravi);
    await compare(thief, ravi);
    await agree(thief, ravi);
    await rest();
    await world.settle();
    expect(await thief.hears(before)).toBe('before');
    if (how !== 'unseen') await asha.machine.devices(ravi.user);

    world.server.revoke(ravi.user, thief.device);
    const after = await asha.say(talk, 'after');
    await world.settle();

    expect(await ravi.hears(after)).toBe('after');
    expect(await thief.hears(after)).toBe('waiting');
  });
});

describe('recovery', () => {
  test('the recovery key confirms a device and restores history', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    const entries = [await asha.say(talk, 'one'), await ravi.say(talk, 'two')];
    await world.settle();
    for (const entry of entries) await ravi.hears(entry);
    await rest();
    const key = (await ravi.machine.recoveryKey())!;
    await ravi.leave();

    const phone = await Phone.open(world, ravi.user);
    const typed = key.toLowerCase().replaceAll(' ', '-');
    const { imported } = await phone.machine.recover(typed);

    expect(imported).toBeGreaterThan(0);
    expect(await Promise.all(entries.map((entry) => phone.hears(entry)))).toEqual(['one', 'two']);
  });

  test('every device gone: what was sent in between is read by the next', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    await asha.say(talk, 'hello');
    const key = (await ravi.machine.recoveryKey())!;
    await ravi.leave();
    world.server.revoke(ravi.user, ravi.device);

    const between = await asha.say(talk, 'are you well?');
    const phone = await Phone.open(world, ravi.user);
    await phone.machine.recover(key);

    expect(await phone.hears(between)).toBe('are you well?');
  });

  test('a wrong key says so, and so does one that is none', async () => {
    const ravi = await world.person();
    const phone = await world.another(ravi);

    expect(await slugOf(phone.machine.recover(makeRecoveryKey()))).toBe('wrong-recovery-key');
    expect(await slugOf(phone.machine.recover('not a key'))).toBe('bad-recovery-key');
    expect((await phone.status()).device).toBe('unconfirmed');
    const stranger = await Phone.open(world, uuid7());
    expect(await slugOf(stranger.machine.recover(makeRecoveryKey()))).toBe('no-recovery');
  });

  test('it is shown until it is saved, and not after that', async () => {
    const ravi = await world.person();

    expect((await ravi.machine.recoveryKey())!.split(' ')).toHaveLength(13);
    expect((await ravi.status()).isRecoveryKeyUnsaved).toBe(true);
    await ravi.machine.recoveryKeySaved();

    expect(await ravi.machine.recoveryKey()).toBeNull();
    expect((await ravi.status()).isRecoveryKeyUnsaved).toBe(false);
  });

  test('a new recovery key works, and the old one opens nothing any more', async () => {
    const ravi = await world.person();
    const old = (await ravi.machine.recoveryKey())!;
    const key = await ravi.machine.newRecoveryKey();

    const phone = await world.another(ravi);
    expect(await slugOf(phone.machine.recover(old))).toBe('wrong-recovery-key');
    await phone.machine.recover(key);
    expect((await phone.status()).device).toBe('confirmed');
  });

  test('when the last write broke, the value before still opens', async () => {
    const ravi = await world.person();
    const key = (await ravi.machine.recoveryKey())!;
    world.server.breakSecret(ravi.user, 'recovery');

    const phone = await world.another(ravi);
    await phone.machine.recover(key);

    expect((await phone.status()).device).toBe('confirmed');
  });

  test('16: a backup that we did not sign is not used', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    world.server.tamper = (path, answer) =>
      path === '/v1/key-backups/latest'
        ? { ...answer, auth_data: { public_key: 'GM6adROTTdD0LDqwT/zEj2sEcuGYbfxGkSBpv08VnkQ' } }
        : answer;
    await ravi.leave();
    const again = await Phone.open(world, ravi.user, ravi.device);
    await rest();
    const puts = () => world.server.log.filter((line) => /PUT .*key-backups/.test(line)).length;
    const before = puts();

    const entry = await asha.say(world.direct(asha, ravi), 'not for that backup');
    await world.settle();
    expect(await again.hears(entry)).toBe('not for that backup');
    await rest();

    expect((await again.status()).backup).toBe('untrusted');
    const ofAsha = 1;
    expect(puts() - before).toBeLessThanOrEqual(ofAsha);
    expect(await slugOf(again.machine.restore())).toBe('untrusted-backup');
  });

  test('16: keys are backed up until none is left', async () => {
    const asha = await world.person();
    const people = [await world.person(), await world.person(), await world.person()];
    for (const other of people) await asha.say(world.direct(asha, other), 'hello');
    await rest();
    await world.settle();
    const key = (await asha.machine.recoveryKey())!;

    const phone = await world.another(asha);
    const restored = await phone.machine.recover(key);

    expect(restored).toEqual({ imported: 3, total: 3 });
  });
});

describe('the identity', () => {
  test('a second device does not make another one', async () => {
    const ravi = await world.person();
    const tablet = await world.another(ravi);

    expect(await slugOf(tablet.machine.begin())).toBe('identity-exists');
  });

  test.each([
    '/v1/cross-signing-keys',
    '/v1/key-signatures',
    '/v1/key-backups',
    '/v1/secrets/recovery',
  ])('a beginning that was cut off after %s goes on where it stopped', async (cut) => {
    const ravi = await Phone.open(world, uuid7());
    world.server.tamper = (path, answer) => {
      if (path !== cut) return answer;
      world.server.isOffline = true;
      return answer;
    };
    expect(await slugOf(ravi.machine.begin())).toBe('offline');
    // Going on may make another key: this one is not shown.
    expect(await ravi.machine.recoveryKey()).toBeNull();
    world.server.tamper = null;
    world.server.isOffline = false;
    expect((await ravi.status()).isRecoveryKeyUnsaved).toBe(false);

    const { device, backup } = await ravi.machine.begin();
    expect([device, backup]).toEqual(['confirmed', 'on']);
    expect((await ravi.status()).isRecoveryKeyUnsaved).toBe(true);
    const key = (await ravi.machine.recoveryKey()) ?? '';
    const tablet = await world.another(ravi);
    await tablet.machine.recover(key);
    expect((await tablet.status()).device).toBe('confirmed');
    expect(await ravi.machine.begin()).toEqual(await ravi.status());
    expect(await ravi.machine.recoveryKey()).toBe(key);
  });

  test('resetting asks for a confirmation; giving up leaves everything as it was', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);

    expect(await slugOf(ravi.machine.reset())).toBe('confirmation-required');
    await ravi.machine.cancelReset();

    expect((await ravi.status()).device).toBe('confirmed');
    const entry = await ravi.say(talk, 'as before');
    await world.settle();
    expect(await asha.hears(entry)).toBe('as before');
    expect(asha.news('person')).toEqual([]);
  });

  test('after a reset the friends that one had verified have not changed', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    await compare(asha, ravi);
    await agree(asha, ravi);

    await ravi.machine.reset({ confirmation: 'confirmed' });
    await world.settle();

    expect(await ravi.machine.person(asha.user)).toMatchObject({
      isVerified: false,
      isBroken: false,
    });
    const entry = await ravi.say(talk, 'me again');
    await world.settle();
    expect(await ravi.hears(entry)).toBe('me again');
    expect(await asha.hears(entry)).toBe('identity-changed');
  });

  test('both see the same safety number, and it changes with an identity', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const { safetyNumber: before } = await asha.machine.person(ravi.user);

    expect(before).toMatch(/^(\d{5} ){11}\d{5}$/);
    expect((await ravi.machine.person(asha.user)).safetyNumber).toBe(before);
    await ravi.machine.reset({ confirmation: 'confirmed' });
    await world.settle();

    const { safetyNumber: after } = await asha.machine.person(ravi.user);
    expect(after).not.toBe(before);
    expect((await ravi.machine.person(asha.user)).safetyNumber).toBe(after);
  });
});

describe('the notebook', () => {
  test('opens on every confirmed device of a person, and on no other', async () => {
    const ravi = await world.person();
    const sealed = await ravi.machine.sealNotebook('my notes');
    const tablet = await world.another(ravi);
    expect(await slugOf(tablet.machine.openNotebook(sealed))).toBe('unconfirmed-device');

    await compare(tablet, ravi, ravi.device);
    await agree(tablet, ravi);
    await vi.waitFor(async () => {
      await world.settle();
      expect(await tablet.machine.openNotebook(sealed)).toBe('my notes');
    });
    const laptop = await world.another(ravi);
    await laptop.machine.recover((await ravi.machine.recoveryKey())!);
    expect(await laptop.machine.openNotebook(sealed)).toBe('my notes');
    expect(await ravi.machine.openNotebook(await laptop.machine.sealNotebook('more'))).toBe('more');

    const asha = await world.person();
    expect(await asha.machine.openNotebook(sealed)).toBeNull();
  });

  test('is not read with a new identity', async () => {
    const ravi = await world.person();
    const sealed = await ravi.machine.sealNotebook('my notes');
    await ravi.machine.reset({ confirmation: 'confirmed' });
    expect(await ravi.machine.openNotebook(sealed)).toBeNull();
    expect(await ravi.machine.openNotebook(await ravi.machine.sealNotebook('new'))).toBe('new');
  });
});
