/** Photos on their way to a message, and files on their way from it. */

import { Problem, sayProblem } from '#lib/api/index.ts';
import type { SealedFile } from '#lib/crypto/index.ts';
import { fetchSealed } from '#lib/crypto/index.ts';
import { t } from '#lib/i18n/index.ts';
import type { Upload } from '#lib/sync/index.ts';
import { uuid7 } from '#lib/values/ids.ts';

const LONGEST = 2048;
export const THUMB = 24;
const QUALITY = 0.82;
export const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** What is sealed comes in parts. */
export const MAX_SEALED_BYTES = 100 * 1024 * 1024;

/** A photo or a video that is ready to go; a photo is scaled, without what the camera wrote into it. */
export interface ReadyItem {
  readonly media: string;
  readonly file: Blob;
  readonly width: number;
  readonly height: number;
  readonly thumb: string;
  /** Of a video. */
  readonly duration_s?: number;
  /** Of a video: a larger `thumb`, where a message has room for it. */
  readonly poster?: string;
}

/** Throws when the file is no photo that this browser can read. */
export async function preparePhoto(file: Blob): Promise<ReadyItem> {
  const source = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const full = draw(source, source, LONGEST);
  const small = draw(source, source, THUMB);
  source.close();
  const blob = await encode(full);
  const media = uuid7();
  remember(media, blob);
  return {
    media,
    file: blob,
    width: full.width,
    height: full.height,
    thumb: small.toDataURL('image/jpeg', 0.6),
  };
}

/** The picture on a canvas, scaled down until its longer side is `longest`. */
export function draw(
  source: CanvasImageSource,
  { width, height }: { readonly width: number; readonly height: number },
  longest: number,
): HTMLCanvasElement {
  const scale = Math.min(1, longest / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser gives no canvas.');
  context.imageSmoothingQuality = 'high';
  // What is see-through would turn black in a JPEG.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** WebP where the browser can write it, else JPEG. */
export async function encode(canvas: HTMLCanvasElement): Promise<Blob> {
  const as = (type: string) =>
    new Promise<Blob | null>((done) => canvas.toBlob(done, type, QUALITY));
  const webp = await as('image/webp');
  const blob = webp?.type === 'image/webp' ? webp : await as('image/jpeg');
  if (!blob) throw new Error('This photo is too large for this browser.');
  return blob;
}

/** Where the file lies on the server; told with its name. */
/** How a file goes to the server: a video in parts, the others in one. */
export const uploadOf = (
  media: string,
  kind: 'image' | 'video' | 'voice' | 'document',
  file: Blob,
  name = '',
): Upload =>
  kind === 'video'
    ? { path: `/v1/media-uploads/${media}`, media, file, isInParts: true }
    : { path: `/v1/media?id=${media}&kind=${kind}&name=${encodeURIComponent(name)}`, media, file };

const local = new Map<string, string>();

/** A photo of this device is shown from here, before it is sent and after. */
export function remember(media: string, file: Blob): string {
  const known = local.get(media);
  if (known) return known;
  const url = URL.createObjectURL(file);
  local.set(media, url);
  return url;
}

export const remembered = (media: string): string | undefined => local.get(media);

export const contentPath = (media: string, size?: number): string =>
  `/v1/media/${media}/content${size ? `?size=${size}` : ''}`;

/** Why a file is not shown. */
export const fileProblem = (error: unknown): string =>
  error instanceof Problem && error.slug === 'damaged-file'
    ? sayProblem(error)
    : t.chat.fileNotHere;

/** From whom a file is had. */
export interface Source {
  /** The shop that looks, if it is not the person. */
  readonly actingFor: string | null;
  /** Of a private message: how to open its files. */
  readonly files?: Readonly<Record<string, SealedFile>>;
}

interface Wanted {
  /** Of a photo that the server can make smaller: how wide it is shown. */
  readonly size?: number;
  /** Told how much of it is here, from 0 to 1. */
  readonly heard?: (part: number) => void;
  /** It could not be had before: what the browser kept of it is not asked. */
  readonly isAgain?: boolean;
}

/** Where a file can be shown from. Rejects when it cannot be had, or is damaged. */
export function sourceOf(
  media: string,
  { actingFor, files }: Source,
  { size, heard, isAgain = false }: Wanted = {},
): string | Promise<string> {
  const known = local.get(media);
  if (known) return known;
  const sealed = files?.[media];
  if (sealed) return openFile(sealed, heard, isAgain);
  return actingFor ? fetchFor(actingFor, media, size) : contentPath(media, size);
}

/** The file itself, opened. Rejects when it cannot be had, or is damaged. */
export async function blobOf(media: string, { actingFor, files }: Source): Promise<Blob> {
  const sealed = files?.[media];
  if (sealed) return harmless(await fetchSealed(sealed));
  const headers = actingFor ? { 'kirana-acting-for': actingFor } : undefined;
  const answer = await fetch(contentPath(media), { headers, credentials: 'same-origin' });
  if (!answer.ok) throw new Problem('offline', 0, t.chat.fileNotHere);
  return harmless(await answer.blob());
}

/** Nothing that a browser would run is ever shown from here, whatever its sender called it. */
const SHOWN =
  /^(image\/(jpeg|png|webp|gif|avif)|video\/(mp4|webm|quicktime|ogg)|audio\/[\w.+-]+(;[\w=., -]+)?)$/;

const harmless = (blob: Blob): Blob =>
  SHOWN.test(blob.type) ? blob : new Blob([blob], { type: 'application/octet-stream' });

const opening = new Map<string, Promise<string>>();

/** Fetches a sealed file and opens it, once. `heard` is told how much of it is here, from 0 to 1. */
export function openFile(
  file: SealedFile,
  heard?: (part: number) => void,
  isAgain = false,
): Promise<string> {
  const known = local.get(file.media_id);
  if (known) return Promise.resolve(known);
  const under = opening.get(file.media_id);
  if (under) return under;
  const opened = fetchSealed(file, { fetch: counting(file.size_bytes, heard, isAgain) })
    .then((blob) => remember(file.media_id, harmless(blob)))
    .finally(() => opening.delete(file.media_id));
  opening.set(file.media_id, opened);
  return opened;
}

const counting =
  (whole: number, heard: ((part: number) => void) | undefined, isAgain: boolean): typeof fetch =>
  async (asked, options) => {
    const answer = await fetch(asked, { ...options, ...(isAgain && { cache: 'reload' }) });
    if (!heard || !answer.body) return answer;
    let here = 0;
    const count = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, out) {
        here += chunk.length;
        heard(Math.min(1, here / Math.max(1, whole)));
        out.enqueue(chunk);
      },
    });
    return new Response(answer.body.pipeThrough(count), answer);
  };

/** The files of a shop's chats open only to whoever says that they act for it, which no `<img>` can say. */
export async function fetchFor(shopId: string, media: string, size?: number): Promise<string> {
  const key = `${media} ${size ?? ''}`;
  const known = local.get(media) ?? local.get(key);
  if (known) return known;
  const answer = await fetch(contentPath(media, size), {
    headers: { 'kirana-acting-for': shopId },
    credentials: 'same-origin',
  });
  if (!answer.ok) throw new Error(`The file could not be fetched: ${answer.status}.`);
  const url = URL.createObjectURL(await answer.blob());
  local.set(key, url);
  return url;
}
