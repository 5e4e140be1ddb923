/**
 * Private groups, as their members and admins act on them. The server keeps who is in; an admin's device says it too,
 * in a sealed list, and only who is on both gets keys. So a change is two steps: the server's, and the next list, which
 * waits in the outbox like any message.
 */

import { api, Problem } from '#lib/api/index.ts';
import type { Audience } from '#lib/crypto/index.ts';
import { keys } from '#lib/crypto/index.ts';
import type { Entry } from '#lib/sync/index.ts';
import { engine } from '#lib/sync/index.ts';
import { uuid7 } from '#lib/values/ids.ts';
import type { Inbox } from './inbox.svelte.ts';
import type { Conversation } from './model.ts';
import { bodyOf, settingsOf } from './model.ts';

/** Who is in, and who of them decides. */
interface Circle {
  readonly members: readonly string[];
  readonly admins: readonly string[];
}

interface Named {
  readonly title?: string;
  readonly description?: string;
}

export interface Invitation {
  readonly code: string;
  readonly expires_at: number;
}

const SETTLE_MS = 15_000;
const LOOK_MS = 150;
/** The number of the last list that was said here, by conversation. */
const said = new Map<string, number>();

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

export async function addMember(inbox: Inbox, conv: string, user: string): Promise<void> {
  inbox.keep(await api.put<Conversation>(memberPath(conv, user), {}));
  await letIn(inbox, conv, user);
}

/** Somebody is in by the server already, as by a link, and now by an admin too. */
export const letIn = (inbox: Inbox, conv: string, user: string): Promise<void> =>
  announce(inbox, conv, {}, ({ members, admins }) => ({ members: [...members, user], admins }));

export async function removeMember(inbox: Inbox, conv: string, user: string): Promise<void> {
  await api.del(memberPath(conv, user));
  await inbox.refresh(conv);
  await announce(inbox, conv, {}, without([user]));
}

export async function setAdmin(
  inbox: Inbox,
  conv: string,
  user: string,
  isAdmin: boolean,
): Promise<void> {
  const role = isAdmin ? 'admin' : 'member';
  inbox.keep(await api.put<Conversation>(memberPath(conv, user), { role }));
  await announce(inbox, conv, {}, ({ members, admins }) => ({
    members,
    admins: isAdmin ? [...admins, user] : admins.filter((id) => id !== user),
  }));
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
  if (list === null && !said.has(conv)) {
    await inbox.refresh(conv);
    if (known(inbox, conv).settings === null) await announce(inbox, conv, {});
  } else if (list?.admins.includes(inbox.own) && gone.length > 0) {
    await announce(inbox, conv, {}, without(gone));
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

const without =
  (ids: readonly string[]) =>
  ({ members, admins }: Circle): Circle => ({
    members: members.filter((id) => !ids.includes(id)),
    admins: admins.filter((id) => !ids.includes(id)),
  });

function known(inbox: Inbox, conv: string): Conversation {
  const conversation = inbox.find(conv);
  if (!conversation) throw new Error('A group is known before it is changed.');
  return conversation;
}

/** Says the next list, and with it what the group is called. Raises: `not-admin`. */
async function announce(
  inbox: Inbox,
  conv: string,
  named: Named,
  change: (before: Circle) => Circle = (same) => same,
): Promise<void> {
  await settle(inbox, conv);
  const conversation = known(inbox, conv);
  const { list: last } = await keys.crypto.roster(audienceOf(conversation));
  const { members, admins } = change(last ?? servedCircle(conversation));
  const list = await keys.crypto.nextList(conv, members, admins);
  const { title, description } = { ...settingsOf(conversation), ...named };
  // What could not be read yet must not be lost by saying it anew.
  if (conversation.settings && title === undefined && !isOpen(conversation.settings)) {
    throw new Problem('keys-not-ready', 0, 'The name of the group cannot be read yet.');
  }
  said.set(conv, list.n);
  const talk = await inbox.open(conv);
  await talk.say({ type: 'settings', title, description, list });
}

const isOpen = ({ body }: Entry): boolean => body !== undefined;

function servedCircle({ members }: Conversation): Circle {
  const here = members.filter(({ state }) => state === 'joined' || state === 'requested');
  const ids = (some: typeof here) => some.map(({ user_id }) => user_id);
  return { members: ids(here), admins: ids(here.filter(({ role }) => role === 'admin')) };
}

const audienceOf = ({ id, rev, members }: Conversation): Audience => ({
  conv: id,
  form: 'group',
  members_rev: Number(rev?.split('.')[0] ?? 0),
  members,
});

const pending = (inbox: Inbox, conv: string) =>
  inbox.waiting(conv).filter((sending) => bodyOf(sending)?.type === 'settings');

/** Each list names the one before: the last one has to be there before the next is made. */
async function settle(inbox: Inbox, conv: string): Promise<void> {
  for (const { id } of pending(inbox, conv).filter(({ refused }) => refused !== null)) {
    said.delete(conv);
    await engine().outbox.remove(id);
  }
  const until = Date.now() + SETTLE_MS;
  while (Date.now() < until) {
    const { list } = await keys.crypto.roster(audienceOf(known(inbox, conv)));
    if (pending(inbox, conv).length === 0 && (list?.n ?? 0) >= (said.get(conv) ?? 0)) return;
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}
