/**
 * The crypto itself: the library's machine, the rules around it, and the flows of a person's devices. It runs in the
 * worker and knows neither pages nor the socket.
 *
 * The rules are those of the design, section 7; where one is kept, its number stands beside it.
 */

import type { OwnUserIdentity, ProcessedToDeviceEvent } from '@matrix-org/matrix-sdk-crypto-wasm';
import {
  CollectStrategy,
  DeviceLists,
  EncryptionSettings,
  OlmMachine,
  ProcessedToDeviceEventType,
  SecretsBundle,
  StoreHandle,
} from '@matrix-org/matrix-sdk-crypto-wasm';
import { Problem } from '#lib/api/problem.ts';
import { Backup } from './backup.ts';
import { fromBase64 } from './bytes.ts';
import { ENVELOPE_TYPE, pack } from './envelope.ts';
import type { KnownLists, MemberList } from './lists.ts';
import { hashList, makeList, readList } from './lists.ts';
import { Lock, Locks } from './locks.ts';
import type {
  Audience,
  Confirmed,
  Crypto,
  Device,
  DeviceMessage,
  Heard,
  News,
  Opened,
  Person,
  Restored,
  Roster,
  Sealed,
  SealedEntry,
  Status,
  Step,
  Verification,
} from './model.ts';
import { idOf, libraryDevice, libraryRoom, libraryUser, libraryUsers, userName } from './names.ts';
import { notebookCipher, openNotebook, sealNotebook } from './notebook.ts';
import { Outgoing } from './outgoing.ts';
import { People } from './people.ts';
import { isPassing, problems } from './problems.ts';
import { Reading } from './reading.ts';
import { recoveryCipher } from './recovery.ts';
import { Safekeeping } from './safekeeping.ts';
import type { Fetch } from './key-server.ts';
import { Server } from './key-server.ts';
import { Vault, storeNameOf } from './vault.ts';
import { Verifications } from './verifications.ts';

const ROTATION_MESSAGES = 100n;
/** In microseconds, as the library wants it. */
const ROTATION_PERIOD = 7n * 24n * 3600n * 1_000_000n;
const BACKUP_SECRET = 'm.megolm_backup.v1';
const SIGNAL_TYPE = 'kirana.call';

export interface Options {
  readonly user: string;
  readonly device: string;
  readonly fetch: Fetch;
  readonly tell: <K extends keyof News>(what: K, news: News[K]) => void;
  /** How long after new keys the backup is written. */
  readonly backupDelayMs?: number;
  /** How long a key may be missing before own devices and the backup are asked. */
  readonly askLaterMs?: number;
  /** It is closed again soon: what is not needed for the next message is left to the one that stays. */
  readonly isBrief?: boolean;
}

export class Machine implements Crypto {
  readonly #options: Options;
  readonly #machine: OlmMachine;
  readonly #server: Server;
  readonly #vault: Vault;
  readonly #outgoing: Outgoing;
  readonly #backup: Backup;
  readonly #verifications: Verifications;
  readonly #people: People;
  readonly #reader: Reading;
  readonly #safekeeping: Safekeeping;
  readonly #sending = new Locks();
  readonly #reading = new Locks();
  readonly #taking = new Lock();
  readonly #changing = new Lock();
  readonly #working = new Set<Promise<unknown>>();
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
    const means = { user: options.user, device: options.device, machine, server, vault };
    const { outgoing, backup } = { outgoing: this.#outgoing, backup: this.#backup };
    this.#people = new People({ ...means, outgoing });
    this.#safekeeping = new Safekeeping(means);
    this.#reader = new Reading({
      ...means,
      outgoing,
      backup,
      people: this.#people,
      askLaterMs: options.askLaterMs ?? 30_000,
      tellKeys: (convs) => options.tell('keys', { convs }),
      failed: (error) => this.#failed(error),
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
    await self.#backup.resume();
    self.#listen();
    if (!options.isBrief) self.#background(self.#start());
    return self;
  }

