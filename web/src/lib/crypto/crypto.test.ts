import { OlmMachine, initAsync } from '@matrix-org/matrix-sdk-crypto-wasm';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { uuid7 } from '#lib/values/ids.ts';
import { libraryDevice, libraryUser } from './names.ts';
import { Phone, World } from './testing/world.ts';
import type { Talk } from './testing/world.ts';

let world: World;

// The machine of the tests may be busy.
vi.setConfig({ testTimeout: 60_000 });

beforeAll(() => initAsync());
beforeEach(() => {
  world = new World();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await world.close();
});

const slugOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'nothing was refused';
  } catch (error) {
    return (error as { slug?: string }).slug ?? String(error);
  }
};

/** A device that its owner never signed: what a server can make up by itself. */
async function ghost(user: string): Promise<{ machine: OlmMachine; device: string }> {
  const device = uuid7();
  const machine = await OlmMachine.initialize(libraryUser(user), libraryDevice(device));
  for (const request of await machine.outgoingRequests()) {
    const { device_keys: keys, one_time_keys: oneTime } = JSON.parse(request.body) as {
      device_keys?: object;
      one_time_keys?: Record<string, unknown>;
    };
    if (keys && oneTime) world.server.plant(user, device, keys as never, oneTime);
    break;
  }
  return { machine, device };
}

/** As if there were only the backup to restore from. */
function withoutDehydrated(): void {
  world.server.tamper = (path, answer) =>
    path.startsWith('/v1/dehydrated-devices/') ? { items: [], has_more: false } : answer;
}

/** A group in which everybody knows the list. */
async function group(admin: Phone, ...others: Phone[]): Promise<Talk> {
  const talk = world.group(admin, ...others);
  const list = await admin.machine.nextList(talk.id, talk.members, [admin.user]);
  const first = await admin.say(talk, { type: 'settings', title: 'Tea', list });
  await world.settle();
  for (const phone of [admin, ...others]) expect(await phone.hears(first)).toBe('settings');
  return talk;
}

async function relist(admin: Phone, talk: Talk, members: readonly Phone[]): Promise<void> {
  const users = members.map(({ user }) => user);
  talk.change(users);
  const list = await admin.machine.nextList(talk.id, users, [admin.user]);
  const entry = await admin.say(talk, { type: 'settings', title: 'Tea', list });
  await world.settle();
  for (const phone of members) await phone.read(entry);
}

