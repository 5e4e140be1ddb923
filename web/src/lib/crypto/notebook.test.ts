import { describe, expect, test } from 'vitest';
import { uuid7 } from '#lib/values/ids.ts';
import { random } from './bytes.ts';
import { notebookCipher, openNotebook, sealNotebook } from './notebook.ts';

describe('the seal of the notebook', () => {
  test('opens with the same identity, for the same person, and not otherwise', async () => {
    const identity = random(32);
    const sealed = await sealNotebook(await notebookCipher(identity), '@a:kirana', 'Wörter 🌱');

    expect(await openNotebook(await notebookCipher(identity), '@a:kirana', sealed)).toBe(
      'Wörter 🌱',
    );
    expect(await openNotebook(await notebookCipher(identity), '@b:kirana', sealed)).toBeNull();
    expect(await openNotebook(await notebookCipher(random(32)), '@a:kirana', sealed)).toBeNull();
    expect(await openNotebook(await notebookCipher(identity), '@a:kirana', 'AAAA')).toBeNull();
  });

  test('has the same size for little and for a little more', async () => {
    const cipher = await notebookCipher(random(32));
    const sizes = await Promise.all(
      ['', 'one', 'one and two'].map(async (text) => (await sealNotebook(cipher, '', text)).length),
    );
    expect(new Set(sizes).size).toBe(1);
  });

  test('has room for all that may be kept', async () => {
    const convs = Array.from({ length: 60 }, () => uuid7());
    const at = Date.now();
    const notes = Array.from({ length: 1500 }, (_, n) => {
      const value = n < 1000 ? { conv: convs[n % 60], seq: n * 7, ts: at - n * 54_321 } : null;
      return [`star/${uuid7()}`, at - n * 12_345, value];
    });
    const cipher = await notebookCipher(random(32));
    const sealed = await sealNotebook(cipher, '@a:kirana', JSON.stringify({ v: 1, notes }));
    expect(sealed.length).toBeLessThanOrEqual(64 * 1024);
  });
});
