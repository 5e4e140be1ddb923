/** Whom we know: their devices, whether they may be sent to, and whether they are who they were. */

import type {
  Device as LibraryDevice,
  OlmMachine,
  OtherUserIdentity,
  OwnUserIdentity,
} from '@matrix-org/matrix-sdk-crypto-wasm';
import { DeviceLists } from '@matrix-org/matrix-sdk-crypto-wasm';
import { utf8 } from './bytes.ts';
import { Lock } from './locks.ts';
import type { Audience, Device, Heard, Person } from './model.ts';
import { idOf, libraryUser, libraryUsers, userName } from './names.ts';
import type { Outgoing } from './outgoing.ts';
import { isPassing } from './problems.ts';
import type { Vault } from './vault.ts';

/** What is known of a person for sending. */
interface Standing {
  readonly hasDevice: boolean;
  readonly isBroken: boolean;
}

interface Means {
  readonly user: string;
  readonly device: string;
  readonly machine: OlmMachine;
  readonly vault: Vault;
  readonly outgoing: Outgoing;
}

export class People {
  readonly #means: Means;
  readonly #claiming = new Lock();
  readonly #standings = new Map<string, Standing>();

  constructor(means: Means) {
    this.#means = means;
  }

  /** Something about them changed. */
  forget(user: string): void {
    this.#standings.delete(user);
  }

  async isKnown(user: string): Promise<boolean> {
    return (await this.#means.vault.revs([user])).has(user);
  }

  /** Asks for their keys, if that was never done. */
  async meet(user: string): Promise<void> {
    await this.#means.outgoing.flush();
    if (!(await this.isKnown(user))) await this.query([user]);
  }

  /** Follows their devices from now on. */
  async track(users: readonly string[]): Promise<void> {
    await this.#means.machine.updateTrackedUsers(libraryUsers(users));
    await this.#means.outgoing.flush();
  }

  /** Asks for their keys now. */
  async query(users: readonly string[]): Promise<void> {
    const { machine, outgoing } = this.#means;
    await this.track(users);
    await outgoing.send(machine.queryKeysForUsers(libraryUsers(users)));
    for (const user of users) this.forget(user);
  }

  /** The same; without a connection, what was known has to do. */
  async refresh(user: string): Promise<void> {
    await this.query([user]).catch((error: unknown) => {
      if (!isPassing(error)) throw error;
    });
  }

  async resync(): Promise<void> {
    await this.#means.machine.markAllTrackedUsersAsDirty(); // Rule 14.
    this.#standings.clear();
    await this.#means.outgoing.flush();
  }

  /**
   * Before device messages are read: whoever sent them, and whoever has changed. When it cannot be asked now, they are
   * read all the same: the library looks again when it learns more, and nobody is sent to before.
   */
  async hear(heard: Heard, items: readonly { readonly sender: string }[]): Promise<void> {
    const { machine, vault, outgoing } = this.#means;
    const senders = new Set(items.map(({ sender }) => idOf(sender)).filter((id) => id !== null));
    if (senders.size > 0) await machine.updateTrackedUsers(libraryUsers(senders));
    const told = heard.changed ?? [];
    const known = await vault.revs(told.map(({ user }) => user));
    const stale = told.filter(({ user, rev }) => (known.get(user) ?? -1) < rev);
    if (stale.length > 0) {
      const changed = libraryUsers(stale.map(({ user }) => user));
      await machine.receiveSyncChangesMsc4186('[]', new DeviceLists(changed), new Map());
      for (const { user } of stale) this.forget(user);
    }
    if (senders.size === 0 && stale.length === 0) return;
    await outgoing.flush().catch((error: unknown) => {
      if (!isPassing(error)) throw error;
    });
  }

  /** Makes sure that the devices of all of them are known as the server knows them, and says by which `rev`. */
  async know(to: Audience, users: readonly string[]): Promise<string> {
    await this.track(users);
    const { vault } = this.#means;
    const told = new Map(to.members.map((member) => [member.user_id, member.devices_rev ?? 0]));
    let known = await vault.revs(users);
    const sum = (): number => users.reduce((all, user) => all + (known.get(user) ?? 0), 0);
    const stale = users.filter((user) => (known.get(user) ?? -1) < (told.get(user) ?? 0));
    const [members, devices] = (to.rev ?? '').split('.').map(Number);
    // The conversation says only that somebody's have changed.
    const isBehind = members === to.members_rev && devices !== undefined && sum() < devices;
    if (stale.length > 0 || isBehind) {
      await this.query(stale.length > 0 ? stale : users);
      known = await vault.revs(users);
    }
    return `${to.members_rev}.${sum()}`;
  }

  async standings(users: readonly string[]): Promise<ReadonlyMap<string, Standing>> {
    const { machine } = this.#means;
    for (const user of users) {
      if (this.#standings.has(user)) continue;
      const devices = (await machine.getUserDevices(libraryUser(user))).devices();
      const identity = await machine.getIdentity(libraryUser(user));
      this.#standings.set(user, {
        hasDevice: devices.some((one) => one.isCrossSignedByOwner() && !one.isDeleted()),
        isBroken: identity?.hasVerificationViolation() ?? false,
      });
    }
    return this.#standings;
  }

