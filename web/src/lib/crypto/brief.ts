/**
 * The crypto for a moment, where no worker can be started: in a service worker. It does not wait for the store's lock,
 * since whoever has it is there to do the work; and it lets go of the store before it lets go of the lock.
 */

import { initAsync } from '@matrix-org/matrix-sdk-crypto-wasm';
import { Lock } from './locks.ts';
import { Machine } from './machine.ts';
import { isDeadly, onPanic } from './panic.ts';
import { isSettled, lockNameOf } from './vault.ts';

const ANSWER_MS = 8000;

const turns = new Lock();
const death = Promise.withResolvers<never>();
let isDead = false;

function die(why: string): void {
  isDead = true;
  death.reject(new Error(why));
}

death.promise.catch(() => undefined);
onPanic(die);

/** Null when the store is in use, or this device has not been confirmed. */
export function withCrypto<T>(
  { user, device }: { readonly user: string; readonly device: string },
  work: (crypto: Machine) => Promise<T>,
): Promise<T | null> {
  const run = async (): Promise<T | null> => {
    if (isDead || !(await isSettled(user, device))) return null;
    await initAsync();
    const crypto = await Machine.open({
      user,
      device,
      fetch: (path, init) => fetch(path, { ...init, signal: AbortSignal.timeout(ANSWER_MS) }),
      tell: () => undefined,
      isBrief: true,
    });
    try {
      return await work(crypto);
    } catch (error) {
      if (isDeadly(String(error))) die(String(error));
      throw error;
    } finally {
      if (!isDead) await crypto.close();
    }
  };
  return turns.run(() =>
    navigator.locks.request(lockNameOf(user), { ifAvailable: true }, (lock) =>
      lock ? Promise.race([run(), death.promise]) : null,
    ),
  );
}
