/**
 * The crypto itself: the library's machine, the rules around it, and the flows of a person's devices. It runs in the
 * worker and knows neither pages nor the socket.
 *
 * The rules are those of the design, section 7; where one is kept, its number stands beside it.
 */

import type {
  DecryptedRoomEvent,
  Device as LibraryDevice,
  OwnUserIdentity,
  ProcessedToDeviceEvent,
} from '@matrix-org/matrix-sdk-crypto-wasm';
import {
  CollectStrategy,
  DecryptionErrorCode,
  DecryptionSettings,
  DehydratedDeviceKey,
  DeviceLists,
  EncryptionSettings,
  MegolmDecryptionError,
  OlmMachine,
  ProcessedToDeviceEventType,
  SecretsBundle,
  ShieldColor,
  ShieldStateCode,
  StoreHandle,
  TrustRequirement,
} from '@matrix-org/matrix-sdk-crypto-wasm';
import { Problem } from '#lib/api/problem.ts';
import { Backup } from './backup.ts';
import { fromBase64, utf8 } from './bytes.ts';
import { ENVELOPE_TYPE, isCommitted, pack, unpack } from './envelope.ts';
import type { KnownLists, MemberList } from './lists.ts';
import { follow, hashList, makeList, readList } from './lists.ts';
import { Lock, Locks } from './locks.ts';
import type {
  Audience,
  Confirmed,
  Crypto,
  Device,
  Heard,
  News,
  Opened,
  Person,
  Refused,
  Restored,
  Roster,
  Sealed,
  SealedEntry,
  Shield,
  Status,
  Step,
  Verification,
} from './model.ts';
import {
  conversationName,
  eventName,
  idOf,
  libraryDevice,
  libraryRoom,
  libraryUser,
  libraryUsers,
  userName,
} from './names.ts';
import { Outgoing } from './outgoing.ts';
import { problems } from './problems.ts';
import { makeRecoveryKey, openBundle, recoveryCipher, sealBundle } from './recovery.ts';
import type { Fetch } from './server.ts';
import { Server } from './server.ts';
import { Vault, storeNameOf } from './vault.ts';
import { Verifications } from './verifications.ts';

const ROTATION_MESSAGES = 100n;
/** In microseconds, as the library wants it. */
const ROTATION_PERIOD = 7n * 24n * 3600n * 1_000_000n;
const BACKUP_SECRET = 'm.megolm_backup.v1';
const SIGNAL_TYPE = 'kirana.call';
const DEHYDRATED_NAME = 'Kirana keeps your keys';

export interface Options {
  readonly user: string;
  readonly device: string;
  readonly fetch: Fetch;
  readonly tell: <K extends keyof News>(what: K, news: News[K]) => void;
  /** How long after new keys the backup is written. */
  readonly backupDelayMs?: number;
  /** How long a key may be missing before own devices and the backup are asked. */
  readonly askLaterMs?: number;
}

/** What lies under the recovery key. */
interface Bundle {
  readonly v: 1;
  readonly secrets: unknown;
  /** The key of the dehydrated device, base64. */
  readonly dehydrated: string | null;
}

/** What is known of a person for sending. */
interface Standing {
  readonly hasDevice: boolean;
  readonly isBroken: boolean;
}

export class Machine implements Crypto {
  readonly #options: Options;
  readonly #machine: OlmMachine;
  readonly #server: Server;
  readonly #vault: Vault;
  readonly #outgoing: Outgoing;
  readonly #backup: Backup;
  readonly #verifications: Verifications;
  readonly #sending = new Locks();
  readonly #reading = new Locks();
  readonly #claiming = new Lock();
  readonly #taking = new Lock();
  readonly #changing = new Lock();
  readonly #standings = new Map<string, Standing>();
  readonly #missing = new Map<string, SealedEntry>();
  #askLater: ReturnType<typeof setTimeout> | undefined;
  #status: Status | null = null;
  #isClosed = false;

