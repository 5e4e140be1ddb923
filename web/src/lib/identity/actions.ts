/** What a person does about themselves. Each creates its own id, so that a retry does nothing twice. */

import { api, forgetAnswers } from '#lib/api/index.ts';
import { forgetStanding } from '#lib/api/standing.ts';
import { keys } from '#lib/crypto/index.ts';
import { reader } from '#lib/i18n/index.ts';
import { stopEngine } from '#lib/sync/index.ts';
import { uuid7 } from '#lib/values/ids.ts';
import type { Device, Me } from './model.ts';
import type { Proof } from './passkey.ts';

export interface SignedIn {
  readonly user: Me;
  readonly is_new: boolean;
}

export const requestCode = (address: string): Promise<void> =>
  api.post('/v1/codes', { id: uuid7(), address, language: reader.locale });

/** `deviceId` stays the same while the person corrects a code. */
export async function signIn(deviceId: string, address: string, code: string): Promise<SignedIn> {
  const body = { id: deviceId, address, code, device_name: deviceName(), language: reader.locale };
  return entered(await api.post<SignedIn>('/v1/sessions', { ...body, wants: 'cookie' }));
}

export async function signInWithPasskey(deviceId: string, proof: Proof): Promise<SignedIn> {
  const body = { id: deviceId, ...proof, device_name: deviceName(), wants: 'cookie' };
  return entered(await api.post<SignedIn>('/v1/passkey-sessions', body));
}

export async function enterAs(userId: string): Promise<void> {
  await entered(
    await api.post('/v1/demo/sessions', { user_id: userId, device_name: deviceName() }),
  );
}

/** What is on this device may be somebody else's. */
async function entered<T>(answer: T): Promise<T> {
  keys.stop();
  await stopEngine();
  await forgetAnswers();
  return answer;
}

export async function signOut(): Promise<void> {
  await api.del('/v1/sessions/current');
  await forgetDevice();
}

/** What was begun on the shops' public pages (`storefront/static/outbox.js`), typed, and chosen. */
const PERSONAL = ['kirana.storefront.', 'kirana.draft.', 'kirana.emoji.'];

/** Nothing of the person stays on this device. */
export async function forgetDevice(): Promise<void> {
  await keys.forget();
  await stopEngine({ forget: true });
  await forgetAnswers();
  await forgetStanding();
  for (const key of Object.keys(localStorage)) {
    if (PERSONAL.some((prefix) => key.startsWith(prefix))) localStorage.removeItem(key);
  }
}

/** Deletes the account and closes these shops; proven by a confirmation, or a code to an own address. */
export const deleteAccount = (
  closing: readonly string[],
  { confirmation, ...code }: { confirmation?: string; address?: string | null; code?: string },
): Promise<void> =>
  api.post('/v1/me/deletion', { close_shops: closing, ...code }, { confirmation });

type Profile = Partial<Pick<Me, 'name' | 'handle' | 'photo_id' | 'language' | 'zone'>>;

export const editMe = (changes: Profile): Promise<Me> => api.patch('/v1/me', changes);

export const uploadPhoto = (file: Blob): Promise<{ id: string }> => api.post('/v1/pictures', file);

/** What shows that one may replace a PIN: the old one, or a code sent to an address of one's own. */
export type PinProof =
  { readonly old_pin: string | null } | { readonly address: string; readonly code: string };

export const setPin = (pin: string, proof: PinProof): Promise<Me> =>
  api.put('/v1/me/pin', { pin, ...proof });

export const renameDevice = (id: string, name: string): Promise<Device> =>
  api.patch(`/v1/devices/${id}`, { name });

export const revokeDevice = (id: string): Promise<void> => api.del(`/v1/devices/${id}`);

export const savePasskey = (proof: Proof): Promise<void> =>
  api.post('/v1/passkeys', { id: uuid7(), ...proof, name: deviceName() });

export const deletePasskey = (id: string): Promise<void> => api.del(`/v1/passkeys/${id}`);

export const createToken = (id: string, name: string): Promise<{ token: string }> =>
  api.post('/v1/tokens', { id, name });

export const revokeToken = (id: string): Promise<void> => api.del(`/v1/tokens/${id}`);

export const unblock = (id: string): Promise<void> => api.del(`/v1/blocks/${id}`);

export const block = (id: string): Promise<void> => api.put(`/v1/blocks/${id}`);

/** The confirmation's id, when the PIN or the passkey was right. */
export async function confirm(
  id: string,
  challenge: string,
  proof: { pin: string } | { passkey: Proof },
): Promise<string> {
  await api.post('/v1/confirmations', { id, challenge, ...proof });
  return id;
}

/** "Chrome on Android": enough to know one's devices apart. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const browser = /Edg|OPR|SamsungBrowser|Firefox|CriOS|Chrome|Safari/.exec(agent)?.[0] ?? '';
  const names: Record<string, string> = {
    Edg: 'Edge',
    OPR: 'Opera',
    SamsungBrowser: 'Samsung Internet',
    CriOS: 'Chrome',
  };
  const system = /Android|iPhone|iPad|Windows|Mac OS X|CrOS|Linux/.exec(agent)?.[0] ?? '';
  const systems: Record<string, string> = { 'Mac OS X': 'Mac', CrOS: 'Chromebook' };
  return [names[browser] ?? browser, systems[system] ?? system].filter(Boolean).join(' · ');
}
