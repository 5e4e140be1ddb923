import { beforeEach, describe, expect, test, vi } from 'vitest';
import { uuid7 } from '#lib/values/ids.ts';
import type { SealedFile, UploadState } from './media.ts';
import {
  CHUNK_BYTES,
  fetchChunk,
  fetchSealed,
  newUpload,
  openSealed,
  sealedSize,
  uploadSealed,
} from './media.ts';

// Megabytes are sealed here, on busy machines as well.
vi.setConfig({ testTimeout: 60_000 });

/** The media endpoints in memory. */
class Media {
  readonly parts = new Map<number, Uint8Array>();
  announced: { size_bytes: number; parts: number } | null = null;
  uploads: number[] = [];
  breakAfter = Infinity;

  readonly fetch = (async (path: string, init: RequestInit = {}) => {
    const url = String(path);
    if (init.method === 'POST') {
      this.announced = JSON.parse(init.body as string) as typeof this.announced;
      return Response.json({ arrived: [...this.parts.keys()] });
    }
    if (init.method === 'PUT') {
      if (this.uploads.length >= this.breakAfter) throw new TypeError('offline');
      const n = Number(url.split('/').at(-1));
      this.uploads.push(n);
      this.parts.set(n, new Uint8Array(await (init.body as Blob).arrayBuffer()));
      return Response.json({});
    }
    const all = this.bytes();
    const range = /bytes=(\d+)-(\d+)/.exec(new Headers(init.headers).get('range') ?? '');
    if (!range) return new Response(all);
    return new Response(all.slice(Number(range[1]), Number(range[2]) + 1), { status: 206 });
  }) as unknown as typeof fetch;

  bytes(): Uint8Array<ArrayBuffer> {
    const parts = [...this.parts].sort(([one], [other]) => one - other).map(([, part]) => part);
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((at, part) => {
      all.set(part, at);
      return at + part.length;
    }, 0);
    return all;
  }
}

let media: Media;
beforeEach(() => {
  media = new Media();
});

function file(size: number, seed = 7): File {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * seed) & 255;
  return new File([bytes], 'Grandmother.jpg', { type: 'image/jpeg' });
}

const upload = (source: Blob, state: UploadState = newUpload(uuid7()), more = {}) =>
  uploadSealed(source, state, { fetch: media.fetch, ...more });

const streamOf = (bytes: Uint8Array, step: number) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += step) {
        controller.enqueue(bytes.subarray(at, at + step));
      }
      controller.close();
    },
  });

const open = (bytes: Uint8Array, sealed: SealedFile, step = 70_000) =>
  new Response(openSealed(streamOf(bytes, step), sealed)).arrayBuffer();

describe('a sealed file', () => {
  test.each([0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 17])(
    'of %i bytes comes back as it was',
    async (size) => {
      const source = file(size);
      const sealed = await upload(source);
      const back = await fetchSealed(sealed, { fetch: media.fetch });

      expect(new Uint8Array(await back.arrayBuffer())).toEqual(
        new Uint8Array(await source.arrayBuffer()),
      );
      expect(back.type).toBe('image/jpeg');
      expect(media.bytes().length).toBe(sealedSize(size));
      expect(media.announced).toMatchObject({ size_bytes: sealedSize(size), kind: 'sealed' });
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', media.bytes()));
      expect(Buffer.from(hash).toString('hex')).toBe(sealed.sha256);
    },
  );

  test('shows the server neither bytes, name nor type', async () => {
    await upload(file(5000));
    const seen = JSON.stringify(media.announced) + Buffer.from(media.bytes()).toString('latin1');
    expect(seen).not.toMatch(/Grandmother|jpeg/);
  });

  test('can be entered in the middle', async () => {
    const source = file(3 * CHUNK_BYTES + 17);
    const sealed = await upload(source);
    for (const n of [2, 0, 3]) {
      const right = source.slice(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES);
      expect(await fetchChunk(sealed, n, { fetch: media.fetch })).toEqual(
        new Uint8Array(await right.arrayBuffer()),
      );
    }
  });

  test('opens in whatever pieces it comes', async () => {
    const source = file(CHUNK_BYTES + 100);
    const sealed = await upload(source);
    for (const step of [1000, CHUNK_BYTES, CHUNK_BYTES + 16, 5 * CHUNK_BYTES]) {
      const back = await open(media.bytes(), sealed, step);
      expect(back.byteLength).toBe(source.size);
    }
  });
});

