import { expect, test } from 'vitest';
import type { Entry } from '#lib/sync/index.ts';
import type { Crypto, Opened } from './model.ts';
import { problems } from './problems.ts';
import { Sealer } from './sealer.ts';

const entry: Entry = {
  conv: 'group',
  seq: 7,
  id: 'hers',
  k: 'message',
  from: 'mina',
  ts: 1,
  ct: '{}',
};

const open: Opened = {
  state: 'open',
  id: 'hers',
  content: { type: 'text', text: 'I am back' },
  at: 1,
  device: null,
  shield: { color: 'none', why: null },
  proof: { k: '', c: '' },
  list: 'current',
  isByAdmin: false,
};

const refused = (why: Extract<Opened, { state: 'refused' }>['why']): Opened => ({
  state: 'refused',
  id: 'hers',
  why,
});

/** The crypto gives these answers, one after another; says how often it was asked. */
function sealerOf(...answers: Opened[]): { sealer: Sealer; asked: () => number } {
  const all = answers.length;
  const decrypt: Crypto['decrypt'] = () => Promise.resolve(answers.splice(0, 1));
  const never = () => Promise.reject(new Error('Not asked for here.'));
  const sealer = new Sealer({ decrypt, encrypt: never, take: never, resync: never });
  return { sealer, asked: () => all - answers.length };
}

test('whoever was no member is heard once a list says that they are one', async () => {
  const { sealer } = sealerOf(refused('not-a-member'), refused('not-a-member'), open);

  for (let tries = 0; tries < 2; tries++) {
    const [before] = await sealer.open([entry]);
    expect(before?.seal).toEqual({ state: 'refused', why: 'not-a-member' });
  }
  const [after] = await sealer.open([entry]);
  expect(after?.body).toEqual({ type: 'text', text: 'I am back' });
});

test('what was opened, and what is refused for good, is not opened again', async () => {
  for (const answer of [open, refused('moved')]) {
    const { sealer, asked } = sealerOf(answer, open);

    const [first] = await sealer.open([entry]);
    const [second] = await sealer.open([entry]);
    expect(second).toBe(first);
    expect(asked()).toBe(1);
  }
});

test('what was asked while the worker was started again is asked once more', async () => {
  const answers = [Promise.reject(problems.restarted()), Promise.resolve([open])];
  const never = () => Promise.reject(new Error('Not asked for here.'));
  const decrypt: Crypto['decrypt'] = () => answers.shift() ?? never();
  const sealer = new Sealer({ decrypt, encrypt: never, take: never, resync: never });

  const [opened] = await sealer.open([entry]);
  expect(opened?.body).toEqual({ type: 'text', text: 'I am back' });
});
