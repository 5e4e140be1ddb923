/**
 * Saying the next settings of a private conversation: what was set before, with a change. Two people may change them
 * at once: the server takes settings only if they were made from the latest, and what it refused is done again on
 * those. A change is written down in what is sealed, so that no closed tab loses it.
 */

import { Problem } from '#lib/api/index.ts';
import type { Audience } from '#lib/crypto/index.ts';
import { keys } from '#lib/crypto/index.ts';
import type { Sending, Settings, SettingsChange, Upload } from '#lib/sync/index.ts';
import { engine } from '#lib/sync/index.ts';
import { uuid7 } from '#lib/values/ids.ts';
import type { Inbox } from './inbox.svelte.ts';
import type { Conversation } from './model.ts';
import { bodyOf } from './model.ts';
import { changed, isClosed, settingsOf } from './settings.ts';

/** Who is in, and who of them decides. */
interface Circle {
  readonly members: readonly string[];
  readonly admins: readonly string[];
}

const SETTLE_MS = 15_000;
const LOOK_MS = 150;
/** Others were quicker. */
const OUTDATED: readonly string[] = ['stale-settings', 'not-admin'];

/** One after another in each conversation. */
const lines = new Map<string, Promise<void>>();
/** The number of the last list that was said here, by conversation. */
const said = new Map<string, number>();

/** Says what is set from now on. Raises: `not-admin`, `keys-not-ready`. */
export function announce(
  inbox: Inbox,
  conv: string,
  change?: SettingsChange,
  uploads: readonly Upload[] = [],
): Promise<void> {
  return inLine(conv, () => sayNext(inbox, conv, change ? [change] : [], uploads));
}

function inLine(conv: string, act: () => Promise<void>): Promise<void> {
  const done = (lines.get(conv) ?? Promise.resolve()).then(act);
  lines.set(
    conv,
    done.catch(() => undefined),
  );
  return done;
}

/** The conversations in which somebody else was quicker with the settings. */
export const outrun = (inbox: Inbox): readonly string[] => [
  ...new Set(
    engine()
      .outbox.items.filter((item) => item.actingFor === inbox.actingFor && isOutdated(item))
      .map(({ lane }) => lane),
  ),
];

/**
 * Does again what was refused because somebody else was quicker; once, however often it is asked. Raises:
 * `keys-not-ready` while what the other one set cannot be read.
 */
export const catchUp = async (inbox: Inbox, conv: string): Promise<void> => {
  await inbox.speak(conv);
  await inLine(conv, async () => {
    if (pending(inbox, conv).some(isOutdated)) await sayNext(inbox, conv, [], []);
  });
};

export function known(inbox: Inbox, conv: string): Conversation {
  const conversation = inbox.find(conv);
  if (!conversation) throw new Error('A conversation is known before it is changed.');
  return conversation;
}

export const audienceOf = ({ id, rev, members }: Conversation): Audience => ({
  conv: id,
  form: 'group',
  members_rev: Number(rev?.split('.')[0] ?? 0),
  members,
});

export const pending = (inbox: Inbox, conv: string): Sending[] =>
  inbox.waiting(conv).filter((sending) => bodyOf(sending)?.type === 'settings');