  /** After it, nothing here touches the store any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#reader.close();
    while (this.#working.size > 0) await Promise.all(this.#working);
    await Promise.all([this.#outgoing.close(), this.#backup.close()]);
    this.#machine.close();
    this.#vault.close();
  }

  async status(): Promise<Status> {
    const { user } = this.#options;
    try {
      await this.#people.meet(user);
    } catch (error) {
      // Without a connection, what was known holds.
      if (!isPassing(error) || !(await this.#people.isKnown(user))) throw error;
    }
    return this.#look();
  }

  take(heard: Heard): Promise<{ n: number }> {
    return this.#taking.run(async () => {
      const before = (await this.#vault.fact('n')) ?? 0;
      const items = (heard.items ?? [])
        .filter(({ n }) => n > before)
        .sort((one, other) => one.n - other.n);
      await this.#people.hear(heard, items);
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

  /** With `upTo`, nothing from the first one on that is not meant. */
  async pull(upTo: (message: DeviceMessage) => boolean = () => true): Promise<void> {
    interface Page extends Heard {
      readonly n: number;
      readonly has_more: boolean;
      readonly one_time_key_counts?: Record<string, number>;
      readonly unused_fallback_key_types?: readonly string[];
    }
    for (;;) {
      const after = (await this.#vault.fact('n')) ?? 0;
      const page = await this.#server.json<Page>('GET', `/v1/device-messages?after=${after}`);
      const items = page.items ?? [];
      const end = items.findIndex((item) => !upTo(item));
      const { n } = await this.take({
        items: end === -1 ? items : items.slice(0, end),
        counts: page.one_time_key_counts,
        unused: page.unused_fallback_key_types,
      });
      if (n > after) await this.#server.json('POST', '/v1/device-messages/acknowledgement', { n });
      if (!page.has_more || end !== -1 || n === after) return;
    }
  }

  resync(): Promise<void> {
    return this.#people.resync();
  }

  // ── The person's own devices ──────────────────────────────────────────────────────────────────────────────────

  begin({ confirmation }: Confirmed = {}): Promise<Status> {
    return this.#changing.run(async () => {
      const { device } = await this.status();
      const isAgain = (await this.#vault.secret('begun')) !== null;
      if (device === 'confirmed' && !isAgain) return this.#look();
      const { hasMaster } = await this.#machine.crossSigningStatus();
      // A beginning that was cut off goes on with the keys it made, unless another device was faster.
      if (device === 'unconfirmed' && !(isAgain && hasMaster)) throw problems.identityExists();
      await this.#vault.setSecret('begun', 'yes');
      if (device !== 'confirmed') await this.#bootstrap(!hasMaster, confirmation);
      await this.#backUpAfresh();
      await this.#vault.setSecret('begun', null);
      return this.#look();
    });
  }

