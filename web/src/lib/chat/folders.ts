/**
 * Folders of chats. All, unread, groups and shops are given; one's own stand in the notebook: each folder and each
 * chat in it as an item, so that two devices may arrange them at once.
 */

import { engine } from '#lib/sync/index.ts';
import { uuid7 } from '#lib/values/ids.ts';
import type { Conversation } from './model.ts';
import { isRequest } from './model.ts';

export interface Folder {
  readonly id: string;
  readonly name: string;
  readonly place: number;
}

/** What is shown of the chats: one of these, or the id of a folder. */
export const GIVEN = ['all', 'unread', 'groups', 'shops'] as const;
export type Given = (typeof GIVEN)[number];

const FOLDER = 'folder/';
const INSIDE = 'in/';
/** With fewer chats there is nothing to choose from. */
const MANY_CHATS = 6;
export const MAX_NAME = 30;

const insideOf = (folder: string): string => `${INSIDE}${folder}/`;
const notebook = () => engine().notebook;

export const listFolders = (): readonly Folder[] =>
  (notebook()?.list(FOLDER) ?? [])
    .flatMap(([id, value]) => (isFolder(value) ? [{ id, ...value }] : []))
    .sort((a, b) => a.place - b.place || (a.id < b.id ? -1 : 1));

export const chatsIn = (folder: string): ReadonlySet<string> =>
  new Set((notebook()?.list(insideOf(folder)) ?? []).map(([conv]) => conv));

/** Raises: `notebook-full`. Answers its id. */
export async function makeFolder(name: string): Promise<string> {
  const id = uuid7();
  const place = (listFolders().at(-1)?.place ?? 0) + 1;
  await notebook()?.write({ [FOLDER + id]: { name, place } });
  return id;
}

export async function renameFolder({ id, place }: Folder, name: string): Promise<void> {
  await notebook()?.write({ [FOLDER + id]: { name, place } });
}

/** Two neighbours change places. */
export async function moveFolder(folder: Folder, by: -1 | 1): Promise<void> {
  const all = [...listFolders()];
  const from = all.findIndex(({ id }) => id === folder.id);
  const to = from + by;
  if (from === -1 || to < 0 || to >= all.length) return;
  all.splice(to, 0, ...all.splice(from, 1));
  const moved = all.flatMap(({ id, name, place }, n) =>
    place === n + 1 ? [] : [[FOLDER + id, { name, place: n + 1 }] as const],
  );
  await notebook()?.write(Object.fromEntries(moved));
}

/** The chats stay where they are. Answers how to take that back. */
export async function deleteFolder({ id, name, place }: Folder): Promise<() => Promise<void>> {
  const chats = [...chatsIn(id)].map((conv) => insideOf(id) + conv);
  const gone = [FOLDER + id, ...chats].map((key) => [key, null]);
  await notebook()?.write(Object.fromEntries(gone) as Record<string, null>);
  return async () => {
    const back = Object.fromEntries(chats.map((key) => [key, true]));
    await notebook()?.write({ [FOLDER + id]: { name, place }, ...back });
  };
}

export async function putInto(folder: string, conv: string, isInside: boolean): Promise<void> {
  await notebook()?.write({ [insideOf(folder) + conv]: isInside ? true : null });
}

/** Which of the given ones there is something to choose from. */
export function givenOf(chats: readonly Conversation[], hasFolders: boolean): readonly Given[] {
  if (!hasFolders && chats.length < MANY_CHATS) return [];
  const some = (given: Given): boolean => {
    const is = passOf(given);
    return chats.some(is) && !chats.every(is);
  };
  return GIVEN.filter((given) => given === 'all' || given === 'unread' || some(given));
}

/** Whether a chat is shown there. */
export function passOf(view: string): (chat: Conversation) => boolean {
  switch (view) {
    case 'all':
      return () => true;
    case 'unread':
      return (chat) => chat.unread > 0 || isRequest(chat);
    case 'groups':
      return ({ form }) => form === 'group';
    case 'shops':
      return ({ other }) => other?.kind === 'business';
    default: {
      const chats = chatsIn(view);
      return ({ id }) => chats.has(id);
    }
  }
}

function isFolder(value: unknown): value is Omit<Folder, 'id'> {
  const { name, place } = (value ?? {}) as Partial<Folder>;
  return typeof name === 'string' && typeof place === 'number';
}
