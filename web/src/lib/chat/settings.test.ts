import { describe, expect, test } from 'vitest';
import type { Entry, Settings, SettingsChange } from '#lib/sync/index.ts';
import { fold } from '#lib/sync/index.ts';
import { changed, following, mayEdit, mayWrite, newest, settingsOf } from './settings.ts';
import type { Conversation } from './model.ts';

const said = (seq: number, settings: Settings, isMembers = false): Entry => ({
  conv: 'c',
  seq,
  k: 'message',
  id: `s${seq}`,
  from: isMembers ? 'meera' : 'ravi',
  ts: seq,
  quiet: true,
  body: { type: 'settings', ...settings },
  seal: { state: 'open', doubt: null, isSerious: false, ...(isMembers && { isMembers: true }) },
});

const group = (settings: Entry | null, admin_settings: Entry | null = null): Conversation =>
  ({
    kind: 'private',
    form: 'group',
    state: 'joined',
    role: 'member',
    writers: 'everybody',
    editors: 'everybody',
    settings,
    admin_settings,
  }) as unknown as Conversation;

describe('whom a device believes', () => {
  const open = said(1, { title: 'Tea', editors: 'everybody', list: 'L' });
  const shut = said(1, { title: 'Tea', editors: 'admins', list: 'L' });

  test('an admin, by the members’ own list', () => {
    expect(settingsOf(group(shut))).toMatchObject({ title: 'Tea' });
  });

  test('somebody else where an admin said so before', () => {
    const theirs = said(2, { title: 'Coffee', pins: [{ id: 'a', seq: 1 }] }, true);
    expect(settingsOf(group(theirs, open))).toMatchObject({ title: 'Coffee' });
    expect(mayEdit(group(theirs, open))).toBe(true);
  });

  test('nobody else, whatever the server and they themselves say', () => {
    const theirs = said(2, { title: 'Coffee', editors: 'everybody' }, true);
    expect(settingsOf(group(theirs, shut))).toMatchObject({ title: 'Tea' });
    expect(settingsOf(group(theirs))).toEqual({});
    expect(settingsOf(group(theirs, said(1, { editors: 'everybody' }, true)))).toEqual({});
    expect(mayEdit(group(theirs, shut))).toBe(false);
  });

  test('not what was said before the admin’s word', () => {
    const theirs = said(2, { title: 'Coffee' }, true);
    const later = said(3, { title: 'Tea', editors: 'everybody' });
    expect(settingsOf(group(theirs, later))).toMatchObject({ title: 'Tea' });
  });

  test('either of two', () => {
    const direct = { ...group(said(4, { pins: [{ id: 'a', seq: 1 }] })), form: 'direct' as const };
    expect(settingsOf(direct).pins).toHaveLength(1);
    expect(mayEdit(direct)).toBe(true);
  });

  test('what is heard takes its place, and the admin’s stays beside it', () => {
    const theirs = said(2, { title: 'Coffee' }, true);
    const known = following(group(open), theirs);
    expect(known).toEqual({ settings: theirs, admin_settings: open });
    const again = following(group(theirs, open), said(3, { title: 'Cocoa' }, true));
    expect(again.admin_settings).toBe(open);
    const admins = said(4, { title: 'Tea' });
    expect(following(group(theirs, open), admins)).toEqual({
      settings: admins,
      admin_settings: null,
    });
  });
});

test('where only admins write the others do not', () => {
  const quiet: Conversation = { ...group(null), writers: 'admins' };
  expect(mayWrite(quiet)).toBe(false);
  expect(mayWrite({ ...quiet, role: 'admin' })).toBe(true);
  expect(mayWrite({ ...quiet, form: 'direct' })).toBe(true);
});

describe('a change', () => {
  const pin = (id: string): SettingsChange => ({ pin: { id, seq: Number(id) } });
  const ids = (settings: Settings) => settings.pins?.map(({ id }) => id);

  test('keeps what others set', () => {
    const before: Settings = { title: 'Tea', description: 'For tea', pins: [{ id: '1', seq: 1 }] };
    const after = changed(changed(before, pin('2')), { title: 'Coffee' });
    expect(after).toMatchObject({ title: 'Coffee', description: 'For tea' });
    expect(ids(after)).toEqual(['1', '2']);
  });

  test('pins three at most, each once, and the newest last', () => {
    const four = ['1', '2', '3', '4'].map(pin).reduce(changed, {});
    expect(ids(four)).toEqual(['2', '3', '4']);
    expect(ids(changed(four, pin('3')))).toEqual(['2', '4', '3']);
    expect(ids(changed(four, { unpin: '3' }))).toEqual(['2', '4']);
    expect(ids(changed(four, { ...pin('5'), unpin: '3' }))).toEqual(['2', '4', '5']);
  });

  test('takes the file of a photo along with it', () => {
    const files = { a: { media_id: 'a', key: 'k', size_bytes: 1, sha256: '', mime: 'image/webp' } };
    const photo = { media: 'a', thumb: 'data:' };
    const renamed = changed({ photo, files }, { title: 'Tea' });
    expect(renamed).toMatchObject({ photo, files });
    expect(changed(renamed, { photo: null })).toMatchObject({
      photo: undefined,
      files: undefined,
    });
  });
});

test('settings are told in lines of what is new in them', () => {
  const items = fold([
    said(1, { title: 'Tea', did: [{ title: 'Tea' }, { add: 'omar' }] }),
    said(2, { title: 'Tea', did: [{ pin: { id: 'a', seq: 1 }, unpin: 'b' }, { photo: null }] }),
    said(3, { title: 'Tea' }),
  ]);
  expect(items.map((item) => item.kind === 'change' && item.change?.change)).toEqual([
    'title',
    'pinned',
    'no-photo',
  ]);
  expect(new Set(items.map(({ id }) => id)).size).toBe(3);
});

describe('what is served again', () => {
  const first = said(1, { title: 'Tea', editors: 'everybody', list: 'L' });
  const second = said(5, { title: 'Coffee', editors: 'admins', list: 'L' });
  const nothing = { settings: null, admin_settings: null };
  const of = (settings: Entry | null, admin_settings: Entry | null = null) => ({
    settings,
    admin_settings,
  });
  const title = (told: ReturnType<typeof of>, kept: ReturnType<typeof of>) => {
    const { settings, admin_settings } = newest(told, kept);
    return settingsOf(group(settings, admin_settings)).title;
  };

  test('changes nothing when it is older', () => {
    expect(title(of(first), of(second))).toBe('Coffee');
    expect(title(nothing, of(second))).toBe('Coffee');
    expect(title(of(second), of(first))).toBe('Coffee');
    expect(title(of(second), nothing)).toBe('Coffee');
  });

  test('changes nothing when it was made up', () => {
    const refused: Entry = {
      ...said(9, {}),
      body: undefined,
      seal: { state: 'refused', why: 'moved' },
    };
    expect(title(of(refused), of(second))).toBe('Coffee');
    expect(title(of(refused), nothing)).toBe(undefined);
  });

  test('gives nobody back what an admin took from them', () => {
    const theirs = said(7, { title: 'Mine' }, true);
    expect(title(of(theirs, first), of(second))).toBe('Coffee');
    expect(title(of(theirs, first), of(said(6, { title: 'Hers' }, true), second))).toBe('Coffee');
    expect(title(of(theirs, first), nothing)).toBe('Mine');
  });
});
