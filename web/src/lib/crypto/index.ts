/**
 * End-to-end encryption: the door for the shell and for rooms.
 *
 *     const door = await openCrypto(userId, deviceId);   // the shell, with the first private chat; loads no wasm yet
 *     engine.leads.then(() => door.lead());               // in the tab that has the engine's lock
 *     door.on('keys', ({ convs }) => …);                  // try again what waits
 *     const sealed = await door.crypto.encrypt(audience, id, { type: 'text', text: 'hello' });
 *     const [opened] = await door.crypto.decrypt([entry]);
 *
 * `model.ts` says what goes in and out, method by method. The wasm is loaded by the worker with the first call.
 */

import { Door } from './door.ts';
import type { WorkerLike } from './door.ts';
import workerUrl from './worker.ts?worker&url';

export { Door } from './door.ts';
export { keys } from './running.svelte.ts';
export { checkKind } from './kinds.ts';
export type { Kind } from './kinds.ts';
export {
  CHUNK_BYTES,
  countChunks,
  fetchChunk,
  fetchSealed,
  newUpload,
  openSealed,
  sealedSize,
  uploadSealed,
} from './media.ts';
export type { SealedFile, UploadOptions, UploadState } from './media.ts';
export type {
  Audience,
  Crypto,
  Device,
  DeviceMessage,
  Heard,
  Member,
  MemberList,
  News,
  Opened,
  Person,
  Restored,
  Roster,
  Sealed,
  SealedEntry,
  Shield,
  Status,
  Step,
  Verification,
} from './model.ts';
export { asSealed } from './sealer.ts';
export { isRecoveryKey, recoveryKeyUri, recoveryKeyFrom } from './recovery.ts';

/** One per person and device; nothing is loaded before its first call. */
export const openCrypto = (user: string, device: string): Door =>
  new Door(user, device, startWorker);

function startWorker(): WorkerLike {
  // What a browser evicts is gone for good; with this it asks first.
  void navigator.storage?.persist?.();
  return new Worker(trusted(workerUrl), { type: 'module', name: 'kirana-crypto' });
}

interface Policies {
  createPolicy: (
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ) => { createScriptURL: (url: string) => string };
}

let policy: { createScriptURL: (url: string) => string } | null = null;

/** Under Trusted Types a worker's address has to be vouched for; ours is the only one that is. */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: Policies };
  policy ??= trustedTypes?.createPolicy('kirana-crypto', {
    createScriptURL(asked) {
      if (asked !== workerUrl) throw new TypeError('Only the crypto has a worker.');
      return asked;
    },
  }) ?? { createScriptURL: (asked) => asked };
  return policy.createScriptURL(url);
}
