import { describe, expect, test } from 'vitest';
import { givenOf, passOf } from './folders.ts';
import type { Conversation } from './model.ts';

const chat = (more: Partial<Conversation> = {}): Conversation =>
  ({ id: 'c', form: 'direct', state: 'joined', unread: 0, other: null, ...more }) as Conversation;
const group = chat({ form: 'group' });
const shop = chat({ other: { kind: 'business' } as Conversation['other'] });
const asked = chat({ state: 'requested' });
const fresh = chat({ unread: 2 });

describe('which chats are shown', () => {
  test('by what is given', () => {
    const all = [chat(), group, shop, asked, fresh];
    expect(all.filter(passOf('all'))).toEqual(all);
    expect(all.filter(passOf('groups'))).toEqual([group]);
    expect(all.filter(passOf('shops'))).toEqual([shop]);
    expect(all.filter(passOf('unread'))).toEqual([asked, fresh]);
  });

  test('nothing is offered where there is nothing to choose from', () => {
    const few = [chat(), group];
    const many = [chat(), group, ...Array.from({ length: 5 }, () => chat())];
    expect(givenOf(few, false)).toEqual([]);
    expect(givenOf(few, true)).toEqual(['all', 'unread', 'groups']);
    expect(givenOf(many, false)).toEqual(['all', 'unread', 'groups']);
    expect(
      givenOf(
        Array.from({ length: 9 }, () => group),
        false,
      ),
    ).toEqual(['all', 'unread']);
  });
});
