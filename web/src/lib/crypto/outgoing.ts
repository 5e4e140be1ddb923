/** Sends what the library wants to be sent, and hands it the answers. */

import type {
  KeysBackupRequest,
  KeysClaimRequest,
  KeysQueryRequest,
  KeysUploadRequest,
  OlmMachine,
  RoomMessageRequest,
  SignatureUploadRequest,
  ToDeviceRequest,
} from '@matrix-org/matrix-sdk-crypto-wasm';
import { RequestType } from '@matrix-org/matrix-sdk-crypto-wasm';
import { Problem } from '#lib/api/problem.ts';
import { Lock } from './locks.ts';
import { libraryUser } from './names.ts';
import { problems } from './problems.ts';
import type { Server } from './key-server.ts';
import type { Vault } from './vault.ts';

export type Request =
  | KeysBackupRequest
  | KeysClaimRequest
  | KeysQueryRequest
  | KeysUploadRequest
  | RoomMessageRequest
  | SignatureUploadRequest
  | ToDeviceRequest;

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** More rounds than this in one go mean that the server and the library do not agree. */
const ROUNDS = 20;

export class Outgoing {
  readonly #machine: OlmMachine;
  readonly #server: Server;
  readonly #vault: Vault;
  readonly #lock = new Lock();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waitMs = FIRST_WAIT_MS;
  #isClosed = false;

  constructor(machine: OlmMachine, server: Server, vault: Vault) {
    this.#machine = machine;
    this.#server = server;
    this.#vault = vault;
  }

  /** What is on its way comes to its end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#lock.run(() => Promise.resolve());
  }

  /** Until nothing is left to send. Raises what the network raises; then it is tried again by itself as well. */
  flush(): Promise<void> {
    return this.#lock.run(async () => {
      try {
        await this.#drain();
        this.#waitMs = FIRST_WAIT_MS;
      } catch (error) {
        this.#retry(error);
        throw error;
      }
    });
  }

  /** The same, when nobody waits for it. */
  hurry(): void {
    this.flush().catch((error: unknown) => {
      if (!(error instanceof Problem) && !this.#isClosed) console.error(error);
    });
  }

  async send(request: Request): Promise<void> {
    const answer = await this.#server.text(...this.#route(request));
    const revs = request.type === RequestType.KeysQuery ? revsIn(answer) : {};
    const before = await this.#lists(Object.keys(revs));
    if (request.id !== undefined) {
      await this.#machine.markRequestAsSent(request.id, request.type, answer);
    }
    await this.#learn(revs, before);
  }

  async #drain(): Promise<void> {
    const refused = new Set<string>();
    for (let round = 0; round < ROUNDS && !this.#isClosed; round++) {
      const all: Request[] = await this.#machine.outgoingRequests();
      const requests = all.filter(({ id }) => id === undefined || !refused.has(id));
      if (requests.length === 0) return;
      for (const request of requests) {
        try {
          await this.send(request);
        } catch (error) {
          // What the server will never take must not hold up the rest.
          if (isOfOldStore(request, error)) throw problems.storeLost();
          if (!isFinal(error)) throw error;
          console.warn(`${RequestType[request.type]} was refused:`, error);
          if (request.id !== undefined) refused.add(request.id);
        }
      }
    }
  }

  #route(request: Request): Parameters<Server['text']> {
    switch (request.type) {
      case RequestType.KeysUpload:
        return ['POST', '/v1/device-keys', request.body];
      case RequestType.KeysQuery:
        return ['POST', '/v1/key-queries', request.body];
      case RequestType.KeysClaim:
        return ['POST', '/v1/key-claims', request.body];
      case RequestType.SignatureUpload:
        return ['POST', '/v1/key-signatures', request.body];
      case RequestType.ToDevice: {
        const { txn_id: id, event_type: type, body } = request as ToDeviceRequest;
        const query = new URLSearchParams({ type }).toString();
        return ['PUT', `/v1/device-messages/${encodeURIComponent(id)}?${query}`, body];
      }
      case RequestType.KeysBackup: {
        const { version, body } = request as KeysBackupRequest;
        return ['PUT', `/v1/key-backups/${encodeURIComponent(version)}/keys`, body];
      }
      default:
        throw new Error(`A request of type ${RequestType[request.type]} has no place here.`);
    }
  }

  /** Which devices each of them has, and whether their owner signed them. */
  async #lists(users: readonly string[]): Promise<Map<string, DeviceList>> {
    const lists = new Map<string, DeviceList>();
    for (const user of users) {
      const devices = (await this.#machine.getUserDevices(libraryUser(user))).devices();
      const here = devices.filter((device) => !device.isDeleted());
      lists.set(
        user,
        new Map(here.map((one) => [one.deviceId.toString(), one.isCrossSignedByOwner()])),
      );
    }
    return lists;
  }

  /**
   * A revision is remembered only after its answer was processed, so it never promises what is not known. What devices
   * came does not explain, went: such a device may have keys in use out of its owner's backup.
   */
  async #learn(revs: Revs, before: ReadonlyMap<string, DeviceList>): Promise<void> {
    const users = Object.keys(revs);
    if (users.length === 0) return;
    const known = await this.#vault.revs(users);
    for (const [user, now] of await this.#lists(users)) {
      const rev = known.get(user);
      const were = before.get(user) ?? new Map<string, boolean>();
      const hasLost = [...were.keys()].some((id) => !now.has(id));
      const isUnseen = rev !== undefined && (revs[user] ?? 0) - rev > countSteps(were, now);
      if (hasLost || isUnseen) await this.#vault.cut(user);
    }
    await this.#vault.learnRevs(revs);
  }

  #retry(error: unknown): void {
    if (this.#isClosed || isFinal(error)) return;
    const asked = error instanceof Problem ? error.retryAfterMs : null;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.hurry(), asked ?? this.#waitMs * (0.5 + Math.random()));
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
  }
}

type Revs = Readonly<Record<string, number>>;
type DeviceList = ReadonlyMap<string, boolean>;

const revsIn = (answer: string): Revs =>
  (JSON.parse(answer) as { devices_rev?: Revs }).devices_rev ?? {};

/** A revision rises when a device comes, and when its owner signs it. */
function countSteps(before: DeviceList, now: DeviceList): number {
  const came = [...now.keys()].filter((id) => !before.has(id)).length;
  return came + [...now].filter(([id, isSigned]) => isSigned && !before.get(id)).length;
}

/** The server knows other keys of this very device: those that the browser has deleted since. */
const isOfOldStore = ({ type, body }: Request, error: unknown): boolean =>
  type === RequestType.KeysUpload &&
  error instanceof Problem &&
  error.slug === 'id-reused' &&
  typeof error.facts.id === 'string' &&
  body.includes(`"ed25519:${error.facts.id}"`);

const isFinal = (error: unknown): boolean =>
  error instanceof Problem && !error.isPassing && !error.isShutOut;
