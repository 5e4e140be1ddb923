/** People with devices around one server, for tests: they talk in private conversations as the app does. */

import { Problem } from '#lib/api/problem.ts';
import { uuid7 } from '#lib/values/ids.ts';
import { Machine } from '../machine.ts';
import type { Audience, News, Opened, SealedEntry, Status, Verification } from '../model.ts';
import { KeyServer } from './server.ts';

type Told = { [K in keyof News]: { readonly what: K; readonly news: News[K] } }[keyof News];

/** One device of a person, as the engine would run it. */
export class Phone {
  private constructor(
    readonly world: World,
    readonly user: string,
    readonly device: string,
    readonly machine: Machine,
    readonly told: readonly Told[],
  ) {}

  static async open(world: World, user: string, device: string = uuid7()): Promise<Phone> {
    const told: Told[] = [];
    const machine = await Machine.open({
      user,
      device,
      fetch: world.server.as(user, device),
      tell: (what, news) => told.push({ what, news } as Told),
      backupDelayMs: 5,
      askLaterMs: 50,
    });
    const phone = new Phone(world, user, device, machine, told);
    world.phones.push(phone);
    await machine.status();
    return phone;
  }

  /** Everything that waits on the server comes in, for everybody, until nothing more happens. */
  settle(): Promise<void> {
    return this.world.settle();
  }

  news<K extends keyof News>(what: K): News[K][] {
    return this.told.filter((one) => one.what === what).map(({ news }) => news as News[K]);
  }

  /** The latest state of each comparison. */
  verification(): Verification {
    const last = this.news('verification').at(-1);
    if (!last) throw new Error('Nobody compares anything.');
    return last;
  }

  status(): Promise<Status> {
    return this.machine.status();
  }

  /** Sends as the outbox does: once more, with the same id, when the audience was stale. */
  async say(talk: Talk, text: string | object, id: string = uuid7()): Promise<SealedEntry> {
    const content = typeof text === 'string' ? { type: 'text', text } : (text as { type: string });
    const sealed = await this.machine.encrypt(talk.audienceFor(this.user), id, content);
    try {
      return talk.post(this.user, id, sealed);
    } catch (error) {
      if (!(error instanceof Problem) || error.slug !== 'stale-audience') throw error;
      const again = await this.machine.encrypt(talk.audience(), id, content);
      return talk.post(this.user, id, again);
    }
  }

  async read(entry: SealedEntry): Promise<Opened> {
    const [opened] = await this.machine.decrypt([entry]);
    return opened!;
  }

  /** What it says, or why not. */
  async hears(entry: SealedEntry): Promise<string> {
    const opened = await this.read(entry);
    if (opened.state === 'open') {
      const { text, type } = opened.content;
      return typeof text === 'string' ? text : type;
    }
    return opened.state === 'waiting' ? 'waiting' : opened.why;
  }

  async leave(): Promise<void> {
    this.world.phones.splice(this.world.phones.indexOf(this), 1);
    await this.machine.close();
  }
}

/** A private conversation as the server keeps it. */
export class Talk {
  readonly id = uuid7();
  readonly entries: SealedEntry[] = [];
  membersRev = 1;
  #seen: Audience | null = null;

  constructor(
    readonly world: World,
    readonly form: 'direct' | 'group',
    public members: string[],
  ) {}

  audience(): Audience {
    return {
      conv: this.id,
      form: this.form,
      members_rev: this.membersRev,
      members: this.members.map((user_id) => ({
        user_id,
        state: 'joined',
        devices_rev: this.world.server.revOf(user_id),
      })),
    };
  }

  /** What a sender has seen last: members as they were, and no hint about devices. */
  audienceFor(_user: string): Audience {
    const { members, ...rest } = this.#seen ?? this.audience();
    return { ...rest, members: members.map(({ user_id, state }) => ({ user_id, state })) };
  }

  /** From now on senders see the members as they are now, whatever changes. */
  freeze(): void {
    this.#seen = this.audience();
  }

  post(from: string, id: string, sealed: { ct: string; rev: string; com: string }): SealedEntry {
    const known = this.entries.find((entry) => entry.id === id);
    if (known) return known;
    const { members, members_rev } = this.audience();
    const sum = members.reduce((all, member) => all + (member.devices_rev ?? 0), 0);
    if (sealed.rev !== `${members_rev}.${sum}`) {
      throw new Problem('stale-audience', 409, 'Stale.', { members_rev, members });
    }
    const entry = {
      conv: this.id,
      seq: this.entries.length + 1,
      id,
      from,
      ts: Date.now() + this.world.server.skewMs,
      ct: sealed.ct,
      com: sealed.com,
    };
    this.entries.push(entry);
    return entry;
  }

  change(members: string[]): void {
    this.members = members;
    this.membersRev += 1;
  }
}

export class World {
  readonly server = new KeyServer();
  readonly phones: Phone[] = [];

  async close(): Promise<void> {
    for (const phone of [...this.phones]) await phone.leave();
  }

  /** A person with a first, confirmed device. */
  async person(): Promise<Phone> {
    const phone = await Phone.open(this, uuid7());
    await phone.machine.begin();
    return phone;
  }

  another(phone: Phone): Promise<Phone> {
    return Phone.open(this, phone.user);
  }

  /** Everybody hears what waits and which devices changed, until it is quiet. */
  async settle(): Promise<void> {
    let quiet = 0;
    for (let round = 0; quiet < 3 && round < 60; round++) {
      let hasHeard = false;
      for (const phone of [...this.phones]) {
        const { items } = this.server.waiting(phone.user, phone.device);
        const users = [...new Set(this.phones.map(({ user }) => user))];
        const changed = users.map((user) => ({ user, rev: this.server.revOf(user) }));
        await phone.machine.take({ changed });
        if (items.length > 0) {
          hasHeard = true;
          await phone.machine.pull();
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
      quiet = hasHeard ? 0 : quiet + 1;
    }
  }

  direct(one: Phone, other: Phone): Talk {
    return new Talk(this, 'direct', [one.user, other.user]);
  }

  group(...members: Phone[]): Talk {
    return new Talk(this, 'group', [...new Set(members.map(({ user }) => user))]);
  }
}
