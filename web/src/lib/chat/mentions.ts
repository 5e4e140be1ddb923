/** Speaking to somebody of a group by name. The words hold `@name`; the message says whose name that is. */

import type { Content, Entry, Mention } from '#lib/sync/index.ts';
import type { Card, Conversation } from './model.ts';
import { memberOf, nameOf } from './model.ts';

/** Whom one can speak to by name. */
export function mentionable(conversation: Conversation, own: string): readonly Card[] {
  if (conversation.kind !== 'private' || conversation.form !== 'group') return [];
  return conversation.members
    .filter(({ user_id, state }) => user_id !== own && state === 'joined')
    .flatMap(({ user_id }) => memberOf(conversation, user_id) ?? [])
    .filter(({ name }) => name !== '');
}

/** What is being typed after an @, up to the caret; null where nobody is being named. */
export function nameBeingTyped(text: string, caret: number): string | null {
  return /(?:^|[\s(])@([^\s@][^@\n]{0,39}|)$/u.exec(text.slice(0, caret))?.[1] ?? null;
}

/** Those whom it may become: any word of their name begins like that. */
export function matching(people: readonly Card[], typed: string): readonly Card[] {
  const wanted = typed.toLocaleLowerCase();
  return people.filter((card) => {
    const name = nameOf(card).toLocaleLowerCase();
    return (
      name.startsWith(wanted) ||
      name.split(/\s+/).some((word) => word.startsWith(wanted)) ||
      (wanted !== '' && (card.handle ?? '').startsWith(wanted))
    );
  });
}

/** The text with that name in place of what was typed of it, and where the caret stands then. */
export function named(text: string, caret: number, card: Card): { text: string; caret: number } {
  const begun = caret - (nameBeingTyped(text, caret)?.length ?? 0);
  const after = text.slice(caret);
  const name = `${nameOf(card)}${/^\s/.test(after) ? '' : ' '}`;
  return { text: text.slice(0, begun) + name + after, caret: begun + name.length };
}

export function mentionsIn(text: string, people: readonly Card[]): { mentions?: Mention[] } {
  const all = people.map((card): Mention => ({ user_id: card.id, name: nameOf(card) }));
  const called = new Set(splitByNames(text, all).flatMap(({ mention }) => mention ?? []));
  return called.size > 0 ? { mentions: all.filter((one) => called.has(one)) } : {};
}

interface Part {
  readonly text: string;
  readonly mention: Mention | null;
}

/** The text, cut where somebody is named; of two names that fit the longer one. */
export function splitByNames(text: string, mentions: readonly Mention[]): Part[] {
  const longest = mentions.toSorted((a, b) => b.name.length - a.name.length);
  const parts: Part[] = [];
  let done = 0;
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    if (at < done) continue;
    const mention = longest.find(({ name }) => isNamed(text, at, name));
    if (!mention) continue;
    const end = at + 1 + mention.name.length;
    if (at > done) parts.push({ text: text.slice(done, at), mention: null });
    parts.push({ text: text.slice(at, end), mention });
    done = end;
  }
  if (done < text.length) parts.push({ text: text.slice(done), mention: null });
  return parts;
}

/** As a whole: not in the middle of a word or of an address. */
const isNamed = (text: string, at: number, name: string): boolean =>
  name !== '' &&
  text.startsWith(name, at + 1) &&
  !/[\p{L}\p{N}]$/u.test(text.slice(0, at)) &&
  !/^[\p{L}\p{N}]/u.test(text.slice(at + 1 + name.length));

export const isMentioned = (body: Content | null | undefined, id: string): boolean =>
  !!body &&
  'mentions' in body &&
  Array.isArray(body.mentions) &&
  body.mentions.some((one: Mention | null) => one?.user_id === id);

/** Somebody else speaks to `own` by name in it. */
export const speaksTo = ({ from, body }: Entry, own: string): boolean =>
  from !== own && body !== undefined && 'type' in body && isMentioned(body as Content, own);