  reset({ confirmation }: Confirmed = {}): Promise<Status> {
    return this.#changing.run(async () => {
      await this.#people.meet(this.#options.user);
      const isAgain = (await this.#vault.secret('reset')) !== null;
      if (!isAgain) {
        const before = await this.#safekeeping.exportSecrets().catch(() => null);
        await this.#vault.setSecret('reset', JSON.stringify(before));
      }
      await this.#bootstrap(!isAgain, confirmation);
      await this.#vault.setSecret('reset', null);
      await this.#people.release();
      await this.#backUpAfresh();
      return this.#look();
    });
  }

  cancelReset(): Promise<void> {
    return this.#changing.run(async () => {
      const before = JSON.parse((await this.#vault.secret('reset')) ?? 'null') as unknown;
      await this.#vault.setSecret('reset', null);
      if (before !== null) await this.#machine.importSecretsBundle(SecretsBundle.from_json(before));
      await this.#people.query([this.#options.user]);
      await this.#look();
    });
  }

  async recoveryKey(): Promise<string | null> {
    // A beginning that was cut off makes another: one that was shown meanwhile would open nothing.
    const isBeginning = (await this.#vault.secret('begun')) !== null;
    return isBeginning ? null : this.#vault.secret('recoveryKey');
  }

  async recoveryKeySaved(): Promise<void> {
    await this.#vault.setSecret('recoveryKey', null);
    await this.#look();
  }

  newRecoveryKey(): Promise<string> {
    return this.#changing.run(async () => {
      await this.#requireConfirmed();
      const key = await this.#safekeeping.make();
      await this.#look();
      return key;
    });
  }

  recover(key: string): Promise<Restored> {
    return this.#changing.run(async () => {
      const cipher = await recoveryCipher(key);
      const bundle = await this.#safekeeping.open(cipher);
      await this.#machine.importSecretsBundle(SecretsBundle.from_json(bundle.secrets));
      await this.#people.query([this.#options.user]);
      if (!(await this.#machine.crossSigningStatus()).hasMaster) throw problems.recoveryOutdated();
      await this.#signThisDevice();
      await this.#vault.setRecoveryCipher(cipher);
      await this.#look();
      await this.#adoptBackup(bundle.secrets);
      const restored = await this.restore();
      await this.#safekeeping.rehydrate(bundle.dehydrated);
      await this.#safekeeping.seal();
      this.#tellKeys(null);
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
      const rev = await this.#people.know(to, everybody);

      const standings = await this.#people.standings(recipients);
      const broken = recipients.filter((user) => standings.get(user)?.isBroken);
      if (broken.length > 0) throw problems.identityChanged(broken); // Rule 12.
      const others = recipients.filter((user) => user !== me);
      const without = others.filter((user) => !standings.get(user)?.hasDevice);
      const isForNobody = others.length > 0 && without.length === others.length;
      if (isForNobody && content.type !== 'settings') throw problems.waiting(without); // Rule 13.

      await this.#people.claim(recipients);
      await this.#renewKey(to.conv, everybody);
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
      const reading = this.#reading.run(entry.conv, () => this.#reader.open(entry));
      opened.push(
        await reading.catch((error: unknown) => {
          console.warn('A message could not be opened just now:', error);
          return this.#reader.later(entry);
        }),
      );
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

  async sealNotebook(text: string): Promise<string> {
    return sealNotebook(await this.#notebookCipher(), userName(this.#options.user), text);
  }

  async openNotebook(ciphertext: string): Promise<string | null> {
    return openNotebook(await this.#notebookCipher(), userName(this.#options.user), ciphertext);
  }

  // ── Devices and people ────────────────────────────────────────────────────────────────────────────────────────

  async devices(user: string): Promise<Device[]> {
    await this.#people.refresh(user);
    return this.#people.devices(user);
  }

  async person(user: string): Promise<Person> {
    await this.#people.refresh(user);
    return this.#people.person(user);
  }

  changed(users: readonly string[]): Promise<Person[]> {
    return this.#people.changed(users);
  }

  accept(user: string): Promise<void> {
    return this.#people.accept(user);
  }

  withdraw(user: string): Promise<void> {
    return this.#people.withdraw(user);
  }

  async verify({
    user,
    device,
  }: {
    readonly user: string;
    readonly device?: string;
  }): Promise<Verification> {
    await this.#people.query([user]);
    if (user === this.#options.user && device === undefined) {
      return this.#verifications.askOwn(user);
    }
    if (device !== undefined) return this.#verifications.askDevices(user, [device]);
    const confirmed = (await this.#people.devices(user)).filter(
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
    await this.#people.track([user]);
    await this.#people.claim([user]);
    const to = await this.#machine.getDevice(libraryUser(user), libraryDevice(device));
    if (!to?.isCrossSignedByOwner()) throw problems.unknownDevice();
    return to.encryptToDeviceEvent(SIGNAL_TYPE, body, CollectStrategy.identityBasedStrategy());
  }

  async openSignal(
    from: string,
    sealed: string,
  ): Promise<{ device: string; body: unknown } | null> {
    await this.#people.track([from]);
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
    await this.#people.meet(this.#options.user);
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
      for (const user of users) this.#people.forget(user);
      if (users.length > 0) tell('devices', { users });
      if (users.includes(me)) await this.#track(this.#look());
    });
    this.#machine.registerUserIdentityUpdatedCallback((name) => {
      const user = idOf(name.toString());
      return user === null ? Promise.resolve() : this.#track(this.#heardIdentity(user));
    });
    // It waits in the library's inbox for the next start.
    if (this.#options.isBrief) return;
    this.#machine.registerReceiveSecretCallback((name, value) =>
      this.#track(this.#heardSecret(name, value)),
    );
  }

  async #heardIdentity(user: string): Promise<void> {
    this.#people.forget(user);
    if (user === this.#options.user) {
      await this.#look();
      return;
    }
    const person = await this.#people.person(user);
    await this.#people.remember(person);
    if (person.isBroken || person.isChanged || person.isVerified) {
      this.#options.tell('person', person);
    }
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
    if (rooms === null) for (const conv of this.#reader.waiting()) convs.add(conv);
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
      isRecoveryKeyUnsaved: (await this.recoveryKey()) !== null,
    };
    const before = this.#status;
    this.#status = next;
    if (JSON.stringify(before) !== JSON.stringify(next)) this.#options.tell('status', next);
    if (isConfirmed && before?.device !== 'confirmed') await this.#becameConfirmed();
    return next;
  }

  async #becameConfirmed(): Promise<void> {
    if ((await this.#vault.fact('bornAt')) === undefined) {
      // The server's clock is known from a header that tells whole seconds, so it is at most one second later.
      await this.#vault.setFact('bornAt', Date.now() + this.#server.skewMs + 1000);
    }
    await this.#people.release();
    // Other devices of ours give what this one lacks.
    await this.#machine.requestMissingSecretsIfNeeded();
    this.#outgoing.hurry();
    if (!this.#isClosed) this.#background(this.#backup.check());
  }

  async #verified({ isOwn, user }: Verification): Promise<void> {
    this.#people.forget(user);
    await this.#outgoing.flush();
    await this.#people.query([user]);
    if (isOwn) {
      await this.#machine.requestMissingSecretsIfNeeded();
      await this.#outgoing.flush();
      await this.#look();
    } else {
      const person = await this.#people.person(user);
      await this.#people.remember(person);
      this.#options.tell('person', person);
    }
  }

  async #requireConfirmed(): Promise<void> {
    if (this.#status?.device === 'confirmed') return;
    if ((await this.status()).device !== 'confirmed') throw problems.unconfirmed();
  }

  async #notebookCipher(): Promise<CryptoKey> {
    await this.#requireConfirmed();
    const { hasMaster, hasSelfSigning, hasUserSigning } = await this.#machine.crossSigningStatus();
    if (!hasMaster || !hasSelfSigning || !hasUserSigning) throw problems.secretsMissing();
    interface Secrets {
      readonly cross_signing: { readonly master_key: string };
    }
    const { cross_signing } = (await this.#safekeeping.exportSecrets()) as Secrets;
    return notebookCipher(fromBase64(cross_signing.master_key));
  }

  // ── Inside: sending and reading ───────────────────────────────────────────────────────────────────────────────

  /**
   * A device that is gone, or came and went unseen, may have the key out of its owner's backup, although the library
   * never gave it any and would go on with it.
   */
  async #renewKey(conv: string, users: readonly string[]): Promise<void> {
    const cuts = await this.#vault.cuts(users);
    if (((await this.#vault.conversation(conv)).cuts ?? 0) === cuts) return;
    await this.#machine.invalidateGroupSession(libraryRoom(conv));
    await this.#vault.learn(conv, { cuts });
  }

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

  // ── Inside: identity, recovery ────────────────────────────────────────────────────────────────────────────────

  async #bootstrap(isNew: boolean, confirmation: string | undefined): Promise<void> {
    const made = await this.#machine.bootstrapCrossSigning(isNew);
    const first = made.uploadKeysRequest as Parameters<Outgoing['send']>[0] | undefined;
    if (first) await this.#outgoing.send(first);
    const keys = made.uploadSigningKeysRequest.body;
    await this.#server.text('PUT', '/v1/cross-signing-keys', keys, confirmation);
    await this.#outgoing.send(made.uploadSignaturesRequest);
    await this.#people.query([this.#options.user]);
    await this.#look();
  }

  async #signThisDevice(): Promise<void> {
    const { user, device } = this.#options;
    const own = await this.#machine.getDevice(libraryUser(user), libraryDevice(device));
    if (!own) throw problems.unknownDevice();
    await this.#outgoing.send(await own.verify());
    await this.#people.query([user]);
  }

  async #backUpAfresh(): Promise<void> {
    await this.#backup.create();
    await this.#safekeeping.make();
  }

  async #adoptBackup(secrets: unknown): Promise<void> {
    const { backup } = secrets as { backup?: { key: string } };
    if (backup && (await this.#backup.adopt(backup.key))) return;
    // There is none, or it is a newer one whose key another device of ours has.
    if (this.#backup.state === 'none') await this.#backup.create();
    else await this.#machine.requestMissingSecretsIfNeeded();
  }

  #background(work: Promise<unknown>): void {
    void this.#track(work.catch((error: unknown) => this.#failed(error)));
  }

  /** Whoever closes the store waits for it. */
  #track<T>(work: Promise<T>): Promise<T> {
    const ended = (): void => void this.#working.delete(done);
    const done: Promise<void> = work.then(ended, ended);
    this.#working.add(done);
    return work;
  }

  #failed(error: unknown): void {
    if (!this.#isClosed && !(error instanceof Problem)) console.error(error);
  }
}

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
