import { afterEach, expect, test, vi } from 'vitest';
import { Engine } from './engine.ts';
import type { Entry } from './entries.ts';
import type { Sealing } from './sealing.ts';

const sealed: Entry = { conv: 'c', seq: 1, id: 'm', k: 'message', from: 'mina', ts: 1, ct: '{}' };

let engine: Engine | undefined;

afterEach(() => {
  engine?.stop();
  vi.unstubAllGlobals();
});

test('keys that come while something is being opened open it', async () => {
  vi.stubGlobal('location', new URL('http://kirana.test/'));
  vi.stubGlobal(
    'WebSocket',
    class {
      close() {}
    },
  );
  const running = (engine = await Engine.start('ravi', []));
  let hasKey = false;
  const open: Sealing['open'] = (entries) => {
    if (hasKey) {
      return Promise.resolve(
        entries.map((one) => ({ ...one, body: { type: 'text', text: 'tea' } })),
      );
    }
    // The key is heard between the look and its answer.
    hasKey = true;
    running.tellKeys(['c']);
    return Promise.resolve(entries);
  };
  running.plug({ open } as unknown as Sealing);

  const [opened] = await running.open([sealed]);
  expect(opened?.body).toEqual({ type: 'text', text: 'tea' });
});
