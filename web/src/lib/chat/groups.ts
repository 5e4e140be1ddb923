/**
 * Private groups, as their members and admins act on them. The server keeps who is in; an admin's device says it too,
 * in a sealed list, and only who is on both gets keys. So a change is two steps: the server's, and the next list, which
 * is said with the settings.
 */

import { api } from '#lib/api/index.ts';
import { keys } from '#lib/crypto/index.ts';
import { uuid7 } from '#lib/values/ids.ts';
import { announce, audienceOf, known, pending, settle } from './announcing.ts';
import { prepareGroupPhoto } from './group-photo.ts';
import type { Inbox } from './inbox.svelte.ts';
import type { Conversation } from './model.ts';

interface Named {
  readonly title?: string;
  readonly description?: string;
}

type Circle = 'everybody' | 'admins';

export interface Invitation {
  readonly code: string;
  readonly expires_at: number;
}

export async function beginGroup(
  inbox: Inbox,
  title: string,
  memberIds: readonly string[],
): Promise<string> {
  const id = uuid7();
  const begun = await api.post<Conversation>('/v1/conversations', {
    id,
    kind: 'private',
    form: 'group',
    member_ids: memberIds,
  });
  inbox.keep(begun);
  await announce(inbox, id, { title });
  return id;
}

export const nameGroup = (inbox: Inbox, conv: string, named: Named): Promise<void> =>
  announce(inbox, conv, named);

export const setPhoto = async (inbox: Inbox, conv: string, file: File): Promise<void> => {
  const { photo, upload } = await prepareGroupPhoto(file);
  await announce(inbox, conv, { photo }, [upload]);
};

export const removePhoto = (inbox: Inbox, conv: string): Promise<void> =>
  announce(inbox, conv, { photo: null });

export const setWriters = async (inbox: Inbox, conv: string, writers: Circle): Promise<void> =>
  inbox.keep(await api.put<Conversation>(`/v1/conversations/${conv}/permissions`, { writers }));

/** The server lets them, and an admin's sealed word makes the others believe them. */
export async function setEditors(inbox: Inbox, conv: string, editors: Circle): Promise<void> {
  const path = `/v1/conversations/${conv}/permissions`;
  inbox.keep(await api.put<Conversation>(path, { editors }));
  await announce(inbox, conv, { editors });
}

export async function addMember(inbox: Inbox, conv: string, user: string): Promise<void> {
  inbox.keep(await api.put<Conversation>(memberPath(conv, user), {}));
  await letIn(inbox, conv, user);
}

/** Somebody is in by the server already, as by a link, and now by an admin too. */
export const letIn = (inbox: Inbox, conv: string, user: string): Promise<void> =>
  announce(inbox, conv, { add: user });

export async function removeMember(inbox: Inbox, conv: string, user: string): Promise<void> {
  await api.del(memberPath(conv, user));
  await inbox.refresh(conv);
  await announce(inbox, conv, { remove: [user] });
}

export async function setAdmin(
  inbox: Inbox,
  conv: string,
  user: string,
  isAdmin: boolean,
): Promise<void> {
  const role = isAdmin ? 'admin' : 'member';
  inbox.keep(await api.put<Conversation>(memberPath(conv, user), { role }));
  await announce(inbox, conv, { admin: { user_id: user, is: isAdmin } });
}

/** Leaves. The last admin first makes one of whoever has been here longest: nobody could later. */
export async function leaveGroup(inbox: Inbox, conv: string): Promise<void> {
  const { members } = known(inbox, conv);
  const others = members
    .filter(({ user_id, state }) => user_id !== inbox.own && state === 'joined')
    .sort((a, b) => a.joined_seq - b.joined_seq);
  const isLast = !others.some(({ role }) => role === 'admin');
  const heir = others[0];
  const mine = members.find(({ user_id }) => user_id === inbox.own);
  if (mine?.role === 'admin' && isLast && heir) {
    await setAdmin(inbox, conv, heir.user_id, true);
    await settle(inbox, conv);
  }
  await api.del(memberPath(conv, inbox.own));
}

export const setTimer = async (inbox: Inbox, conv: string, timer_s: number): Promise<void> =>
  inbox.keep(await api.put<Conversation>(`/v1/conversations/${conv}/timer`, { timer_s }));

/** Who came by the server alone: they get no keys until an admin says that they belong here. */
export async function outsiders(inbox: Inbox, conv: string): Promise<readonly string[]> {
  if (!keys.isReady) return [];
  const { unlisted } = await keys.crypto.roster(audienceOf(known(inbox, conv)));
  return unlisted;
}

/** What an admin's device puts in order by itself: a first list that was never said, somebody who has left. */
export async function tidy(inbox: Inbox, conv: string): Promise<void> {
  const conversation = known(inbox, conv);
  if (!keys.isReady || conversation.role !== 'admin' || pending(inbox, conv).length > 0) return;
  const { list, gone } = await keys.crypto.roster(audienceOf(conversation));
  if (list === null) {
    await inbox.refresh(conv);
    if (known(inbox, conv).settings === null) await announce(inbox, conv);
  } else if (list?.admins.includes(inbox.own) && gone.length > 0) {
    await announce(inbox, conv, { remove: gone });
  }
}

export const inviteByLink = (conv: string): Promise<Invitation> =>
  api.post(`/v1/conversations/${conv}/invitations`);

export const revokeInvitation = (code: string): Promise<void> => api.del(`/v1/invitations/${code}`);

export async function joinGroup(inbox: Inbox, code: string): Promise<string> {
  const joined = await api.put<Conversation>(`/v1/invitations/${code}/acceptance`);
  inbox.keep(joined);
  return joined.id;
}

const memberPath = (conv: string, user: string): string =>
  `/v1/conversations/${conv}/members/${user}`;