describe('an upload', () => {
  test('goes on where it stopped, with the same bytes', async () => {
    const source = file(3 * CHUNK_BYTES);
    let kept = newUpload(uuid7());
    const keep = (state: UploadState) => {
      kept = structuredClone(state);
      return Promise.resolve();
    };
    media.breakAfter = 2;
    await expect(upload(source, kept, { keep })).rejects.toThrow('offline');
    media.breakAfter = Infinity;

    const sealed = await upload(source, kept, { keep });

    expect(media.uploads).toEqual([0, 1, 2]);
    const back = await open(media.bytes(), sealed);
    expect(back.byteLength).toBe(source.size);
  });

  test('of a file that has changed since takes no nonce twice', async () => {
    let kept = newUpload(uuid7());
    const keep = (state: UploadState) => {
      kept = state;
      return Promise.resolve();
    };
    media.breakAfter = 1;
    await expect(upload(file(2 * CHUNK_BYTES), kept, { keep })).rejects.toThrow('offline');
    media.breakAfter = Infinity;

    await expect(upload(file(2 * CHUNK_BYTES, 9), kept, { keep })).rejects.toThrow(
      'source-changed',
    );
    expect(media.uploads).toEqual([0]);
  });

  test('pauses, and tells how far it is', async () => {
    const stop = new AbortController();
    const told: number[] = [];
    const progress = (sent: number, all: number) => {
      told.push(sent / all);
      if (told.length === 2) stop.abort();
    };
    const going = upload(file(4 * CHUNK_BYTES), undefined, { signal: stop.signal, progress });

    await expect(going).rejects.toThrow('abort');
    expect(told).toEqual([0.25, 0.5]);
  });
});

describe('a file that was changed is refused', () => {
  const size = 2 * CHUNK_BYTES + 500;
  const sealedChunk = CHUNK_BYTES + 16;

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['one bit', (all) => all.with(CHUNK_BYTES + 99, all[CHUNK_BYTES + 99]! ^ 1)],
    ['the end cut off', (all) => all.slice(0, 2 * sealedChunk)],
    ['the last bytes cut off', (all) => all.slice(0, -1)],
    [
      'a chunk left out',
      (all) => new Uint8Array([...all.slice(0, sealedChunk), ...all.slice(2 * sealedChunk)]),
    ],
    [
      'two chunks swapped',
      (all) => {
        const swapped = all.slice();
        swapped.set(all.subarray(sealedChunk, 2 * sealedChunk), 0);
        swapped.set(all.subarray(0, sealedChunk), sealedChunk);
        return swapped;
      },
    ],
    ['something added', (all) => new Uint8Array([...all, ...all.slice(0, 600)])],
    ['nothing there', () => new Uint8Array(0)],
  ])('%s', async (_what, change) => {
    const sealed = await upload(file(size));
    await expect(open(change(media.bytes()), sealed)).rejects.toThrow('damaged-file');
  });

  test('another hash, another key, another size', async () => {
    const sealed = await upload(file(size));
    const all = media.bytes();
    const other = newUpload('x').key;
    for (const wrong of [{ sha256: '00' }, { key: other }, { size_bytes: size + CHUNK_BYTES }]) {
      await expect(open(all, { ...sealed, ...wrong })).rejects.toThrow('damaged-file');
    }
    media.parts.set(1, media.parts.get(0)!);
    await expect(fetchChunk(sealed, 1, { fetch: media.fetch })).rejects.toThrow('damaged-file');
  });
});
