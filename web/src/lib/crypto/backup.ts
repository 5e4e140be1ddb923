/**
 * The backup of message keys on the server, sealed for a key that only the person's devices and the recovery key
 * have. It is trusted only if one of our own keys signed it.
 */

import type { OlmMachine } from '@matrix-org/matrix-sdk-crypto-wasm';
import { BackupDecryptionKey, RoomId } from '@matrix-org/matrix-sdk-crypto-wasm';
import { Problem } from '#lib/api/problem.ts';
import { Lock } from './locks.ts';
import type { Restored, Status } from './model.ts';
import { userName } from './names.ts';
import type { Outgoing } from './outgoing.ts';
import { problems } from './problems.ts';
import type { Server } from './key-server.ts';
import type { Vault } from './vault.ts';

const ALGORITHM = 'm.megolm_backup.v1.curve25519-aes-sha2';

interface Info {
  readonly version: string;
  readonly algorithm: string;
  readonly auth_data: { readonly public_key: string; readonly signatures?: unknown };
  readonly count: number;
  readonly etag: string;
}

interface BackedUp {
  readonly rooms: Record<
    string,
    {
      readonly sessions: Record<
        string,
        {
          readonly session_data: {
            readonly ephemeral: string;
            readonly mac: string;
            readonly ciphertext: string;
          };
        }
      >;
    }
  >;
}

interface Means {
  readonly user: string;
  readonly machine: OlmMachine;
  readonly server: Server;
  readonly vault: Vault;
  readonly outgoing: Outgoing;
  readonly delayMs: number;
  readonly changed: () => void;
}

export class Backup {
  readonly #means: Means;
  readonly #lock = new Lock();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  state: Status['backup'] = 'none';

  constructor(means: Means) {
    this.#means = means;
  }

  /** A backup that was trusted before goes on, until it is looked at again. */
  async resume(): Promise<void> {
    if (await this.#means.machine.isBackupEnabled()) this.state = 'on';
  }

  /** What is on its way comes to its end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#lock.run(() => Promise.resolve());
  }

  /** Looks at what the server has, and uses it if it is ours. */
  check(): Promise<Info | null> {
    return this.#lock.run(() => this.#check());
  }

  /** A new backup in place of whatever was there. */
  create(): Promise<void> {
    return this.#lock.run(async () => {
      const { machine, server, user } = this.#means;
      const key = BackupDecryptionKey.createRandomKey();
      const publicKey = key.megolmV1PublicKey.publicKeyBase64;
      // Signed as canonical JSON, which this is.
      const signed = await machine.sign(JSON.stringify({ public_key: publicKey }));
      const { [userName(user)]: ours } = JSON.parse(signed.asJSON()) as Record<string, unknown>;
      const { version } = await server.json<{ version: string }>('POST', '/v1/key-backups', {
        algorithm: ALGORITHM,
        auth_data: { public_key: publicKey, signatures: { [userName(user)]: ours } },
      });
      await machine.disableBackup();
      await machine.saveBackupDecryptionKey(key, version);
      await machine.enableBackupV1(publicKey, version);
      this.#is('on');
      this.soon();
    });
  }

  /** Keys changed: they are backed up when no more have come for a while. */
  soon(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.upload().catch((error: unknown) => {
        if (this.#isClosed) return;
        if (!(error instanceof Problem)) console.error(error);
        else if (error.isPassing) this.soon();
      });
    }, this.#means.delayMs);
  }

  /** Until nothing is left that is not backed up. */
  upload(): Promise<void> {
    return this.#lock.run(async () => {
      const { machine, outgoing } = this.#means;
      let hasAsked = false;
      while (!this.#isClosed && this.state === 'on' && (await machine.isBackupEnabled())) {
        const request = await machine.backupRoomKeys();
        if (!request) return;
        try {
          await outgoing.send(request);
        } catch (error) {
          // Another device made a newer one: use that, if it is ours.
          const isOther =
            error instanceof Problem && (error.status === 409 || error.status === 404);
          if (!isOther || hasAsked) throw error;
          hasAsked = true;
          await this.#check();
        }
      }
    });
  }

  /** The private key came from another device or from the recovery bundle. False when it is not this backup's. */
  async adopt(secret: string): Promise<boolean> {
    return this.#lock.run(async () => {
      const info = await this.#check();
      if (!info || this.state !== 'on') return false;
      const key = BackupDecryptionKey.fromBase64(secret);
      if (key.megolmV1PublicKey.publicKeyBase64 !== info.auth_data.public_key) return false;
      await this.#means.machine.saveBackupDecryptionKey(key, info.version);
      return true;
    });
  }

  /** Brings all keys of the backup here. Nothing happens when they are known to be here, unless `again`. */
  restore({ again = true }: { again?: boolean } = {}): Promise<Restored> {
    return this.#lock.run(async () => {
      const { machine, server, vault } = this.#means;
      const info = await this.#check();
      if (!info) return { imported: 0, total: 0 };
      if (this.state !== 'on') throw problems.untrustedBackup();
      const mark = `${info.version} ${info.etag}`;
      if (!again && (await vault.fact('restored')) === mark) return { imported: 0, total: 0 };
      const keys = await machine.getBackupKeys();
      const key = keys.decryptionKey;
      if (!key || keys.backupVersion !== info.version) return { imported: 0, total: 0 };
      const path = `/v1/key-backups/${encodeURIComponent(info.version)}/keys`;
      const { rooms } = await server.json<BackedUp>('GET', path);
      const opened = new Map<RoomId, Map<string, unknown>>();
      let total = 0;
      for (const [room, { sessions }] of Object.entries(rooms)) {
        const ofRoom = new Map<string, unknown>();
        for (const [id, { session_data: sealed }] of Object.entries(sessions)) {
          total += 1;
          try {
            const text = key.decryptV1(sealed.ephemeral, sealed.mac, sealed.ciphertext);
            ofRoom.set(id, { ...(JSON.parse(text) as object), room_id: room, session_id: id });
          } catch {
            // One that is broken must not keep the others away.
          }
        }
        opened.set(new RoomId(room), ofRoom);
      }
      const result = await machine.importBackedUpRoomKeys(opened, () => undefined, info.version);
      await vault.setFact('restored', mark);
      return { imported: result.importedCount, total };
    });
  }

  async #check(): Promise<Info | null> {
    const { machine, server } = this.#means;
    const info = await server.find<Info>('/v1/key-backups/latest');
    if (!info) {
      this.#is('none');
      return null;
    }
    const { algorithm, auth_data } = info;
    const isOurs =
      algorithm === ALGORITHM && (await machine.verifyBackup({ algorithm, auth_data })).trusted();
    if (!isOurs) {
      // Nothing is sent there, and nothing of ours is forgotten for it.
      this.#is('untrusted');
      return info;
    }
    const kept = await machine.getBackupKeys();
    if (kept.backupVersion !== info.version || !(await machine.isBackupEnabled())) {
      // Keys that went into another version are not in this one.
      if (kept.backupVersion && kept.backupVersion !== info.version) await machine.disableBackup();
      await machine.enableBackupV1(auth_data.public_key, info.version);
      this.soon();
    }
    this.#is('on');
    return info;
  }

  #is(state: Status['backup']): void {
    if (this.state === state) return;
    this.state = state;
    this.#means.changed();
  }
}
