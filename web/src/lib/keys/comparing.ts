/** Beginning a comparison, and by what means the person wants to make it. */

import { Problem } from '#lib/api/index.ts';
import { keys } from '#lib/crypto/index.ts';
import { engine } from '#lib/sync/index.ts';

export type Means = 'emoji' | 'scan';

const wishes = new Map<string, Means>();

/** Asks a person, one of our own devices, or all of our own. The sheet in the shell shows what comes of it. */
export async function compare(user: string, device?: string, by?: Means): Promise<void> {
  if (!(await canVouch(user, device))) {
    throw new Problem('both-unconfirmed', 409, 'Neither of the two devices is confirmed.');
  }
  const { id } = await keys.compare(user, device);
  if (by) wishes.set(id, by);
}

/** One of the two sides has to be confirmed already: two that are not prove nothing to each other. */
async function canVouch(user: string, device: string | undefined): Promise<boolean> {
  if (keys.status?.device === 'confirmed') return true;
  if (user !== engine().userId) return false;
  const others = (await keys.crypto.devices(user)).filter(
    ({ isThis, isDehydrated }) => !isThis && !isDehydrated,
  );
  return others.some(
    ({ id, isConfirmed }) => isConfirmed && (device === undefined || id === device),
  );
}

export const wishFor = (id: string): Means | null => wishes.get(id) ?? null;

/** The bytes of a code, as the crypto writes them. */
export const bytesOf = (code: string): Uint8Array =>
  Uint8Array.from(atob(code), (letter) => letter.charCodeAt(0));

export const codeOf = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
