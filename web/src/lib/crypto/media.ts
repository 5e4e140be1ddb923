/**
 * Sealed files. A random key per file; chunks of 1 MiB, each AES-256-GCM with a counter for a nonce, so that no whole
 * file is ever in memory, an upload goes on where it stopped, and a film can be entered in the middle. The nonce says
 * which chunk it is and whether it is the last: none can be left out, swapped or cut off.
 *
 * Parts of an upload are chunks. It needs no worker: it is WebCrypto alone.
 */

import { call } from '#lib/api/client.ts';
import { Problem } from '#lib/api/problem.ts';
import type { Bytes } from './bytes.ts';
import { base64, fromBase64, hex, random } from './bytes.ts';
import { problems } from './problems.ts';
import { Sha256 } from './sha256.ts';

/** Of the plain file. */
export const CHUNK_BYTES = 1024 * 1024;
const TAG_BYTES = 16;
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

/** What the message carries about a file. */
export interface SealedFile {
  readonly media_id: string;
  /** Base64 of 32 bytes. */
  readonly key: string;
  /** Of the plain file. */
  readonly size_bytes: number;
  /** Of the ciphertext, in hex. */
  readonly sha256: string;
  readonly mime: string;
}

export const countChunks = (sizeBytes: number): number =>
  Math.max(1, Math.ceil(sizeBytes / CHUNK_BYTES));

/** The size of the ciphertext: what the upload announces. */
export const sealedSize = (sizeBytes: number): number =>
  sizeBytes + countChunks(sizeBytes) * TAG_BYTES;

/** What is kept to go on with an upload: plain data for IndexedDB. */
export interface UploadState {
  readonly id: string;
  readonly key: string;
  /**
   * SHA-256 of each plain chunk that was sealed, in hex, by number. A nonce must never seal two things: if the source
   * has changed since, the upload needs another key.
   */
  readonly chunks: readonly string[];
}

export interface UploadOptions {
  readonly signal?: AbortSignal;
  /** Written down before each part is sent. */
  readonly keep?: (state: UploadState) => Promise<void>;
  /** Sealed bytes that the server has, and all of them. */
  readonly progress?: (sent: number, all: number) => void;
  readonly fetch?: typeof fetch;
}

export const newUpload = (id: string): UploadState => ({
  id,
  key: base64(random(32)),
  chunks: [],
});

/**
 * Seals a file and uploads it part by part; called again with the state it kept, it goes on where it stopped. To
 * pause, abort the signal.
 *
 * Raises: `source-changed` (take `newUpload` with another id), and what the server raises.
 */
export async function uploadSealed(
  source: Blob,
  state: UploadState,
  { signal, keep, progress, fetch }: UploadOptions = {},
): Promise<SealedFile> {
  const count = countChunks(source.size);
  const all = sealedSize(source.size);
  const path = `/v1/media-uploads/${state.id}`;
  const announced = { id: state.id, kind: 'sealed', size_bytes: all, parts: count };
  interface Upload {
    readonly arrived: readonly number[];
  }
  const options = { signal, fetch };
  // Announcing it again answers what has arrived.
  const begun = await call<Upload>('POST', '/v1/media-uploads', announced, options);
  const there = new Set(begun.arrived);
  const key = await importKey(state.key, ['encrypt']);
  const whole = new Sha256();
  const chunks = [...state.chunks];
  let sent = 0;
  for (let n = 0; n < count; n++) {
    signal?.throwIfAborted();
    const plain = await readChunk(source, n);
    const digest = hex(new Uint8Array(await crypto.subtle.digest('SHA-256', plain)));
    if (chunks[n] !== undefined && chunks[n] !== digest) throw problems.sourceChanged();
    if (chunks[n] === undefined) {
      chunks[n] = digest;
      await keep?.({ ...state, chunks: [...chunks] });
    }
    const sealed = await sealChunk(key, plain, n, n === count - 1);
    whole.update(sealed);
    if (!there.has(n)) {
      await call('PUT', `${path}/parts/${n}`, new Blob([sealed]), options);
    }
    sent += sealed.length;
    progress?.(sent, all);
  }
  return {
    media_id: state.id,
    key: state.key,
    size_bytes: source.size,
    sha256: hex(whole.digest()),
    mime: source.type || 'application/octet-stream',
  };
}

/**
 * Opens a file while it comes: every chunk is proven before it is passed on, and the whole at the end.
 *
 * Raises, by failing the stream: `damaged-file`.
 */
