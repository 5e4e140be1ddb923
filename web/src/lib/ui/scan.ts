/**
 * Reads QR codes in pictures. The reader is a megabyte of WebAssembly: it is fetched, from this server, when
 * somebody first scans.
 */

import wasmUrl from 'zxing-wasm/reader/zxing_reader.wasm?url';

/** What a code says: as text, and as the bytes that stand in it. */
export interface Found {
  readonly text: string;
  readonly bytes: Uint8Array;
}

export type Reader = (picture: Blob | ImageData) => Promise<readonly Found[]>;

let reader: Promise<Reader> | null = null;

/** The reader, once it is there; asked again when fetching it failed. */
export function loadReader(): Promise<Reader> {
  return (reader ??= load().catch((error: unknown) => {
    reader = null;
    throw error;
  }));
}

async function load(): Promise<Reader> {
  const { prepareZXingModule, readBarcodes } = await import('zxing-wasm/reader');
  // Without this it would be fetched from somewhere else, which the page's policy refuses.
  const overrides = { locateFile: () => wasmUrl };
  await prepareZXingModule({ overrides, fireImmediately: true });
  return async (picture) => {
    const found = await readBarcodes(picture, { formats: ['QRCode'], maxNumberOfSymbols: 4 });
    return found.filter(({ isValid }) => isValid).map(({ text, bytes }) => ({ text, bytes }));
  };
}