describe('two people with three devices', () => {
  test('read each other from the first word on', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);

    const hello = await asha.say(talk, 'hello');
    await world.settle();
    const answer = await ravi.say(talk, 'good morning');
    await world.settle();

    expect(await ravi.hears(hello)).toBe('hello');
    expect(await asha.hears(hello)).toBe('hello');
    expect(await asha.hears(answer)).toBe('good morning');
    expect(await asha.status()).toEqual({
      device: 'confirmed',
      backup: 'on',
      isRecoveryKeyUnsaved: true,
    });
  });

  test('1: a device that its owner has not signed gets no key', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    const { device } = await ghost(ravi.user);
    await world.settle();

    const entry = await asha.say(talk, 'not for ghosts');

    const got = world.server.waiting(ravi.user, device).items;
    expect(got.filter(({ type }) => type === 'm.room.encrypted')).toEqual([]);
    await world.settle();
    expect(await ravi.hears(entry)).toBe('not for ghosts');
  });

  test('1: a linked device reads nothing until it is confirmed, and everything new after that', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const tablet = await world.another(ravi);
    const talk = world.direct(asha, ravi);

    const before = await asha.say(talk, 'before');
    await world.settle();
    const unread = await tablet.hears(before);
    const refusal = await slugOf(tablet.say(talk, 'from an unconfirmed one'));
    await tablet.machine.recover((await ravi.machine.recoveryKey())!);
    await world.settle();
    const after = await asha.say(talk, 'after');
    await world.settle();

    expect((await tablet.status()).device).toBe('confirmed');
    expect([unread, refusal]).toEqual(['waiting', 'unconfirmed-device']);
    expect(await tablet.hears(after)).toBe('after');
    expect(await ravi.hears(after)).toBe('after');
  });

  test('2: restored history opens softly, but a restored key proves nothing that is newer', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    const old = await asha.say(talk, 'old');
    await world.settle();
    await ravi.hears(old);
    await new Promise((resolve) => setTimeout(resolve, 100));
    withoutDehydrated();
    const tablet = await world.another(ravi);
    await tablet.machine.recover((await ravi.machine.recoveryKey())!);

    const softly = await tablet.read(old);
    const later = { ...old, id: uuid7(), seq: 9, ts: Date.now() + 60_000 };

    // 15: a grey shield, in the details.
    expect(softly).toMatchObject({ state: 'open', shield: { color: 'grey', why: 'not-provable' } });
    expect(await tablet.read(later)).toMatchObject({ state: 'refused', why: 'unproven-sender' });
  });

  test('2: once a proven message was read, no later one may come with a restored key, whatever its time', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    const old = await asha.say(talk, 'old');
    await world.settle();
    await ravi.hears(old);
    await new Promise((resolve) => setTimeout(resolve, 100));
    withoutDehydrated();
    const tablet = await world.another(ravi);
    await tablet.machine.recover((await ravi.machine.recoveryKey())!);
    await world.settle();
    const said = await asha.say(talk, 'fresh');
    await world.settle();
    // Surely later than the moment of confirming, which is known to a second.
    const fresh = { ...said, ts: said.ts + 2000 };

    expect(await tablet.hears(fresh)).toBe('fresh');
    const backdated = { ...old, seq: fresh.seq + 1 };
    expect(await tablet.read(backdated)).toMatchObject({ why: 'unproven-sender' });
  });

  test('3: many messages at once, and each has its key', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);

    const sealed = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => asha.say(talk, `number ${i}`)),
    );
    await world.settle();

    const heard = await ravi.machine.decrypt(sealed);
    expect(heard.map((one) => one.state === 'open' && one.content.text)).toEqual(
      Array.from({ length: 12 }, (_, i) => `number ${i}`),
    );
  });

  test('4: a count that is not told is not zero: no keys are uploaded for ever', async () => {
    const asha = await world.person();
    await world.settle();
    const uploads = () =>
      world.server.log.filter((line) => line.includes('/v1/device-keys')).length;
    const before = uploads();

    for (let i = 0; i < 5; i++) await asha.machine.take({ items: [] });
    await world.settle();
    const quiet = uploads();
    await asha.machine.take({ counts: { signed_curve25519: 3 }, unused: ['signed_curve25519'] });
    await world.settle();

    expect(quiet).toBe(before);
    expect(uploads()).toBe(before + 1);
  });

  test('6: the store opens again with everything, and its key never leaves the browser', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    const hello = await asha.say(talk, 'hello');
    await world.settle();
    await ravi.leave();

    const again = await Phone.open(world, ravi.user, ravi.device);

    expect((await again.status()).device).toBe('confirmed');
    expect(await again.hears(hello)).toBe('hello');
    const wrapping = await new Promise<CryptoKey>((resolve) => {
      const opening = indexedDB.open(`kirana-vault-${ravi.user}-${ravi.device}`);
      opening.onsuccess = () => {
        const asking = opening.result.transaction('keys').objectStore('keys').get('wrapping');
        asking.onsuccess = () => {
          opening.result.close();
          resolve(asking.result as CryptoKey);
        };
      };
    });
    expect(wrapping.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('raw', wrapping)).rejects.toThrow();
  });

  test('8: the same ciphertext under another id, place, conversation or sender is refused', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    const entry = await asha.say(talk, 'once');
    const other = await asha.say(talk, 'another');
    await world.settle();
    await ravi.hears(entry);

    const hears = (changed: object) => ravi.hears({ ...entry, ...changed });
    expect(await hears({ id: uuid7(), seq: 7 })).toBe('moved');
    expect(await hears({ seq: 7 })).toBe('replayed');
    expect(await ravi.hears({ ...other, seq: entry.seq })).toBe('replayed');
    expect(await hears({ conv: uuid7() })).not.toBe('once');
    expect(await hears({ from: ravi.user })).toBe('other-sender');
    expect(await ravi.hears(entry)).toBe('once');
    expect(await ravi.hears(other)).toBe('another');
  });

  test('9: what does not match its commitment is refused, and so is what has none', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    const entry = await asha.say(talk, 'meant');
    const other = await asha.say(talk, 'meant');
    await world.settle();

    expect(await ravi.hears({ ...entry, com: other.com })).toBe('not-committed');
    expect(await ravi.hears({ ...entry, com: undefined })).toBe('not-committed');
    expect(await ravi.hears(entry)).toBe('meant');
  });

  test('a changed or invented ciphertext is refused', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    const entry = await asha.say(talk, 'whole');
    await world.settle();
    const content = JSON.parse(entry.ct) as { ciphertext: string };
    const broken = `${content.ciphertext.slice(0, -6)}AAAAAA`;

    const changed = { ...entry, ct: JSON.stringify({ ...content, ciphertext: broken }) };
    expect(await ravi.hears(changed)).toBe('unreadable');
    expect(await ravi.hears({ ...entry, ct: '{' })).toBe('unreadable');
    expect(await ravi.hears({ ...entry, ct: '{"type":"text","text":"plain"}' })).toBe('unreadable');
  });

  test('a report can be proven with what the reader has', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const entry = await asha.say(world.direct(asha, ravi), 'rude');
    await world.settle();

    const opened = await ravi.read(entry);

    if (opened.state !== 'open') throw new Error(opened.state);
    const { k, c } = opened.proof;
    const raw = Uint8Array.from(atob(k), (letter) => letter.charCodeAt(0));
    const hmac = { name: 'HMAC', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', raw, hmac, false, ['sign']);
    const mac = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(c));
    expect(btoa(String.fromCharCode(...new Uint8Array(mac))).replace('=', '')).toBe(entry.com);
  });

  test('stale audience: one retry with the same id, and all current devices and no others read it', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    await asha.say(talk, 'warm up');
    const tablet = await world.another(ravi);
    await tablet.machine.recover((await ravi.machine.recoveryKey())!);

    // Asha has heard nothing of the tablet.
    const entry = await asha.say(talk, 'for both');
    await world.settle();
    expect(await tablet.hears(entry)).toBe('for both');
    expect(await ravi.hears(entry)).toBe('for both');

    const lost = await tablet.machine.status();
    expect(lost.device).toBe('confirmed');
    world.server.revoke(ravi.user, tablet.device);
    const after = await asha.say(talk, 'not for the lost one');
    const ofTablet = await slugOf(tablet.machine.pull());
    await tablet.leave();
    await world.settle();
    expect(await ravi.hears(after)).toBe('not for the lost one');
    expect(ofTablet).toBeDefined();
  });

  test('the key stays the same while nobody goes', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);

    const said = [await asha.say(talk, 'one'), await asha.say(talk, 'two')];
    await world.another(ravi);
    said.push(await asha.say(talk, 'three'));

    const sessions = said.map(({ ct }) => (JSON.parse(ct) as { session_id: string }).session_id);
    expect(new Set(sessions).size).toBe(1);
  });

  test('12: a verified person whose identity changed stops the sending until they are looked at', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    await asha.say(talk, 'hello');
    await verify(asha, ravi);
    expect((await asha.machine.person(ravi.user)).isVerified).toBe(true);

    await ravi.machine.reset({ confirmation: 'confirmed' });
    await world.settle();

    expect(await slugOf(asha.say(talk, 'secret'))).toBe('identity-changed');
    expect(await asha.machine.person(ravi.user)).toMatchObject({ isBroken: true });
    await asha.machine.withdraw(ravi.user);
    const entry = await asha.say(talk, 'after withdrawing');
    await world.settle();
    expect(await ravi.hears(entry)).toBe('after withdrawing');
  });

  test('12: of anybody else it is a line, and sending goes on', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    await asha.say(talk, 'hello');

    await ravi.machine.reset({ confirmation: 'confirmed' });
    await world.settle();

    expect(asha.news('person').at(-1)).toMatchObject({ user: ravi.user, isChanged: true });
    const entry = await asha.say(talk, 'still here');
    await world.settle();
    expect(await ravi.hears(entry)).toBe('still here');
    await asha.machine.accept(ravi.user);
    expect(await asha.machine.person(ravi.user)).toMatchObject({ isChanged: false });
  });

  test('13: nobody without a confirmed device is sent to, and it goes when they have one', async () => {
    const asha = await world.person();
    const ravi = await Phone.open(world, uuid7());
    const talk = world.direct(asha, ravi);

    expect(await slugOf(asha.say(talk, 'are you there'))).toBe('waiting-for-devices');
    await ravi.machine.begin();
    await world.settle();

    expect(asha.news('devices').some(({ users }) => users.includes(ravi.user))).toBe(true);
    const entry = await asha.say(talk, 'are you there');
    await world.settle();
    expect(await ravi.hears(entry)).toBe('are you there');
  });

  test('14: after a resync everybody is asked for again, and a revision counts only once it was processed', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    await asha.say(talk, 'hello');
    const tablet = await world.another(ravi);
    await tablet.machine.recover((await ravi.machine.recoveryKey())!);
    const queries = () => world.server.log.filter((line) => line.includes('key-queries')).length;
    const before = queries();

    await asha.machine.resync();
    const { rev } = await asha.machine.encrypt(talk.audienceFor(asha.user), uuid7(), {
      type: 'text',
    });

    expect(queries()).toBeGreaterThan(before);
    expect(rev).toBe(`1.${world.server.revOf(asha.user) + world.server.revOf(ravi.user)}`);
  });

  test('14: a revision whose answer never came is not remembered', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    await asha.say(talk, 'hello');
    const before = world.server.revOf(ravi.user);
    const tablet = await world.another(ravi);
    await tablet.machine.recover((await ravi.machine.recoveryKey())!);

    world.server.isOffline = true;
    const changed = [{ user: ravi.user, rev: world.server.revOf(ravi.user) }];
    await asha.machine.take({ changed });
    expect(await slugOf(asha.say(talk, 'offline'))).toBe('offline');
    world.server.isOffline = false;
    const { rev } = await asha.machine.encrypt(talk.audience(), uuid7(), { type: 'text' });

    expect(world.server.revOf(ravi.user)).toBeGreaterThan(before);
    expect(rev).toBe(`1.${world.server.revOf(asha.user) + world.server.revOf(ravi.user)}`);
  });

  test('21: the key changes after a hundred messages', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    const sessions = new Set<string>();

    for (let i = 0; i < 102; i++) {
      const { ct } = await asha.say(talk, `${i}`);
      sessions.add((JSON.parse(ct) as { session_id: string }).session_id);
    }

    expect(sessions.size).toBe(2);
    await world.settle();
    expect(await ravi.hears(talk.entries.at(-1)!)).toBe('101');
  });

  test('device messages that come twice, or are made up, change nothing', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    const entry = await asha.say(talk, 'hello');
    const { items } = world.server.waiting(ravi.user, ravi.device);
    expect(items.length).toBeGreaterThan(0);

    const { n } = await ravi.machine.take({ items });
    expect(await ravi.machine.take({ items })).toEqual({ n });
    const again = items.map((item, i) => ({ ...item, n: n + 1 + i }));
    const forged = { ...again[0]!, n: n + 90, content: { algorithm: 'x', ciphertext: {} } };
    await ravi.machine.take({ items: [...again, forged] });

    expect(await ravi.hears(entry)).toBe('hello');
    const next = await asha.say(talk, 'and on');
    await ravi.machine.take({
      items: world.server.waiting(ravi.user, ravi.device).items.map((item) => ({
        ...item,
        n: n + 100 + item.n,
      })),
    });
    expect(await ravi.hears(next)).toBe('and on');
  });

  test('a room key under a false sender opens nothing', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const eve = await world.person();
    const entry = await eve.say(world.direct(eve, ravi), 'I am Asha');
    await world.settle();

    expect(await ravi.hears({ ...entry, from: asha.user })).toBe('other-sender');
  });

  test('what waits is told when its key arrives', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const talk = world.direct(asha, ravi);
    const entry = await asha.say(talk, 'late');

    expect(await ravi.hears(entry)).toBe('waiting');
    await world.settle();

    expect(ravi.news('keys').some(({ convs }) => convs.includes(talk.id))).toBe(true);
    expect(await ravi.hears(entry)).toBe('late');
  });

  test('a call is sealed for one device and opens only from a confirmed one', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const to = { user: ravi.user, device: ravi.device };

    const sealed = await asha.machine.signal(to, { sdp: 'v=0' });

    expect(sealed).not.toContain('v=0');
    const opened = await ravi.machine.openSignal(asha.user, sealed);
    expect(opened).toEqual({ device: asha.device, body: { sdp: 'v=0' } });
    expect(await ravi.machine.openSignal(asha.user, sealed)).toBeNull();
  });

  test('only the conversation and the people it was made for', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const eve = await world.person();
    const talk = world.direct(asha, ravi);
    await asha.say(talk, 'hello');

    talk.change([asha.user, eve.user]);
    expect(await slugOf(asha.say(talk, 'for Ravi'))).toBe('members-changed');
    talk.change([asha.user, ravi.user, eve.user]);
    expect(await slugOf(asha.say(talk, 'for Ravi'))).toBe('members-changed');
    talk.change([asha.user]);
    expect(await slugOf(asha.say(talk, 'for Ravi'))).toBe('members-changed');
  });

  test('10: nobody else is heard where two talk', async () => {
    const [asha, ravi, eve] = [await world.person(), await world.person(), await world.person()];
    const talk = world.direct(asha, ravi);
    const first = await asha.say(talk, 'hello');
    const content = { type: 'text', text: 'I am Asha' };
    const to = { ...world.direct(eve, ravi).audience(), conv: talk.id };
    const id = uuid7();
    const hers = { ...first, id, seq: 2, from: eve.user };
    const { ct, com } = await eve.machine.encrypt(to, id, content);
    await world.settle();

    expect(await ravi.hears(first)).toBe('hello');
    expect(await ravi.hears({ ...hers, ct, com })).toBe('not-a-member');
    const back = { ...(await ravi.say(talk, 'and back')), seq: 3 };
    await world.settle();
    expect(await asha.hears(back)).toBe('and back');
  });

  test('no readable word reaches the server', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const entry = await asha.say(world.direct(asha, ravi), 'Zweihundertvierzig Mangos');
    await world.settle();
    await new Promise((resolve) => setTimeout(resolve, 100));

    expect(await ravi.hears(entry)).toContain('Mangos');
    expect([entry.ct, ...world.server.bodies].join()).not.toContain('Mangos');
    expect(world.server.bodies.length).toBeGreaterThan(5);
  });
});

