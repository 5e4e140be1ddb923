/** Files that go in parts without being sealed: videos for those who can read them anyway. */

import type { call } from '#lib/api/client.ts';
import type { Upload } from './outbox.ts';
import type { Watch } from './sealing.ts';

const PART_BYTES = 1024 * 1024;

/** Brings a file to the server part by part; called again, it goes on with the first that is missing. */
export async function uploadInParts(
  { media, file }: Upload,
  { signal, progress }: Watch,
  actingFor: string | null,
  send: typeof call,
): Promise<void> {
  const parts = Math.max(1, Math.ceil(file.size / PART_BYTES));
  const path = '/v1/media-uploads';
  const announced = { id: media, kind: 'video', size_bytes: file.size, parts };
  const options = { actingFor, signal };
  const { arrived } = await send<{ arrived: number[] }>('POST', path, announced, options);
  for (let n = 0; n < parts; n++) {
    signal.throwIfAborted();
    const part = file.slice(n * PART_BYTES, (n + 1) * PART_BYTES, 'application/octet-stream');
    if (!arrived.includes(n)) await send('PUT', `${path}/${media}/parts/${n}`, part, options);
    progress(Math.min((n + 1) * PART_BYTES, file.size));
  }
}