  private constructor(options: Options, machine: OlmMachine, server: Server, vault: Vault) {
    this.#options = options;
    this.#machine = machine;
    this.#server = server;
    this.#vault = vault;
    this.#outgoing = new Outgoing(machine, server, vault);
    this.#backup = new Backup({
      user: options.user,
      machine,
      server,
      vault,
      outgoing: this.#outgoing,
      delayMs: options.backupDelayMs ?? 5000,
      changed: () => this.#background(this.#look()),
    });
    this.#verifications = new Verifications({
      machine,
      send: (request) => this.#outgoing.send(request),
      sendToDevices: (type, user, devices, content) =>
        this.#sendToDevices(type, user, devices, content),
      tell: (verification) => options.tell('verification', verification),
      done: (verification) => this.#background(this.#verified(verification)),
    });
  }

  /** The wasm must be loaded, and nobody else may have this store open. */
  static async open(options: Options): Promise<Machine> {
    const { user, device, fetch } = options;
    const vault = await Vault.open(user, device);
    const store = await StoreHandle.openWithKey(storeNameOf(user, device), vault.storeKey); // Rule 6.
    const machine = await OlmMachine.initFromStore(libraryUser(user), libraryDevice(device), store);
    // A key that is late is not asked for at once: see `#askForMissing`.
    machine.roomKeyRequestsEnabled = false;
    machine.roomKeyForwardingEnabled = true;
    const self = new Machine(options, machine, new Server(fetch), vault);
    self.#listen();
    self.#background(self.#start());
    return self;
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#askLater);
    this.#outgoing.close();
    this.#backup.close();
    this.#machine.close();
    this.#vault.close();
  }

  async status(): Promise<Status> {
    await this.#knowOurselves();
    return this.#look();
  }

  take(heard: Heard): Promise<{ n: number }> {
    return this.#taking.run(async () => {
      const before = (await this.#vault.fact('n')) ?? 0;
      const items = (heard.items ?? [])
        .filter(({ n }) => n > before)
        .sort((one, other) => one.n - other.n);
      await this.#learnDevices(heard, items);
      const events = items.map(({ sender, type, content }) => ({ sender, type, content }));
      // Rule 4: the older call reads a missing count as zero.
      const processed = await this.#machine.receiveSyncChangesMsc4186(
        JSON.stringify(events),
        new DeviceLists(),
        new Map(Object.entries(heard.counts ?? {})),
        heard.unused && new Set(heard.unused),
      );
      const n = items.at(-1)?.n ?? before;
      if (n > before) await this.#vault.setFact('n', n);
      for (const event of processed) await this.#heardEvent(event);
      await this.#verifications.lookAtAll();
      this.#outgoing.hurry();
      return { n };
    });
  }

  async pull(): Promise<void> {
    interface Page extends Heard {
      readonly n: number;
      readonly has_more: boolean;
      readonly one_time_key_counts?: Record<string, number>;
      readonly unused_fallback_key_types?: readonly string[];
    }
    for (;;) {
      const after = (await this.#vault.fact('n')) ?? 0;
      const page = await this.#server.json<Page>('GET', `/v1/device-messages?after=${after}`);
      const { n } = await this.take({
        items: page.items,
        counts: page.one_time_key_counts,
        unused: page.unused_fallback_key_types,
      });
      if (n > after) await this.#server.json('POST', '/v1/device-messages/acknowledgement', { n });
      if (!page.has_more || n === after) return;
    }
  }

  async resync(): Promise<void> {
    await this.#machine.markAllTrackedUsersAsDirty(); // Rule 14.
    this.#standings.clear();
    await this.#outgoing.flush();
  }

  // ── The person's own devices ──────────────────────────────────────────────────────────────────────────────────

  begin({ confirmation }: Confirmed = {}): Promise<Status> {
    return this.#changing.run(async () => {
      const { device } = await this.status();
      if (device === 'confirmed') return this.#look();
      const has = await this.#machine.crossSigningStatus();
      // A beginning that was cut off goes on with the keys it made.
      if (device === 'unconfirmed' && !has.hasMaster) throw problems.identityExists();
      await this.#bootstrap(!has.hasMaster, confirmation);
      await this.#backUpAfresh();
      return this.#look();
    });
  }

  reset({ confirmation }: Confirmed = {}): Promise<Status> {
    return this.#changing.run(async () => {
      await this.#knowOurselves();
      const isAgain = (await this.#vault.secret('reset')) !== null;
      if (!isAgain) {
        const before = await this.#exportSecrets().catch(() => null);
        await this.#vault.setSecret('reset', JSON.stringify(before));
      }
      await this.#bootstrap(!isAgain, confirmation);
      await this.#vault.setSecret('reset', null);
      await this.#releaseFriends();
      await this.#backUpAfresh();
      return this.#look();
    });
  }

  cancelReset(): Promise<void> {
    return this.#changing.run(async () => {
      const before = JSON.parse((await this.#vault.secret('reset')) ?? 'null') as unknown;
      await this.#vault.setSecret('reset', null);
      if (before !== null) await this.#machine.importSecretsBundle(SecretsBundle.from_json(before));
      await this.#queryNow([this.#options.user]);
      await this.#look();
    });
  }

  recoveryKey(): Promise<string | null> {
    return this.#vault.secret('recoveryKey');
  }

  async recoveryKeySaved(): Promise<void> {
    await this.#vault.setSecret('recoveryKey', null);
    await this.#look();
  }

  newRecoveryKey(): Promise<string> {
    return this.#changing.run(async () => {
      await this.#requireConfirmed();
      return this.#makeRecovery();
    });
  }

  recover(key: string): Promise<Restored> {
    return this.#changing.run(async () => {
      const cipher = await recoveryCipher(key);
      const bundle = await this.#openRecovery(cipher);
      await this.#machine.importSecretsBundle(SecretsBundle.from_json(bundle.secrets));
      await this.#queryNow([this.#options.user]);
      if (!(await this.#machine.crossSigningStatus()).hasMaster) throw problems.recoveryOutdated();
      await this.#signThisDevice();
      await this.#vault.setRecoveryCipher(cipher);
      await this.#look();
      await this.#adoptBackup(bundle.secrets);
      const restored = await this.restore();
      await this.#rehydrate(bundle.dehydrated);
      await this.#sealRecovery();
      return restored;
    });
  }

  async restore(): Promise<Restored> {
    const restored = await this.#backup.restore();
    if (restored.imported > 0) this.#tellKeys(null);
    return restored;
  }

  // ── Messages ──────────────────────────────────────────────────────────────────────────────────────────────────

  encrypt(to: Audience, id: string, content: { readonly type: string }): Promise<Sealed> {
    // Rule 3: one lock, from asking who they are to the last byte.
    return this.#sending.run(to.conv, async () => {
      await this.#requireConfirmed();
      const { user: me } = this.#options;
      const everybody = to.members.filter(isReader).map((member) => member.user_id);
      const { recipients, list } = await this.#recipients(to, everybody, content);
      const rev = await this.#know(to, everybody);

      const standings = await this.#standingsOf(recipients);
      const broken = recipients.filter((user) => standings.get(user)?.isBroken);
      if (broken.length > 0) throw problems.identityChanged(broken); // Rule 12.
      const others = recipients.filter((user) => user !== me);
      const without = others.filter((user) => !standings.get(user)?.hasDevice);
      const isForNobody = others.length > 0 && without.length === others.length;
      if (isForNobody && content.type !== 'settings') throw problems.waiting(without); // Rule 13.

      await this.#claim(recipients);
      const room = libraryRoom(to.conv);
      const shares = await this.#machine.shareRoomKey(room, libraryUsers(recipients), settings());
      for (const share of shares) await this.#outgoing.send(share);
      const at = Date.now() + this.#server.skewMs;
      const envelope = { id, conv: to.conv, at, ...(list && { list }) };
      const { text, com } = await pack(envelope, content);
      const ct = await this.#machine.encryptRoomEvent(libraryRoom(to.conv), ENVELOPE_TYPE, text);
      const unlisted = everybody.filter((user) => !recipients.includes(user));
      return { ct, rev, com, without, unlisted };
    });
  }

  async decrypt(entries: readonly SealedEntry[]): Promise<Opened[]> {
    const opened: Opened[] = [];
    for (const entry of entries) {
      opened.push(await this.#reading.run(entry.conv, () => this.#open(entry)));
    }
    return opened;
  }

  async nextList(
    conv: string,
    members: readonly string[],
    admins: readonly string[],
  ): Promise<MemberList> {
    const { lists } = await this.#vault.conversation(conv);
    const last = lists?.byHash[lists.current];
    if (!lists || !last) return makeList(members, admins, null);
    if (!last.admins.includes(this.#options.user)) throw problems.notAdmin();
    return makeList(members, admins, { hash: lists.current, list: last });
  }

  async roster(to: Audience): Promise<Roster> {
    const { lists } = await this.#vault.conversation(to.conv);
    const list = lists?.byHash[lists.current] ?? null;
    const served = to.members.filter(isReader).map((member) => member.user_id);
    return {
      list,
      unlisted: list ? served.filter((user) => !list.members.includes(user)) : [],
      gone: list ? list.members.filter((user) => !served.includes(user)) : [],
    };
  }

  // ── Devices and people ────────────────────────────────────────────────────────────────────────────────────────

  async devices(user: string): Promise<Device[]> {
    await this.#track([user]);
    const found = await this.#machine.getUserDevices(libraryUser(user));
    return found
      .devices()
      .filter((device) => !device.isDeleted())
      .map((device) => this.#describe(user, device));
  }

  async person(user: string): Promise<Person> {
    await this.#track([user]);
    return this.#person(user);
  }

  async accept(user: string): Promise<void> {
    const identity = await this.#machine.getIdentity(libraryUser(user));
    if (identity && 'pinCurrentMasterKey' in identity) await identity.pinCurrentMasterKey();
  }

  async withdraw(user: string): Promise<void> {
    const identity = await this.#machine.getIdentity(libraryUser(user));
    await identity?.withdrawVerification();
    await this.#vault.setVerified(user, null);
    await this.accept(user);
    this.#standings.delete(user);
  }

  async verify({
    user,
    device,
  }: {
    readonly user: string;
    readonly device?: string;
  }): Promise<Verification> {
    await this.#queryNow([user]);
    if (user === this.#options.user && device === undefined) {
      return this.#verifications.askOwn(user);
    }
    if (device !== undefined) return this.#verifications.askDevices(user, [device]);
    const confirmed = (await this.devices(user)).filter(
      (one) => one.isConfirmed && !one.isDehydrated,
    );
    if (confirmed.length === 0) throw problems.waiting([user]);
    return this.#verifications.askDevices(
      user,
      confirmed.map(({ id }) => id),
    );
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async verifications(): Promise<Verification[]> {
    return this.#verifications.list();
  }

  async step(id: string, step: Step): Promise<Verification> {
    const now = await this.#verifications.step(id, step);
    this.#outgoing.hurry();
    return now;
  }

  async signal(
    { user, device }: { readonly user: string; readonly device: string },
    body: object,
  ): Promise<string> {
    await this.#requireConfirmed();
    await this.#track([user]);
    await this.#claim([user]);
    const to = await this.#machine.getDevice(libraryUser(user), libraryDevice(device));
    if (!to?.isCrossSignedByOwner()) throw problems.unknownDevice();
    return to.encryptToDeviceEvent(SIGNAL_TYPE, body, CollectStrategy.identityBasedStrategy());
  }

  async openSignal(
    from: string,
    sealed: string,
  ): Promise<{ device: string; body: unknown } | null> {
    await this.#track([from]);
    const content = JSON.parse(sealed) as unknown;
    const event = { sender: userName(from), type: 'm.room.encrypted', content };
    const [opened] = await this.#machine.receiveSyncChangesMsc4186(
      JSON.stringify([event]),
      new DeviceLists(),
      new Map(),
    );
    if (opened?.type !== ProcessedToDeviceEventType.Decrypted) return null;
    const { rawEvent, encryptionInfo } = opened as Extract<
      typeof opened,
      { encryptionInfo: unknown }
    >;
    const device = encryptionInfo.senderDevice?.toString();
    if (device === undefined) return null;
    const sender = await this.#machine.getDevice(libraryUser(from), libraryDevice(device));
    const { type, content: body } = JSON.parse(rawEvent) as { type: string; content: unknown };
    return sender?.isCrossSignedByOwner() && type === SIGNAL_TYPE ? { device, body } : null;
  }

  // ── Inside: starting and listening ────────────────────────────────────────────────────────────────────────────

  async #start(): Promise<void> {
    await this.#knowOurselves();
    await this.#look();
    await this.pull();
    for (const secret of await this.#machine.getSecretsFromInbox(BACKUP_SECRET)) {
      await this.#heardSecret(BACKUP_SECRET, secret);
    }
    if (this.#status?.device === 'confirmed') await this.#backup.check();
    this.#backup.soon();
  }

  #listen(): void {
    const { tell, user: me } = this.#options;
    this.#machine.registerRoomKeyUpdatedCallback((keys) => {
      this.#backup.soon();
      this.#tellKeys(keys.map((key) => key.roomId.toString()));
      return Promise.resolve();
    });
    this.#machine.registerDevicesUpdatedCallback(async (names) => {
      const users = names.map(idOf).filter((user) => user !== null);
      for (const user of users) this.#standings.delete(user);
      if (users.length > 0) tell('devices', { users });
      if (users.includes(me)) await this.#look();
    });
    this.#machine.registerUserIdentityUpdatedCallback(async (name) => {
      const user = idOf(name.toString());
      if (user === null) return;
      this.#standings.delete(user);
      if (user === me) {
        await this.#look();
        return;
      }
      const person = await this.#person(user);
      await this.#remember(person);
      if (person.isBroken || person.isChanged || person.isVerified) tell('person', person);
    });
    this.#machine.registerReceiveSecretCallback((name, value) => this.#heardSecret(name, value));
  }

  async #heardEvent(event: ProcessedToDeviceEvent): Promise<void> {
    if (event.type === ProcessedToDeviceEventType.Invalid) return;
    const { type, sender, content } = JSON.parse(event.rawEvent) as {
      type: string;
      sender: string;
      content?: { transaction_id?: unknown };
    };
    const flow = content?.transaction_id;
    if (type === 'm.key.verification.request' && typeof flow === 'string') {
      await this.#verifications.heard(sender, flow);
    }
  }

  async #heardSecret(name: string, value: string): Promise<void> {
    if (name !== BACKUP_SECRET) return;
    if (await this.#backup.adopt(value)) {
      await this.#machine.deleteSecretsFromInbox(BACKUP_SECRET);
      await this.restore();
    }
  }

  /** Keys arrived; null when that may be anywhere. */
  #tellKeys(rooms: readonly string[] | null): void {
    const convs = new Set<string>();
    for (const { conv } of this.#missing.values()) {
      if (rooms === null || rooms.includes(conversationName(conv))) convs.add(conv);
    }
    for (const room of rooms ?? []) convs.add(idOf(room) ?? '');
    convs.delete('');
    if (convs.size > 0 || rooms === null) this.#options.tell('keys', { convs: [...convs] });
  }

  async #look(): Promise<Status> {
    const { user, device } = this.#options;
    const identity = (await this.#machine.getIdentity(libraryUser(user))) as
      OwnUserIdentity | undefined;
    const own = await this.#machine.getDevice(libraryUser(user), libraryDevice(device));
    const isConfirmed = identity?.isVerified() === true && own?.isCrossSignedByOwner() === true;
    const next: Status = {
      device: isConfirmed ? 'confirmed' : identity ? 'unconfirmed' : 'new',
      backup: this.#backup.state,
      isRecoveryKeyUnsaved: (await this.#vault.secret('recoveryKey')) !== null,
    };
    const before = this.#status;
    this.#status = next;
    if (JSON.stringify(before) !== JSON.stringify(next)) this.#options.tell('status', next);
    if (isConfirmed && before?.device !== 'confirmed') await this.#becameConfirmed();
    return next;
  }

  async #becameConfirmed(): Promise<void> {
    if ((await this.#vault.fact('bornAt')) === undefined) {
      await this.#vault.setFact('bornAt', Date.now() + this.#server.skewMs);
    }
    await this.#releaseFriends();
    // Other devices of ours give what this one lacks.
    await this.#machine.requestMissingSecretsIfNeeded();
    this.#outgoing.hurry();
    if (!this.#isClosed) this.#background(this.#backup.check());
  }

  async #verified({ isOwn, user }: Verification): Promise<void> {
    this.#standings.delete(user);
    await this.#outgoing.flush();
    await this.#queryNow([user]);
    if (isOwn) {
      await this.#machine.requestMissingSecretsIfNeeded();
      await this.#outgoing.flush();
      await this.#look();
    } else {
      const person = await this.#person(user);
      await this.#remember(person);
      this.#options.tell('person', person);
    }
  }

  async #remember({ user, isVerified }: Person): Promise<void> {
    const identity = await this.#machine.getIdentity(libraryUser(user));
    if (isVerified && identity) await this.#vault.setVerified(user, masterOf(identity));
  }

  /**
   * When our own identity was reset, nobody is verified any more. That must not look as if *they* had changed: who
   * still has the identity that we verified is merely unverified again.
   */
  async #releaseFriends(): Promise<void> {
    for (const [user, master] of await this.#vault.verified()) {
      const identity = await this.#machine.getIdentity(libraryUser(user));
      if (!identity?.hasVerificationViolation() || masterOf(identity) !== master) continue;
      await identity.withdrawVerification();
      await this.#vault.setVerified(user, null);
      this.#standings.delete(user);
    }
  }

  // ── Inside: whom we know ──────────────────────────────────────────────────────────────────────────────────────

  async #knowOurselves(): Promise<void> {
    const { user } = this.#options;
    await this.#outgoing.flush();
    const known = await this.#vault.revs([user]);
    if (!known.has(user)) await this.#queryNow([user]);
  }

  async #track(users: readonly string[]): Promise<void> {
    await this.#machine.updateTrackedUsers(libraryUsers(users));
    await this.#outgoing.flush();
  }

  async #queryNow(users: readonly string[]): Promise<void> {
    await this.#track(users);
    await this.#outgoing.send(this.#machine.queryKeysForUsers(libraryUsers(users)));
    for (const user of users) this.#standings.delete(user);
  }

  /** Before device messages are read: whoever sent them, and whoever has changed. */
  async #learnDevices(heard: Heard, items: readonly { readonly sender: string }[]): Promise<void> {
    const senders = new Set(items.map(({ sender }) => idOf(sender)).filter((id) => id !== null));
    if (senders.size > 0) await this.#machine.updateTrackedUsers(libraryUsers(senders));
    const told = heard.changed ?? [];
    const known = await this.#vault.revs(told.map(({ user }) => user));
    const stale = told.filter(({ user, rev }) => (known.get(user) ?? -1) < rev);
    if (stale.length > 0) {
      const changed = libraryUsers(stale.map(({ user }) => user));
      await this.#machine.receiveSyncChangesMsc4186('[]', new DeviceLists(changed), new Map());
      for (const { user } of stale) this.#standings.delete(user);
    }
    if (senders.size > 0 || stale.length > 0) await this.#outgoing.flush();
  }

  /** Makes sure that the devices of all of them are known as the server knows them, and says by which `rev`. */
  async #know(to: Audience, users: readonly string[]): Promise<string> {
    await this.#track(users);
    const told = new Map(to.members.map((member) => [member.user_id, member.devices_rev ?? 0]));
    const known = await this.#vault.revs(users);
    const stale = users.filter((user) => (known.get(user) ?? -1) < (told.get(user) ?? 0));
    if (stale.length > 0) await this.#queryNow(stale);
    const now = stale.length > 0 ? await this.#vault.revs(users) : known;
    const sum = users.reduce((all, user) => all + (now.get(user) ?? 0), 0);
    return `${to.members_rev}.${sum}`;
  }

  async #standingsOf(users: readonly string[]): Promise<ReadonlyMap<string, Standing>> {
    for (const user of users) {
      if (this.#standings.has(user)) continue;
      const devices = (await this.#machine.getUserDevices(libraryUser(user))).devices();
      const identity = await this.#machine.getIdentity(libraryUser(user));
      this.#standings.set(user, {
        hasDevice: devices.some((one) => one.isCrossSignedByOwner() && !one.isDeleted()),
        isBroken: identity?.hasVerificationViolation() ?? false,
      });
    }
    return this.#standings;
  }

  async #person(user: string): Promise<Person> {
    const identity = await this.#machine.getIdentity(libraryUser(user));
    const own = await this.#machine.getIdentity(libraryUser(this.#options.user));
    const isOther = identity && 'identityNeedsUserApproval' in identity;
    return {
      user,
      hasIdentity: identity !== undefined,
      isVerified: identity?.isVerified() ?? false,
      isBroken: identity?.hasVerificationViolation() ?? false,
      isChanged: isOther ? identity.identityNeedsUserApproval() : false,
      safetyNumber:
        identity && own
          ? await safetyNumber([this.#options.user, masterOf(own)], [user, masterOf(identity)])
          : null,
    };
  }

  #describe(user: string, device: LibraryDevice): Device {
    const id = device.deviceId.toString();
    return {
      user,
      id,
      name: device.displayName ?? null,
      isConfirmed: device.isCrossSignedByOwner(),
      isVerified: device.isVerified(),
      isThis: user === this.#options.user && id === this.#options.device,
      isDehydrated: device.isDehydrated,
      fingerprint: device.ed25519Key?.toBase64() ?? '',
    };
  }

  async #requireConfirmed(): Promise<void> {
    if (this.#status?.device === 'confirmed') return;
    if ((await this.status()).device !== 'confirmed') throw problems.unconfirmed();
  }

  // ── Inside: sending and reading ───────────────────────────────────────────────────────────────────────────────

  /** Who gets the key: whom the server names *and* who belongs here by what cannot be forged (rule 10). */
  async #recipients(
    to: Audience,
    everybody: readonly string[],
    content: { readonly type: string; readonly list?: unknown },
  ): Promise<{ recipients: string[]; list: string | null }> {
    const known = await this.#vault.conversation(to.conv);
    const { user: me } = this.#options;
    if (to.form === 'direct') {
      const pair = [...new Set([...to.members.map((member) => member.user_id), me])].sort();
      if (known.lists || pair.length > 2) throw problems.membersChanged();
      if (!known.pair) await this.#vault.learn(to.conv, { pair });
      else if (known.pair.join() !== pair.join()) throw problems.membersChanged();
      return { recipients: [...everybody], list: null };
    }
    if (known.pair) throw problems.membersChanged();
    const proposed = content.type === 'settings' ? readList(content.list) : null;
    if (proposed && !mayPropose(known.lists ?? null, proposed, me)) throw problems.notAdmin();
    const list = proposed ?? known.lists?.byHash[known.lists.current];
    if (!list) throw problems.noMemberList();
    if (!proposed && !list.members.includes(me)) throw problems.notListed();
    return {
      recipients: everybody.filter((user) => list.members.includes(user)),
      list: await hashList(list),
    };
  }

  async #sendToDevices(
    type: string,
    user: string,
    devices: readonly string[],
    content: object,
  ): Promise<void> {
    if (devices.length === 0) return;
    const to = Object.fromEntries(devices.map((device) => [device, content]));
    const path = `/v1/device-messages/${crypto.randomUUID()}?${new URLSearchParams({ type })}`;
    await this.#server.json('PUT', path, { messages: { [userName(user)]: to } });
  }

  /** A session with each of their devices. */
  #claim(users: readonly string[]): Promise<void> {
    return this.#claiming.run(async () => {
      const request = await this.#machine.getMissingSessions(libraryUsers(users));
      if (request) await this.#outgoing.send(request);
    });
  }

  async #open(entry: SealedEntry): Promise<Opened> {
    const known = await this.#vault.conversation(entry.conv);
    const bornAt = await this.#vault.fact('bornAt');
    const isLater = known.provenFrom !== undefined && entry.seq > known.provenFrom;
    const isNew = isLater || (bornAt !== undefined && entry.ts >= bornAt);
    const found = await this.#decryptEvent(entry, isNew);
    if ('state' in found) return found;
    this.#missing.delete(entry.id);

    const { type, content } = JSON.parse(found.event) as { type: unknown; content: unknown };
    const envelope = type === ENVELOPE_TYPE ? unpack(content) : null;
    if (!envelope) return refused(entry, 'unreadable');
    // Rule 8: the library accepts the same ciphertext under another id.
    if (envelope.id !== entry.id || envelope.conv !== entry.conv) return refused(entry, 'moved');
    if (!(await isCommitted(envelope, entry.com))) return refused(entry, 'not-committed'); // Rule 9.
    const said = readContent(envelope.c);
    if (!said) return refused(entry, 'unreadable');
    const list = await this.#judgeList(entry, known.lists ?? null, envelope.list, said);
    if (list === 'not-a-member') return refused(entry, 'not-a-member');
    if (!(await this.#vault.place(entry.conv, entry.seq, entry.id))) {
      return refused(entry, 'replayed');
    }
    const isProven = bornAt !== undefined && entry.ts >= bornAt;
    if (isProven && !(known.provenFrom !== undefined && known.provenFrom <= entry.seq)) {
      await this.#vault.learn(entry.conv, { provenFrom: entry.seq });
    }
    return {
      state: 'open',
      id: entry.id,
      content: said,
      at: envelope.at,
      device: found.senderDevice?.toString() ?? null,
      shield: shieldOf(found),
      proof: { k: envelope.k, c: envelope.c },
      list,
    };
  }

  async #decryptEvent(entry: SealedEntry, isNew: boolean): Promise<DecryptedRoomEvent | Opened> {
    let event: string;
    try {
      event = JSON.stringify({
        event_id: eventName(entry.id),
        sender: userName(entry.from),
        origin_server_ts: entry.ts,
        type: 'm.room.encrypted',
        content: JSON.parse(entry.ct) as unknown,
      });
    } catch {
      return refused(entry, 'unreadable');
    }
    // Rule 2: restored keys are refused by the first, and that is right for what is newer than this device.
    const trust = isNew ? TrustRequirement.CrossSigned : TrustRequirement.CrossSignedOrLegacy;
    const attempt = (): Promise<DecryptedRoomEvent> =>
      this.#machine.decryptRoomEvent(event, libraryRoom(entry.conv), new DecryptionSettings(trust));
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof MegolmDecryptionError)) return refused(entry, 'unreadable');
      const isUnknown =
        error.code === DecryptionErrorCode.UnknownSenderDevice ||
        error.code === DecryptionErrorCode.UnsignedSenderDevice;
      if (!isUnknown) return this.#notOpened(entry, error);
    }
    // Perhaps we have not heard of that device yet.
    try {
      await this.#queryNow([entry.from]);
      return await attempt();
    } catch (error) {
      if (error instanceof MegolmDecryptionError) return this.#notOpened(entry, error);
      return { state: 'waiting', id: entry.id, withheld: null };
    }
  }

  #notOpened(entry: SealedEntry, error: MegolmDecryptionError): Opened {
    switch (error.code) {
      case DecryptionErrorCode.MissingRoomKey:
      case DecryptionErrorCode.UnknownMessageIndex:
        this.#waitFor(entry);
        return { state: 'waiting', id: entry.id, withheld: error.withheldCode ?? null };
      case DecryptionErrorCode.MismatchedIdentityKeys:
      case DecryptionErrorCode.UnknownSenderDevice:
        return refused(entry, 'unproven-sender');
      case DecryptionErrorCode.UnsignedSenderDevice:
        return refused(entry, 'unsigned-device');
      case DecryptionErrorCode.SenderIdentityVerificationViolation:
        return refused(entry, 'identity-changed');
      case DecryptionErrorCode.MismatchedSender:
        return refused(entry, 'other-sender');
      default:
        return refused(entry, 'unreadable');
    }
  }

  async #judgeList(
    entry: SealedEntry,
    lists: KnownLists | null,
    named: string | undefined,
    said: { readonly type: string; readonly [field: string]: unknown },
  ): Promise<'current' | 'older' | 'unknown' | 'not-a-member' | null> {
    const list = said.type === 'settings' ? readList(said.list) : null;
    if (list) {
      if (named !== (await hashList(list))) return 'not-a-member';
      const next = await follow(lists, list, entry.from, entry.seq);
      if (!next) return 'unknown';
      if (next !== lists) await this.#vault.learn(entry.conv, { lists: next });
      return next.current === named ? 'current' : 'older';
    }
    if (!lists) return named === undefined ? null : 'unknown';
    if (named === undefined) return 'not-a-member';
    const current = lists.byHash[lists.current];
    const isAfter = entry.seq > lists.seq;
    if (isAfter && !current?.members.includes(entry.from)) return 'not-a-member';
    const its = lists.byHash[named];
    if (!its) return 'unknown';
    if (!its.members.includes(entry.from)) return 'not-a-member';
    return named === lists.current ? 'current' : 'older';
  }

  /** A key that does not come by itself is asked for after a while: from our own devices, and from the backup. */
  #waitFor(entry: SealedEntry): void {
    this.#missing.set(entry.id, entry);
    this.#askLater ??= setTimeout(() => {
      this.#askLater = undefined;
      this.#background(this.#askForMissing());
    }, this.#options.askLaterMs ?? 30_000);
  }

  async #askForMissing(): Promise<void> {
    const entries = [...this.#missing.values()];
    this.#missing.clear();
    if (entries.length === 0 || this.#isClosed) return;
    const { imported } = await this.#backup
      .restore({ again: false })
      .catch(() => ({ imported: 0 }));
    // Each failure now makes a request to our own devices.
    this.#machine.roomKeyRequestsEnabled = true;
    for (const entry of entries) {
      const event = {
        event_id: eventName(entry.id),
        sender: userName(entry.from),
        origin_server_ts: entry.ts,
        type: 'm.room.encrypted',
        content: JSON.parse(entry.ct) as unknown,
      };
      const trust = new DecryptionSettings(TrustRequirement.Untrusted);
      await this.#machine
        .decryptRoomEvent(JSON.stringify(event), libraryRoom(entry.conv), trust)
        .catch(() => undefined);
    }
    this.#machine.roomKeyRequestsEnabled = false;
    this.#outgoing.hurry();
    if (imported > 0) {
      this.#options.tell('keys', { convs: [...new Set(entries.map(({ conv }) => conv))] });
    }
  }

  // ── Inside: identity, recovery ────────────────────────────────────────────────────────────────────────────────

  async #bootstrap(isNew: boolean, confirmation: string | undefined): Promise<void> {
    const made = await this.#machine.bootstrapCrossSigning(isNew);
    const first = made.uploadKeysRequest as Parameters<Outgoing['send']>[0] | undefined;
    if (first) await this.#outgoing.send(first);
    const keys = made.uploadSigningKeysRequest.body;
    await this.#server.text('PUT', '/v1/cross-signing-keys', keys, confirmation);
    await this.#outgoing.send(made.uploadSignaturesRequest);
    await this.#queryNow([this.#options.user]);
    await this.#look();
  }

  async #signThisDevice(): Promise<void> {
    const { user, device } = this.#options;
    const own = await this.#machine.getDevice(libraryUser(user), libraryDevice(device));
    if (!own) throw problems.unknownDevice();
    await this.#outgoing.send(await own.verify());
    await this.#queryNow([user]);
  }

  async #backUpAfresh(): Promise<void> {
    await this.#backup.create();
    await this.#makeRecovery();
  }

  async #makeRecovery(): Promise<string> {
    const key = makeRecoveryKey();
    const cipher = await recoveryCipher(key);
    // Kept before it is used: a key that nobody can show is worth nothing.
    await this.#vault.setSecret('recoveryKey', key);
    await this.#vault.setRecoveryCipher(cipher);
    await this.#dehydrate();
    await this.#sealRecovery();
    // The server keeps the value before as well. Once the new one is known to open, that is replaced too, and the old
    // recovery key opens nothing any more.
    await this.#openRecovery(cipher);
    await this.#sealRecovery();
    await this.#look();
    return key;
  }

  /** Writes the bundle under the recovery key that this device knows of, if it does. */
  async #sealRecovery(): Promise<void> {
    const cipher = await this.#vault.recoveryCipher();
    if (!cipher) return;
    const dehydrated = await this.#machine.dehydratedDevices().getDehydratedDeviceKey();
    const bundle: Bundle = {
      v: 1,
      secrets: await this.#exportSecrets(),
      dehydrated: dehydrated?.toBase64() ?? null,
    };
    const ciphertext = await sealBundle(cipher, userName(this.#options.user), bundle);
    await this.#server.json('PUT', '/v1/secrets/recovery', { ciphertext });
  }

  /** The value before is kept by the server, in case the last write was a broken one. */
  async #openRecovery(cipher: CryptoKey): Promise<Bundle> {
    let problem: Problem | null = null;
    for (const path of ['/v1/secrets/recovery', '/v1/secrets/recovery?previous=true']) {
      const kept = await this.#server.find<{ ciphertext: string }>(path);
      if (!kept) continue;
      try {
        const bundle = await openBundle(cipher, userName(this.#options.user), kept.ciphertext);
        return bundle as Bundle;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        problem ??= error;
      }
    }
    throw problem ?? problems.noRecovery();
  }

  async #exportSecrets(): Promise<unknown> {
    return (await this.#machine.exportSecretsBundle()).to_json();
  }

  async #adoptBackup(secrets: unknown): Promise<void> {
    const { backup } = secrets as { backup?: { key: string } };
    if (backup && (await this.#backup.adopt(backup.key))) return;
    // There is none, or it is a newer one whose key another device of ours has.
    if (this.#backup.state === 'none') await this.#backup.create();
    else await this.#machine.requestMissingSecretsIfNeeded();
  }

  /** A device that exists only on the server receives keys while the person has none. */
  async #dehydrate(): Promise<void> {
    const devices = this.#machine.dehydratedDevices();
    let key = await devices.getDehydratedDeviceKey();
    if (!key) {
      key = DehydratedDeviceKey.createRandomKey();
      await devices.saveDehydratedDeviceKey(key);
    }
    const device = await devices.create();
    const { body } = await device.keysForUpload(DEHYDRATED_NAME, key);
    const { device_id: id } = JSON.parse(body) as { device_id: string };
    await this.#server.text('PUT', dehydratedPath(id), body);
  }

  async #rehydrate(keyText: string | null): Promise<void> {
    interface Kept {
      readonly device_id: string;
      readonly device_data: unknown;
    }
    interface Page {
      readonly items: readonly { readonly n: number; readonly [field: string]: unknown }[];
      readonly has_more?: boolean;
    }
    const devices = this.#machine.dehydratedDevices();
    if (keyText !== null) {
      const key = DehydratedDeviceKey.createKeyFromArray(fromBase64(keyText));
      await devices.saveDehydratedDeviceKey(key);
      const kept = await this.#server.find<Kept>('/v1/dehydrated-devices');
      if (kept) {
        const again = DehydratedDeviceKey.createKeyFromArray(fromBase64(keyText));
        const data = JSON.stringify(kept.device_data);
        const device = await devices.rehydrate(again, libraryDevice(kept.device_id), data);
        const path = `${dehydratedPath(kept.device_id)}/device-messages`;
        for (let after = 0, hasMore = true; hasMore;) {
          const page = await this.#server.json<Page>('GET', `${path}?after=${after}`);
          const events = page.items.map(({ sender, type, content }) => ({ sender, type, content }));
          if (events.length > 0) await device.receiveEvents(JSON.stringify(events));
          after = page.items.at(-1)?.n ?? after;
          hasMore = page.has_more === true && page.items.length > 0;
        }
        this.#tellKeys(null);
      }
    }
    await this.#dehydrate();
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (this.#isClosed) return;
      if (!(error instanceof Problem)) console.error(error);
    });
  }
}

