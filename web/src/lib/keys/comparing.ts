/** Beginning a comparison, and by what means the person wants to make it. */

import { keys } from '#lib/crypto/index.ts';

export type Means = 'emoji' | 'scan';

const wishes = new Map<string, Means>();

/** Asks a person, one of our own devices, or all of our own. The sheet in the shell shows what comes of it. */
export async function compare(user: string, device?: string, by?: Means): Promise<void> {
  const { id } = await keys.compare(user, device);
  if (by) wishes.set(id, by);
}

export const wishFor = (id: string): Means | null => wishes.get(id) ?? null;

/** The bytes of a code, as the crypto writes them. */
export const bytesOf = (code: string): Uint8Array =>
  Uint8Array.from(atob(code), (letter) => letter.charCodeAt(0));

export const codeOf = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
