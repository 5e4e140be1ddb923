import { describe, expect, test } from 'vitest';
import type { Content, Entry, Mention } from '#lib/sync/index.ts';
import { isLarge, loadEmoji, searchEmoji } from './emoji.ts';
import { again, canTake, filesIn, isForwardable, withFiles } from './forward.ts';
import { takeApart } from './marks.ts';
import { matching, mentionsIn, named, nameBeingTyped, speaksTo, splitByNames } from './mentions.ts';
import type { Card, Conversation } from './model.ts';

const card = (id: string, name: string): Card => ({
  id,
  kind: 'person',
  name,
  handle: id,
  photo_id: null,
});
const RAVI = card('ravi', 'Ravi');
const RAVI_K = card('rk', 'Ravi Kumar');
const MINA = card('mina', 'Mina (Pune)');
const PEOPLE = [RAVI, RAVI_K, MINA];

describe('forwarding', () => {
  const file = { media_id: 'a', key: 'k', size_bytes: 1, sha256: '', mime: 'image/webp' };
  const photos: Content = {
    type: 'image',
    items: [{ media: 'a', width: 2, height: 1, thumb: 'data:' }],
    caption: 'Look, @Ravi',
    mentions: [{ user_id: 'ravi', name: 'Ravi' }],
    reply_to: { id: 'm1', quote: 'Show me' },
    files: { a: file },
  };

  test('takes words and files along, and leaves behind whom it answered and named', () => {
    expect(again(photos)).toEqual({
      type: 'image',
      items: photos.items,
      caption: 'Look, @Ravi',
      files: { a: file },
      forwarded: true,
    });
  });

  test('gives files of its own to the other kind of conversation, and no key', () => {
    const moved = withFiles(again(photos), new Map([['a', 'b']]));
    expect(moved).toMatchObject({ items: [{ media: 'b', width: 2, height: 1, thumb: 'data:' }] });
    expect(moved).not.toHaveProperty('files');
    const voice: Content = { type: 'voice', media: 'a', duration_s: 3, files: { a: file } };
    expect(withFiles(voice, new Map([['a', 'b']]))).toEqual({
      type: 'voice',
      media: 'b',
      duration_s: 3,
    });
  });

  test('takes videos along with the photos beside them', () => {
    const items = [{ media: 'a', width: 2, height: 1, duration_s: 4 }, ...photos.items];
    const film: Content = { ...photos, type: 'video', items };
    expect(isForwardable(film)).toBe(true);
    expect(filesIn(film).map(({ kind }) => kind)).toEqual(['video', 'image']);
    const moved = withFiles(again(film), new Map([['a', 'b']]));
    expect(moved).toMatchObject({ type: 'video', items: [{ media: 'b' }, { media: 'b' }] });
  });

  test('is for what was said, not for what was done to it', () => {
    expect(isForwardable({ type: 'location', lat: 1, lon: 2 })).toBe(true);
    expect(isForwardable({ type: 'reaction', target_id: 'm', emoji: '👍' })).toBe(false);
    expect(isForwardable({ type: 'hologram' } as never)).toBe(false);
    expect(isForwardable(null)).toBe(false);
  });

  test('goes only where it can be said now', () => {
    const other = { kind: 'private', form: 'direct', other: RAVI } as unknown as Conversation;
    const joined = [{ user_id: 'ravi', state: 'requested' }];
    const asking = { ...other, state: 'joined', members: joined } as unknown as Conversation;
    expect(canTake(asking, { type: 'text', text: 'Hello' })).toBe(true);
    expect(canTake(asking, photos)).toBe(false);
    expect(canTake({ ...asking, state: 'requested' }, { type: 'text', text: 'Hello' })).toBe(false);
    expect(canTake({ ...asking, state: 'left' }, { type: 'text', text: 'Hello' })).toBe(false);
    expect(filesIn({ type: 'contact', people: [] })).toEqual([]);
  });
});