/** Its id is base64, and a path has `-` and `_` for `+` and `/`. */
const dehydratedPath = (id: string): string =>
  `/v1/dehydrated-devices/${id.replaceAll('+', '-').replaceAll('/', '_')}`;

const isReader = ({ state }: { readonly state: string }): boolean =>
  state === 'joined' || state === 'requested';

function settings(): EncryptionSettings {
  const all = new EncryptionSettings();
  all.sharingStrategy = CollectStrategy.identityBasedStrategy(); // Rule 1.
  all.rotationPeriodMessages = ROTATION_MESSAGES; // Rule 21.
  all.rotationPeriod = ROTATION_PERIOD;
  return all;
}

function mayPropose(known: KnownLists | null, list: MemberList, me: string): boolean {
  if (!known) return list.n === 1 && list.prev === '' && list.admins.includes(me);
  const last = known.byHash[known.current];
  const isNext = last && list.n === last.n + 1 && list.prev === known.current;
  return isNext === true && last.admins.includes(me);
}

function readContent(text: string): { type: string; [field: string]: unknown } | null {
  try {
    const content = JSON.parse(text) as unknown;
    const hasType = typeof content === 'object' && content !== null && 'type' in content;
    return hasType && typeof content.type === 'string'
      ? (content as { type: string; [field: string]: unknown })
      : null;
  } catch {
    return null;
  }
}

const refused = ({ id }: SealedEntry, why: Refused['why']): Refused => ({
  state: 'refused',
  id,
  why,
});

function shieldOf(event: DecryptedRoomEvent): Shield {
  const { color, code } = event.shieldState(false);
  const colors: Record<ShieldColor, Shield['color']> = {
    [ShieldColor.None]: 'none',
    [ShieldColor.Grey]: 'grey',
    [ShieldColor.Red]: 'red',
  };
  const reasons: Record<ShieldStateCode, Shield['why']> = {
    [ShieldStateCode.AuthenticityNotGuaranteed]: 'not-provable',
    [ShieldStateCode.UnknownDevice]: 'unknown-device',
    [ShieldStateCode.UnsignedDevice]: 'unsigned-device',
    [ShieldStateCode.UnverifiedIdentity]: 'unverified-person',
    [ShieldStateCode.VerificationViolation]: 'identity-changed',
    [ShieldStateCode.MismatchedSender]: 'other-sender',
  };
  return { color: colors[color], why: code === undefined ? null : reasons[code] };
}

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