describe('a group', () => {
  test('10: whom the server adds alone gets no key and is shown', async () => {
    const [asha, ravi, eve] = [await world.person(), await world.person(), await world.person()];
    const talk = await group(asha, ravi);

    talk.change([asha.user, ravi.user, eve.user]);
    const sealed = await asha.machine.encrypt(talk.audience(), uuid7(), { type: 'text' });
    const entry = await asha.say(talk, 'among us');
    await world.settle();

    expect(sealed.unlisted).toEqual([eve.user]);
    expect(await eve.hears(entry)).toBe('waiting');
    expect(await ravi.hears(entry)).toBe('among us');
    const roster = await ravi.machine.roster(talk.audience());
    expect(roster).toMatchObject({ unlisted: [eve.user], gone: [] });
  });

  test('10: who joins cannot read what came before, who left cannot read what comes after', async () => {
    const [asha, ravi, mina] = [await world.person(), await world.person(), await world.person()];
    const talk = await group(asha, ravi);
    const early = await asha.say(talk, 'early');
    await relist(asha, talk, [asha, ravi, mina]);
    const middle = await asha.say(talk, 'middle');
    await world.settle();
    await relist(asha, talk, [asha, mina]);
    const late = await asha.say(talk, 'late');
    await world.settle();

    expect([await ravi.hears(early), await mina.hears(early)]).toEqual(['early', 'waiting']);
    expect([await ravi.hears(middle), await mina.hears(middle)]).toEqual(['middle', 'middle']);
    expect([await ravi.hears(late), await mina.hears(late)]).toEqual(['waiting', 'late']);
  });

  test('10: who was let in again is heard as soon as the list that says so was read', async () => {
    const [asha, ravi, mina] = [await world.person(), await world.person(), await world.person()];
    const talk = await group(asha, ravi, mina);
    await relist(asha, talk, [asha, ravi]);
    talk.change([asha.user, ravi.user, mina.user]);
    const list = await asha.machine.nextList(talk.id, talk.members, [asha.user]);
    const listed = await asha.say(talk, { type: 'settings', title: 'Tea', list });
    await world.settle();
    await mina.read(listed);
    const back = await mina.say(talk, 'I am back');
    await world.settle();

    expect(await ravi.hears(back)).toBe('not-a-member');
    const before = ravi.news('keys').length;
    await ravi.read(listed);

    expect(ravi.news('keys').slice(before)).toContainEqual({ convs: [talk.id] });
    expect(await ravi.hears(back)).toBe('I am back');
  });

  test('10: only an admin of the last list may send the next', async () => {
    const [asha, ravi, eve] = [await world.person(), await world.person(), await world.person()];
    const talk = await group(asha, ravi);

    expect(await slugOf(ravi.machine.nextList(talk.id, [ravi.user], [ravi.user]))).toBe(
      'not-admin',
    );
    const { list } = await ravi.machine.roster(talk.audience());
    const coup = { ...list!, n: 2, members: [ravi.user, eve.user], admins: [ravi.user] };
    expect(await slugOf(ravi.say(talk, { type: 'settings', list: coup }))).toBe('not-admin');
    expect(await slugOf(eve.say(talk, 'let me in'))).toBe('no-member-list');
  });

  test('10: a list of somebody whom the server alone let in is not even read', async () => {
    const [asha, ravi, eve] = [await world.person(), await world.person(), await world.person()];
    const talk = await group(asha, ravi);
    talk.change([asha.user, ravi.user, eve.user]);
    const list = await eve.machine.nextList(talk.id, talk.members, [eve.user]);
    const hers = await eve.say(talk, { type: 'settings', title: 'Mine', list });
    await world.settle();

    expect(await ravi.hears(hers)).toBe('not-a-member');
    expect(await asha.hears(hers)).toBe('not-a-member');
  });

  test('10: what is set is an admin’s by the list, whoever repeats that', async () => {
    const [asha, ravi] = [await world.person(), await world.person()];
    const talk = await group(asha, ravi);
    const list = await asha.machine.nextList(talk.id, talk.members, [asha.user]);
    const admins = await asha.say(talk, { type: 'settings', title: 'Tea', list });
    await world.settle();
    const [opened] = await ravi.machine.decrypt([admins]);
    const members = await ravi.say(talk, { type: 'settings', title: 'Mine' });
    await world.settle();
    const [theirs] = await asha.machine.decrypt([members]);

    expect(opened).toMatchObject({ state: 'open', isByAdmin: true });
    expect(theirs).toMatchObject({ state: 'open', isByAdmin: false });
  });

  test('13: it goes to those who can read it, and says who cannot', async () => {
    const asha = await world.person();
    const ravi = await world.person();
    const nobody = await Phone.open(world, uuid7());
    const talk = await group(asha, ravi);
    talk.change([asha.user, ravi.user, nobody.user]);
    const list = await asha.machine.nextList(talk.id, talk.members, [asha.user]);
    const entry = await asha.say(talk, { type: 'settings', title: 'Tea', list });
    await world.settle();
    await asha.read(entry);

    const sealed = await asha.machine.encrypt(talk.audience(), uuid7(), { type: 'text' });

    expect(sealed.without).toEqual([nobody.user]);
    expect(await ravi.hears(entry)).toBe('settings');
  });
});

/** By emoji, all the way. */
async function verify(one: Phone, other: Phone): Promise<void> {
  await one.machine.verify({ user: other.user });
  await world.settle();
  const { id } = other.verification();
  await other.machine.step(id, { do: 'accept' });
  await world.settle();
  await one.machine.step(one.verification().id, { do: 'emoji' });
  await world.settle();
  await one.machine.step(one.verification().id, { do: 'confirm' });
  await other.machine.step(id, { do: 'confirm' });
  await world.settle();
}
