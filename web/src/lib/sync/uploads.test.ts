import { describe, expect, test, vi } from 'vitest';
import { openDatabase } from './database.ts';
import { Outbox } from './outbox.svelte.ts';
import type { Sealing, UploadState } from './sealing.ts';

/** A busy machine takes its time. */
const PATIENCE = { timeout: 30_000 };
vi.setConfig({ testTimeout: 60_000 });

const MEDIA = { path: '', media: 'film', file: new Blob(['film']) };
const WORDS = { type: 'text', text: 'words' } as const;

/** Uploads until it is stopped; one that `goes` arrives at once. */
function slow() {
  const told = { goes: false, from: [] as (string | UploadState)[] };
  const upload: Sealing['upload'] = async (file, from, keep, { signal, progress }) => {
    told.from.push(from);
    const state = typeof from === 'string' ? { id: from, key: 'key', chunks: ['one'] } : from;
    await keep(state);
    progress(file.size / 2);
    if (!told.goes) {
      await new Promise<void>((_, fail) =>
        signal.addEventListener('abort', () => fail(signal.reason as Error)),
      );
    }
    return { media_id: state.id, key: state.key, size_bytes: 4, sha256: '', mime: '' };
  };
  const seal: Sealing['seal'] = (_conv, id) => Promise.resolve({ ct: id, rev: '1.1', com: '' });
  return { told, sealing: { upload, seal } as unknown as Sealing };
}

async function outboxOf(user: string) {
  const sent: string[] = [];
  const db = await openDatabase(user);
  const outbox = new Outbox(db, user, ((_m: string, _path: string, body: { id: string }) =>
    Promise.resolve(void sent.push(body.id))) as never);
  await outbox.open();
  return { outbox, sent };
}

const message = (id: string) => ({ id, lane: 'c', path: `/c/${id}`, body: { id } });

describe('files on their way', () => {
  test('what is stopped lets the rest go, and goes on with what it had', async () => {
    const { outbox, sent } = await outboxOf('stops');
    const { told, sealing } = slow();
    outbox.plug(sealing);
    outbox.drain();
    await outbox.add({ ...message('film'), uploads: [MEDIA], private: WORDS });
    await expect.poll(() => outbox.progress['film'], PATIENCE).toBe(0.5);

    await outbox.add({ ...message('words'), private: WORDS });
    await outbox.pause('film');
    await expect.poll(() => sent, PATIENCE).toEqual(['words']);
    told.goes = true;
    await outbox.pause('film', false);

    await expect.poll(() => sent, PATIENCE).toEqual(['words', 'film']);
    expect(told.from).toEqual(['film', { id: 'film', key: 'key', chunks: ['one'] }]);
    outbox.close();
  });

  test('what is given up under way is not sent', async () => {
    const { outbox, sent } = await outboxOf('gives up');
    outbox.plug(slow().sealing);
    outbox.drain();
    await outbox.add({ ...message('film'), uploads: [MEDIA], private: WORDS });
    await expect.poll(() => outbox.progress['film'], PATIENCE).toBe(0.5);

    await outbox.remove('film');
    await outbox.add({ ...message('words'), private: WORDS });

    await expect.poll(() => sent, PATIENCE).toEqual(['words']);
    expect(outbox.items).toEqual([]);
    outbox.close();
  });

  test('what is said again does not seal its files with another key', async () => {
    const { outbox, sent } = await outboxOf('again');
    const { told, sealing } = slow();
    told.goes = true;
    outbox.plug(sealing);
    await outbox.add({ ...message('film'), uploads: [MEDIA], private: WORDS });
    const [before] = outbox.items;
    const files = { film: await sealing.upload(MEDIA.file, 'film', async () => {}, never) };
    const refused = { ...before!, private: { ...before!.private!, files } };
    await outbox.remove('film');

    await outbox.add({
      ...message('again'),
      uploads: [MEDIA],
      private: WORDS,
      before: refused,
    });
    outbox.drain();

    await expect.poll(() => sent, PATIENCE).toEqual(['again']);
    expect(told.from).toHaveLength(1);
    outbox.close();
  });
});

const never = { signal: new AbortController().signal, progress: () => {} };
