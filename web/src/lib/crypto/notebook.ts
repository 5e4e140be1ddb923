/**
 * The seal of the notebook: what a person keeps about their chats, for all of their confirmed devices. Its key comes
 * from the private half of the identity, which these have and nobody else.
 */

import type { Bytes } from './bytes.ts';
import { base64, concat, fromBase64, fromUtf8, random, utf8 } from './bytes.ts';

const INFO = utf8('kirana notebook 1');
const NONCE_BYTES = 12;
const LENGTH_BYTES = 4;
/** Its size tells how much is kept only as roughly as this. */
const STEP_BYTES = 1024;

export async function notebookCipher(identity: Bytes): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey('raw', identity, 'HKDF', false, ['deriveKey']);
  const derived = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: INFO };
  const aes = { name: 'AES-GCM', length: 256 };
  return crypto.subtle.deriveKey(derived, base, aes, false, ['encrypt', 'decrypt']);
}

/** Base64 of nonce ‖ ciphertext, bound to the person's name. In it: length ‖ what is left of the text ‖ zeros. */
export async function sealNotebook(
  cipher: CryptoKey,
  owner: string,
  text: string,
): Promise<string> {
  const small = await through(utf8(text), new CompressionStream('deflate-raw'));
  const bytes = LENGTH_BYTES + small.length;
  const plain = new Uint8Array(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES);
  new DataView(plain.buffer).setUint32(0, small.length);
  plain.set(small, LENGTH_BYTES);
  const iv = random(NONCE_BYTES);
  const algorithm = { name: 'AES-GCM', iv, additionalData: utf8(owner) };
  return base64(concat(iv, new Uint8Array(await crypto.subtle.encrypt(algorithm, cipher, plain))));
}

/** Null for what another identity has sealed. */
export async function openNotebook(
  cipher: CryptoKey,
  owner: string,
  ciphertext: string,
): Promise<string | null> {
  let plain: Bytes;
  try {
    const bytes = fromBase64(ciphertext);
    const iv = bytes.slice(0, NONCE_BYTES);
    const algorithm = { name: 'AES-GCM', iv, additionalData: utf8(owner) };
    const opened = await crypto.subtle.decrypt(algorithm, cipher, bytes.slice(NONCE_BYTES));
    plain = new Uint8Array(opened);
  } catch {
    return null;
  }
  const length = new DataView(plain.buffer).getUint32(0);
  const small = plain.slice(LENGTH_BYTES, LENGTH_BYTES + length);
  return fromUtf8(await through(small, new DecompressionStream('deflate-raw')));
}

async function through(
  bytes: Bytes,
  stream: CompressionStream | DecompressionStream,
): Promise<Bytes> {
  const passed = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(passed).arrayBuffer());
}
