/**
 * Where the wasm lives. Nothing else runs here, and nothing of it is ever in a page. The first call is `open`; the
 * lock of this person's store is held for as long as the worker lives, so no two ever have it open.
 */

import { initAsync } from '@matrix-org/matrix-sdk-crypto-wasm';
import { Machine } from './machine.ts';
import { isDeadly, onPanic } from './panic.ts';
import { problems } from './problems.ts';
import type { Frame } from './rpc.ts';
import { answer } from './rpc.ts';
import { lockNameOf } from './vault.ts';

interface Scope {
  onmessage: ((event: MessageEvent<Frame>) => void) | null;
  postMessage: (frame: Frame) => void;
}

const scope = self as unknown as Scope;
let machine: Promise<Machine> | null = null;

scope.onmessage = ({ data }) => {
  if (data.t === 'call') void reply(data);
};

onPanic((why) => scope.postMessage({ t: 'dead', why }));

async function reply(frame: Extract<Frame, { t: 'call' }>): Promise<void> {
  if (frame.method === 'open') {
    machine ??= open(frame.args[0] as string, frame.args[1] as string);
    scope.postMessage(await answer({ open: () => machine!.then(() => undefined) }, frame));
    return;
  }
  const target = await machine?.catch(() => null);
  if (!target) {
    const closed = { [frame.method]: () => Promise.reject(problems.notOpen()) };
    scope.postMessage(await answer(closed, frame));
    return;
  }
  const answered = await answer(target, frame);
  const isDead =
    answered.t === 'err' && 'message' in answered.error && isDeadly(answered.error.message);
  scope.postMessage(isDead ? { t: 'dead', why: `${frame.method}: panic` } : answered);
}

async function open(user: string, device: string): Promise<Machine> {
  await Promise.all([initAsync(), lock(lockNameOf(user))]);
  return Machine.open({
    user,
    device,
    fetch: (path, init) => fetch(path, init),
    tell: (what, news) => scope.postMessage({ t: 'news', what, news }),
  });
}

/** Ours until the worker ends. Where there are no locks (plain http at home), the engine's own care has to do. */
function lock(name: string): Promise<void> {
  if (!('locks' in navigator)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, () => {
        resolve();
        return new Promise<void>(() => undefined);
      })
      .catch(reject);
  });
}
