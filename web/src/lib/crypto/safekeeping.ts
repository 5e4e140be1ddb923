/**
 * What is left when every device is gone: the bundle under the recovery key, and a device that sleeps on the server
 * and receives keys meanwhile.
 */

import type { OlmMachine } from '@matrix-org/matrix-sdk-crypto-wasm';
import { DehydratedDeviceKey } from '@matrix-org/matrix-sdk-crypto-wasm';
import { Problem } from '#lib/api/problem.ts';
import { fromBase64 } from './bytes.ts';
import { libraryDevice, userName } from './names.ts';
import { problems } from './problems.ts';
import { makeRecoveryKey, openBundle, recoveryCipher, sealBundle } from './recovery.ts';
import type { Server } from './key-server.ts';
import type { Vault } from './vault.ts';

const DEHYDRATED_NAME = 'Kirana keeps your keys';

/** What lies under the recovery key. */
export interface Bundle {
  readonly v: 1;
  /** The library's own: three private keys, and that of the backup. */
  readonly secrets: unknown;
  /** The key of the sleeping device, base64. */
  readonly dehydrated: string | null;
}

interface Means {
  readonly user: string;
  readonly machine: OlmMachine;
  readonly server: Server;
  readonly vault: Vault;
}

export class Safekeeping {
  readonly #means: Means;

  constructor(means: Means) {
    this.#means = means;
  }

  /** A new recovery key. The old one opens nothing any more. */
  async make(): Promise<string> {
    const key = makeRecoveryKey();
    const cipher = await recoveryCipher(key);
    // Kept before it is used: a key that nobody can show is worth nothing.
    await this.#means.vault.setSecret('recoveryKey', key);
    await this.#means.vault.setRecoveryCipher(cipher);
    await this.dehydrate();
    await this.seal();
    // The server keeps the value before as well. Once the new one is known to open, that is replaced too, and the old
    // recovery key opens nothing any more.
    await this.open(cipher);
    await this.seal();
    return key;
  }

  /** Writes the bundle under the recovery key that this device knows of, if it does. */
  async seal(): Promise<void> {
    const cipher = await this.#means.vault.recoveryCipher();
    if (!cipher) return;
    const dehydrated = await this.#means.machine.dehydratedDevices().getDehydratedDeviceKey();
    const bundle: Bundle = {
      v: 1,
      secrets: await this.exportSecrets(),
      dehydrated: dehydrated?.toBase64() ?? null,
    };
    const ciphertext = await sealBundle(cipher, userName(this.#means.user), bundle);
    await this.#means.server.json('PUT', '/v1/secrets/recovery', { ciphertext });
  }

  /** The value before is kept by the server, in case the last write was a broken one. */
  async open(cipher: CryptoKey): Promise<Bundle> {
    let problem: Problem | null = null;
    for (const path of ['/v1/secrets/recovery', '/v1/secrets/recovery?previous=true']) {
      const kept = await this.#means.server.find<{ ciphertext: string }>(path);
      if (!kept) continue;
      try {
        const bundle = await openBundle(cipher, userName(this.#means.user), kept.ciphertext);
        return bundle as Bundle;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        problem ??= error;
      }
    }
    throw problem ?? problems.noRecovery();
  }

  async exportSecrets(): Promise<unknown> {
    return (await this.#means.machine.exportSecretsBundle()).to_json();
  }

  /** A device that exists only on the server receives keys while the person has none. */
  async dehydrate(): Promise<void> {
    const devices = this.#means.machine.dehydratedDevices();
    let key = await devices.getDehydratedDeviceKey();
    if (!key) {
      key = DehydratedDeviceKey.createRandomKey();
      await devices.saveDehydratedDeviceKey(key);
    }
    const device = await devices.create();
    const { body } = await device.keysForUpload(DEHYDRATED_NAME, key);
    const { device_id: id } = JSON.parse(body) as { device_id: string };
    await this.#means.server.text('PUT', dehydratedPath(id), body);
  }

  async rehydrate(keyText: string | null): Promise<void> {
    interface Kept {
      readonly device_id: string;
      readonly device_data: unknown;
    }
    interface Page {
      readonly items: readonly { readonly n: number; readonly [field: string]: unknown }[];
      readonly has_more?: boolean;
    }
    const devices = this.#means.machine.dehydratedDevices();
    if (keyText !== null) {
      const key = DehydratedDeviceKey.createKeyFromArray(fromBase64(keyText));
      await devices.saveDehydratedDeviceKey(key);
      const kept = await this.#means.server.find<Kept>('/v1/dehydrated-devices');
      if (kept) {
        const again = DehydratedDeviceKey.createKeyFromArray(fromBase64(keyText));
        const data = JSON.stringify(kept.device_data);
        const device = await devices.rehydrate(again, libraryDevice(kept.device_id), data);
        const path = `${dehydratedPath(kept.device_id)}/device-messages`;
        for (let after = 0, hasMore = true; hasMore;) {
          const page = await this.#means.server.json<Page>('GET', `${path}?after=${after}`);
          const events = page.items.map(({ sender, type, content }) => ({ sender, type, content }));
          if (events.length > 0) await device.receiveEvents(JSON.stringify(events));
          after = page.items.at(-1)?.n ?? after;
          hasMore = page.has_more === true && page.items.length > 0;
        }
      }
    }
    await this.dehydrate();
  }
}

/** Its id is base64, and a path has `-` and `_` for `+` and `/`. */
const dehydratedPath = (id: string): string =>
  `/v1/dehydrated-devices/${id.replaceAll('+', '-').replaceAll('/', '_')}`;