/** Until what was said here is there: each list names the one before. */
export async function settle(inbox: Inbox, conv: string): Promise<void> {
  const until = Date.now() + SETTLE_MS;
  while (Date.now() < until) {
    const isUnderway = pending(inbox, conv).some(({ refused }) => refused === null);
    const { list } = await keys.crypto.roster(audienceOf(known(inbox, conv)));
    if (!isUnderway && (list?.n ?? 0) >= (said.get(conv) ?? 0)) return;
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

async function sayNext(
  inbox: Inbox,
  conv: string,
  changes: readonly SettingsChange[],
  uploads: readonly Upload[],
): Promise<void> {
  const refused = pending(inbox, conv).filter((sending) => sending.refused !== null);
  if (refused.length > 0) said.delete(conv);
  await settle(inbox, conv);
  const conversation = await latest(inbox, conv);
  const again = refused.filter(isOutdated);
  const did = [...again.flatMap(changesIn), ...changes];
  const settings = did.reduce(changed, settingsOf(conversation));
  const list = await listFor(conversation, did).catch(async (problem: unknown) => {
    // No longer an admin: it is not to be done again.
    for (const { id } of refused) await engine().outbox.remove(id);
    throw problem;
  });
  if (list) said.set(conv, list.n);
  await write(
    conv,
    { ...settings, list, did },
    {
      over: conversation.settings?.seq ?? 0,
      uploads: [...again.flatMap((sending) => sending.uploads), ...uploads],
      before: again.findLast((sending) => sending.uploads.length > 0),
    },
  );
  for (const { id } of refused) await engine().outbox.remove(id);
}

const isOutdated = (sending: Sending): boolean =>
  sending.refused !== null &&
  OUTDATED.includes(sending.refused.slug) &&
  bodyOf(sending)?.type === 'settings';

function changesIn(sending: Sending): readonly SettingsChange[] {
  const body = bodyOf(sending);
  return body?.type === 'settings' ? (body.did ?? []) : [];
}

/** As it is by now, opened. Without a connection as it was last. */
async function latest(inbox: Inbox, conv: string): Promise<Conversation> {
  await inbox.refresh(conv).catch((problem: unknown) => {
    if (!(problem instanceof Problem) || !problem.isPassing) throw problem;
  });
  const conversation = known(inbox, conv);
  const { settings, admin_settings } = conversation;
  const sealed = [admin_settings, settings].filter((entry) => entry !== null);
  const opened = await engine().open(sealed);
  const of = (id?: string) => opened.find((entry) => entry.id === id) ?? null;
  const now = {
    ...conversation,
    settings: of(settings?.id),
    admin_settings: of(admin_settings?.id),
  };
  // What could not be read yet must not be lost by saying it anew.
  if (isClosed(now.settings) || isClosed(now.admin_settings)) {
    throw new Problem('keys-not-ready', 0, 'What is set here cannot be read yet.');
  }
  return now;
}

/** The next list of members; none where one is no admin, or there are only two. */
async function listFor(conversation: Conversation, did: readonly SettingsChange[]) {
  if (conversation.form !== 'group' || conversation.role !== 'admin') return undefined;
  const { list: last } = await keys.crypto.roster(audienceOf(conversation));
  const { members, admins } = did.reduce(moved, last ?? servedCircle(conversation));
  return keys.crypto.nextList(conversation.id, members, admins);
}

function moved({ members, admins }: Circle, { add, remove = [], admin }: SettingsChange): Circle {
  const isStaying = (id: string) => !remove.includes(id);
  const decide = admins.filter((id) => isStaying(id) && id !== admin?.user_id);
  return {
    members: [...members, ...(add === undefined ? [] : [add])].filter(isStaying),
    admins: [...decide, ...(admin?.is ? [admin.user_id] : [])],
  };
}

function servedCircle({ members }: Conversation): Circle {
  const here = members.filter(({ state }) => state === 'joined' || state === 'requested');
  const ids = (some: typeof here) => some.map(({ user_id }) => user_id);
  return { members: ids(here), admins: ids(here.filter(({ role }) => role === 'admin')) };
}

interface Made {
  readonly over: number;
  readonly uploads: readonly Upload[];
  readonly before?: Sending;
}

function write(conv: string, settings: Settings, { over, uploads, before }: Made): Promise<void> {
  const id = uuid7();
  const media = settings.photo ? [settings.photo.media] : [];
  // Of what was uploaded meanwhile only the photo that is shown by now.
  const files = uploads.filter((upload) => media.includes(upload.media));
  return engine().outbox.add({
    id,
    lane: conv,
    path: `/v1/conversations/${conv}/messages`,
    uploads: files,
    body: { id, is_quiet: true, media, slot: 'settings', over },
    private: { type: 'settings', ...settings },
    before: files.length > 0 ? before : undefined,
  });
}