export function openSealed(
  ciphertext: ReadableStream<Uint8Array>,
  file: SealedFile,
): ReadableStream<Bytes> {
  const count = countChunks(file.size_bytes);
  const whole = new Sha256();
  const held = new Uint8Array(SEALED_CHUNK_BYTES);
  let filled = 0;
  let n = 0;
  let key: CryptoKey;
  const open = async (out: TransformStreamDefaultController<Bytes>): Promise<void> => {
    if (n >= count) throw problems.damagedFile();
    const sealed = held.slice(0, filled);
    filled = 0;
    out.enqueue(await openChunk(key, sealed, n, n === count - 1));
    n += 1;
  };
  return ciphertext.pipeThrough(
    new TransformStream<Uint8Array, Bytes>({
      async start() {
        key = await importKey(file.key, ['decrypt']);
      },
      async transform(bytes, out) {
        whole.update(bytes);
        for (let at = 0; at < bytes.length;) {
          const take = Math.min(SEALED_CHUNK_BYTES - filled, bytes.length - at);
          held.set(bytes.subarray(at, at + take), filled);
          filled += take;
          at += take;
          if (filled === SEALED_CHUNK_BYTES) await open(out);
        }
      },
      async flush(out) {
        if (filled > 0) await open(out);
        if (n !== count || hex(whole.digest()) !== file.sha256) throw problems.damagedFile();
      },
    }),
  );
}

/** The whole file, for what is small enough to be shown: a photo, a voice note. Raises: `damaged-file`. */
export async function fetchSealed(
  file: SealedFile,
  options: { readonly signal?: AbortSignal; readonly fetch?: typeof fetch } = {},
): Promise<Blob> {
  const response = await request(file, {}, options);
  if (!response.body) throw problems.damagedFile();
  const plain = await new Response(openSealed(response.body, file)).blob();
  return new Blob([plain], { type: file.mime });
}

/**
 * One chunk of a file, for entering a film in the middle: bytes from `n * CHUNK_BYTES` on. It is proven by itself;
 * `sha256` is only of the whole.
 *
 * Raises: `damaged-file`.
 */
export async function fetchChunk(
  file: SealedFile,
  n: number,
  options: { readonly signal?: AbortSignal; readonly fetch?: typeof fetch } = {},
): Promise<Bytes> {
  const from = n * SEALED_CHUNK_BYTES;
  const to = Math.min(from + SEALED_CHUNK_BYTES, sealedSize(file.size_bytes)) - 1;
  const response = await request(file, { range: `bytes=${from}-${to}` }, options);
  const sealed = new Uint8Array(await response.arrayBuffer());
  // A server that knows no ranges gives all of it.
  const part = response.status === 206 ? sealed : sealed.slice(from, to + 1);
  const key = await importKey(file.key, ['decrypt']);
  return openChunk(key, part, n, n === countChunks(file.size_bytes) - 1);
}

async function request(
  file: SealedFile,
  headers: Record<string, string>,
  { signal, fetch: send = fetch }: { readonly signal?: AbortSignal; readonly fetch?: typeof fetch },
): Promise<Response> {
  let response: Response;
  try {
    response = await send(`/v1/media/${file.media_id}/content`, { headers, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw Problem.offline();
  }
  if (!response.ok) {
    throw new Problem(`status-${response.status}`, response.status, response.statusText);
  }
  return response;
}

async function readChunk(source: Blob, n: number): Promise<Bytes> {
  const part = source.slice(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES);
  try {
    return new Uint8Array(await part.arrayBuffer());
  } catch {
    // The file behind the blob was changed or taken away.
    throw problems.sourceChanged();
  }
}

const importKey = (key: string, usages: KeyUsage[]): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', fromBase64(key), 'AES-GCM', false, usages);

/** Seven zero bytes ‖ number of the chunk, four bytes, the highest first ‖ 1 for the last, else 0. */
function nonce(n: number, isLast: boolean): Bytes {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setUint32(7, n);
  iv[11] = isLast ? 1 : 0;
  return iv;
}

async function sealChunk(key: CryptoKey, plain: Bytes, n: number, isLast: boolean): Promise<Bytes> {
  const algorithm = { name: 'AES-GCM', iv: nonce(n, isLast) };
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plain));
}

async function openChunk(
  key: CryptoKey,
  sealed: Bytes,
  n: number,
  isLast: boolean,
): Promise<Bytes> {
  try {
    const algorithm = { name: 'AES-GCM', iv: nonce(n, isLast) };
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, sealed));
  } catch {
    throw problems.damagedFile();
  }
}