  /** A session with each of their devices. */
  claim(users: readonly string[]): Promise<void> {
    const { machine, outgoing } = this.#means;
    return this.#claiming.run(async () => {
      const request = await machine.getMissingSessions(libraryUsers(users));
      if (request) await outgoing.send(request);
    });
  }

  async devices(user: string): Promise<Device[]> {
    const found = await this.#means.machine.getUserDevices(libraryUser(user));
    return found
      .devices()
      .filter((device) => !device.isDeleted())
      .map((device) => this.#describe(user, device));
  }

  async person(user: string): Promise<Person> {
    const { machine, user: me } = this.#means;
    const identity = await machine.getIdentity(libraryUser(user));
    const own = await machine.getIdentity(libraryUser(me));
    return {
      user,
      hasIdentity: identity !== undefined,
      isVerified: identity?.isVerified() ?? false,
      isBroken: identity?.hasVerificationViolation() ?? false,
      isChanged: isOther(identity) ? identity.identityNeedsUserApproval() : false,
      safetyNumber:
        identity && own
          ? await safetyNumber([me, masterOf(own)], [user, masterOf(identity)])
          : null,
    };
  }

  async changed(users: readonly string[]): Promise<Person[]> {
    const found: Person[] = [];
    for (const user of users) {
      const identity = await this.#means.machine.getIdentity(libraryUser(user));
      if (!isOther(identity)) continue;
      if (identity.identityNeedsUserApproval() || identity.hasVerificationViolation()) {
        found.push(await this.person(user));
      }
    }
    return found;
  }

  async accept(user: string): Promise<void> {
    const identity = await this.#means.machine.getIdentity(libraryUser(user));
    if (isOther(identity)) await identity.pinCurrentMasterKey();
  }

  async withdraw(user: string): Promise<void> {
    const identity = await this.#means.machine.getIdentity(libraryUser(user));
    await identity?.withdrawVerification();
    await this.#means.vault.setVerified(user, null);
    await this.accept(user);
    this.forget(user);
  }

  /** Keeps whom we verified: see `release`. */
  async remember({ user, isVerified }: Person): Promise<void> {
    const identity = await this.#means.machine.getIdentity(libraryUser(user));
    if (isVerified && identity) await this.#means.vault.setVerified(user, masterOf(identity));
  }

  /**
   * When our own identity was reset, nobody is verified any more. That must not look as if *they* had changed: who
   * still has the identity that we verified is merely unverified again.
   */
  async release(): Promise<void> {
    const { machine, vault } = this.#means;
    for (const [user, master] of await vault.verified()) {
      const identity = await machine.getIdentity(libraryUser(user));
      if (!identity?.hasVerificationViolation() || masterOf(identity) !== master) continue;
      await identity.withdrawVerification();
      await vault.setVerified(user, null);
      this.forget(user);
    }
  }

  #describe(user: string, device: LibraryDevice): Device {
    const id = device.deviceId.toString();
    return {
      user,
      id,
      name: device.displayName ?? null,
      isConfirmed: device.isCrossSignedByOwner(),
      isVerified: device.isVerified(),
      isThis: user === this.#means.user && id === this.#means.device,
      isDehydrated: device.isDehydrated,
      fingerprint: device.ed25519Key?.toBase64() ?? '',
    };
  }
}

type Identity = OwnUserIdentity | OtherUserIdentity | undefined;

const isOther = (identity: Identity): identity is OtherUserIdentity =>
  identity !== undefined && 'pinCurrentMasterKey' in identity;

/** The library gives the whole signed object; its signatures are not the same for everybody. */
function masterOf({ masterKey }: { readonly masterKey: string }): string {
  const { keys } = JSON.parse(masterKey) as { keys: Record<string, string> };
  return Object.values(keys).join();
}

type Named = readonly [user: string, key: string];

/** 30 digits for each of the two identities, in an order that both sides agree on. */
async function safetyNumber(one: Named, other: Named): Promise<string> {
  const halves = await Promise.all(
    [one, other].map(async ([user, key]) => {
      const text = utf8(`kirana safety number 1\n${userName(user)}\n${key}`);
      const view = new DataView(await crypto.subtle.digest('SHA-256', text));
      const groups = [0, 5, 10, 15, 20, 25].map(
        (at) => (view.getUint8(at) * 2 ** 32 + view.getUint32(at + 1)) % 100_000,
      );
      return groups.map((group) => String(group).padStart(5, '0')).join(' ');
    }),
  );
  return halves.sort().join(' ');
}