describe('naming somebody', () => {
  test('begins with an @ that begins a word', () => {
    expect(nameBeingTyped('@', 1)).toBe('');
    expect(nameBeingTyped('Hi @ra', 6)).toBe('ra');
    expect(nameBeingTyped('Hi (@Ravi Ku', 12)).toBe('Ravi Ku');
    expect(nameBeingTyped('Hi @ra there', 6)).toBe('ra');
    expect(nameBeingTyped('ravi@example', 12)).toBeNull();
    expect(nameBeingTyped('@ravi\nand', 9)).toBeNull();
    expect(nameBeingTyped('at @ four', 9)).toBeNull();
  });

  test('offers by any word of the name, and by handle', () => {
    expect(matching(PEOPLE, '')).toEqual(PEOPLE);
    expect(matching(PEOPLE, 'ku')).toEqual([RAVI_K]);
    expect(matching(PEOPLE, 'ravi')).toEqual([RAVI, RAVI_K]);
    expect(matching(PEOPLE, 'rk')).toEqual([RAVI_K]);
    expect(matching(PEOPLE, 'zed')).toEqual([]);
  });

  test('writes the name where it was begun', () => {
    expect(named('Hi @ra', 6, RAVI)).toEqual({ text: 'Hi @Ravi ', caret: 9 });
    expect(named('Hi @ra there', 6, RAVI)).toEqual({ text: 'Hi @Ravi there', caret: 8 });
  });

  test('means the longest name that stands there as a whole', () => {
    const said = (text: string) => mentionsIn(text, PEOPLE).mentions?.map((it) => it.user_id);
    expect(said('@Ravi Kumar and @Mina (Pune)')).toEqual(['rk', 'mina']);
    expect(said('@Ravi, are you there?')).toEqual(['ravi']);
    expect(said('@Ravindra or me@Ravi')).toBeUndefined();
    expect(said('nobody')).toBeUndefined();
  });

  test('loses no letter of the text', () => {
    const names: Mention[] = PEOPLE.map(({ id, name }) => ({ user_id: id, name }));
    for (const text of ['@Ravi', 'a @Ravi @Ravi Kumar b', '@@Ravi @', '', '@Mina (Pune)!']) {
      expect(
        splitByNames(text, names)
          .map((part) => part.text)
          .join(''),
      ).toBe(text);
    }
  });

  test('is drawn within marks, and never within code', () => {
    const names = [{ user_id: 'ravi', name: 'Ravi' }];
    expect(takeApart('*ask @Ravi* or `@Ravi`', names)).toEqual([
      {
        kind: 'strong',
        pieces: [
          { kind: 'text', text: 'ask ' },
          { kind: 'mention', text: '@Ravi', userId: 'ravi' },
        ],
      },
      { kind: 'text', text: ' or ' },
      { kind: 'code', text: '@Ravi' },
    ]);
  });

  test('speaks to somebody else only, whatever shape it has', () => {
    const entry = (mentions: unknown): Entry =>
      ({ from: 'mina', body: { type: 'text', text: '@Ravi', mentions } }) as unknown as Entry;
    expect(speaksTo(entry([{ user_id: 'ravi', name: 'Ravi' }]), 'ravi')).toBe(true);
    expect(speaksTo(entry([{ user_id: 'ravi', name: 'Ravi' }]), 'mina')).toBe(false);
    expect(speaksTo(entry('ravi'), 'ravi')).toBe(false);
    expect(speaksTo(entry([null]), 'ravi')).toBe(false);
  });
});

describe('emoji', () => {
  test('are found by name and by what they stand for', async () => {
    const groups = await loadEmoji();
    const found = (words: string) => searchEmoji(groups, words).map(({ char }) => char);
    expect(groups.map(({ name }) => name)).toContain('Food & Drink');
    expect(found('teacup')[0]).toBe('🍵');
    expect(found('party')).toContain('🎉');
    expect(found('HEART red')[0]).toBe('❤️');
    expect(found('qqqq')).toEqual([]);
  });

  test('are large when there are one to three and nothing else', () => {
    for (const text of ['🎉', '❤️', '👍🏽 👍', '👨‍👩‍👧', '🇮🇳🇮🇳🇮🇳', '1️⃣'])
      expect(isLarge(text)).toBe(true);
    for (const text of ['', '🎉🎉🎉🎉', 'ok 👍', '123', '©', '#', 'नमस्ते'])
      expect(isLarge(text)).toBe(false);
  });
});
