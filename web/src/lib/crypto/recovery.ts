/**
 * The recovery key: 32 random bytes, shown as 13 groups of four letters. It opens `secrets/recovery`, in which stand
 * the identity's private keys, the key of the backup and that of the dehydrated device. Whoever has it is the person.
 */

import type { Bytes } from './bytes.ts';
import { base64, concat, fromBase64, fromUtf8, random, utf8 } from './bytes.ts';
import { problems } from './problems.ts';

/** RFC 4648, section 6. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const LETTERS = 52;
const INFO = utf8('kirana recovery 1');
const NONCE_BYTES = 12;

export const makeRecoveryKey = (): string => writeRecoveryKey(random(32));

/** `ABCD EFGH …`: 256 bits in 52 letters of base32, in groups of four. */
export function writeRecoveryKey(key: Uint8Array): string {
  let letters = '';
  let bits = 0;
  let held = 0;
  for (const byte of key) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      letters += ALPHABET[(held >> bits) & 31];
      held &= (1 << bits) - 1;
    }
  }
  if (bits > 0) letters += ALPHABET[(held << (5 - bits)) & 31];
  return (letters.match(/.{4}/g) ?? []).join(' ');
}

/**
 * Reads what a person typed: in any case, with any spaces and lines, with the digits that base32 has not for the
 * letters that look like them.
 *
 * Raises: `bad-recovery-key`.
 */
export function readRecoveryKey(text: string): Bytes {
  const letters = text
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '')
    .replaceAll('0', 'O')
    .replaceAll('1', 'I')
    .replaceAll('8', 'B');
  const key = new Uint8Array(32);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const letter of letters) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) throw problems.unreadableRecoveryKey();
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      if (at < 32) key[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  if (letters.length !== LETTERS || held !== 0) throw problems.unreadableRecoveryKey();
  return key;
}

/** Whether it has the form of a recovery key: while typing. */
export function isRecoveryKey(text: string): boolean {
  try {
    return readRecoveryKey(text).length === 32;
  } catch {
    return false;
  }
}

const URI = 'kirana-recovery:';

/** What a code on paper says; letters and digits only, so it stays small. */
export const recoveryKeyUri = (key: string): string =>
  (URI + key.replaceAll(' ', '')).toUpperCase();

/** The recovery key in what was scanned, pasted or read from a saved file; null when there is none. */
export function recoveryKeyFrom(text: string): string | null {
  const found = /(?:[A-Z2-7]{4}[ \t\r\n-]*){13}/i.exec(text.replace(new RegExp(URI, 'i'), '\n'));
  return found && isRecoveryKey(found[0]) ? writeRecoveryKey(readRecoveryKey(found[0])) : null;
}

/**
 * The key that seals the bundle. It cannot be taken out again, so a device may keep it to seal a newer bundle without
 * being able to show the recovery key.
 */
export async function recoveryCipher(recoveryKey: string): Promise<CryptoKey> {
  const raw = readRecoveryKey(recoveryKey);
  const base = await crypto.subtle.importKey('raw', raw, 'HKDF', false, ['deriveKey']);
  const derived = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: INFO };
  const aes = { name: 'AES-GCM', length: 256 };
  return crypto.subtle.deriveKey(derived, base, aes, false, ['encrypt', 'decrypt']);
}

/** Base64 of nonce ‖ ciphertext, bound to the person's name. */
export async function sealBundle(
  cipher: CryptoKey,
  owner: string,
  bundle: unknown,
): Promise<string> {
  const iv = random(NONCE_BYTES);
  const algorithm = { name: 'AES-GCM', iv, additionalData: utf8(owner) };
  const plain = utf8(JSON.stringify(bundle));
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, cipher, plain));
  return base64(concat(iv, sealed));
}

/** Raises: `wrong-recovery-key`. */
export async function openBundle(
  cipher: CryptoKey,
  owner: string,
  ciphertext: string,
): Promise<unknown> {
  try {
    const bytes = fromBase64(ciphertext);
    const iv = bytes.slice(0, NONCE_BYTES);
    const algorithm = { name: 'AES-GCM', iv, additionalData: utf8(owner) };
    const plain = await crypto.subtle.decrypt(algorithm, cipher, bytes.slice(NONCE_BYTES));
    return JSON.parse(fromUtf8(new Uint8Array(plain))) as unknown;
  } catch {
    throw problems.wrongRecoveryKey();
  }
}
