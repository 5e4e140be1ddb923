/** Saying again elsewhere what was said. */

import type { Content, Upload } from '#lib/sync/index.ts';
import { isOnce } from '#lib/sync/index.ts';
import { uuid7 } from '#lib/values/ids.ts';
import { kindOf } from './album.ts';
import type { Inbox } from './inbox.svelte.ts';
import type { Conversation } from './model.ts';
import { isAsking, isOver, isRequest } from './model.ts';
import type { Source } from './photos.ts';
import { blobOf, remember, uploadOf } from './photos.ts';
import { mayWrite } from './settings.ts';

type Said = Exclude<
  Content,
  { type: 'reaction' | 'edit' | 'settings' | 'poll' | 'vote' | 'poll_end' | 'opened' | 'unknown' }
>;

const KINDS = ['text', 'image', 'video', 'voice', 'document', 'location', 'contact', 'product'];

export const isForwardable = (body: Content | null): body is Said =>
  body !== null && KINDS.includes(body.type) && !isOnce(body);

/** Where something can be said now. A stranger takes no files before they have said yes. */
export const canTake = (one: Conversation, body: Content): boolean =>
  !isRequest(one) && !isOver(one) && mayWrite(one) && !(isAsking(one) && filesIn(body).length > 0);

/** The same words and files; whom it answered and named stays where it was said. */
export function again(body: Said): Said {
  return { ...without(body, 'reply_to', 'mentions'), forwarded: true };
}

const without = (body: Said, ...keys: readonly string[]): Said =>
  Object.fromEntries(
    Object.entries(body).filter(([key]) => !keys.includes(key)),
  ) as unknown as Said;

interface File {
  readonly media: string;
  readonly kind: 'image' | 'video' | 'voice' | 'document';
  readonly name: string;
}

export function filesIn(body: Content): readonly File[] {
  switch (body.type) {
    case 'image':
    case 'video':
      return body.items.map((item) => ({ media: item.media, kind: kindOf(item), name: '' }));
    case 'voice':
      return [{ media: body.media, kind: 'voice', name: '' }];
    case 'document':
      return [{ media: body.media, kind: 'document', name: body.name }];
    default:
      return [];
  }
}

/** With other files in place of its own, which are not told how to open. */
export function withFiles(body: Said, renamed: ReadonlyMap<string, string>): Said {
  const rest = without(body, 'files');
  const of = (media: string) => renamed.get(media) ?? media;
  if (rest.type === 'image' || rest.type === 'video') {
    const items = rest.items.map((item) => ({ ...item, media: of(item.media) }));
    return { ...rest, items };
  }
  return 'media' in rest ? { ...rest, media: of(rest.media) } : rest;
}

/**
 * Says it in each of these conversations. Within a kind the files are the same ones, shown once more; into the
 * other kind they go anew: what was sealed is opened here, and the other way round.
 */
export async function forward(
  inbox: Inbox,
  body: Said,
  { kind, source }: { kind: Conversation['kind']; source: Source },
  targets: readonly Conversation[],
): Promise<void> {
  const same = again(body);
  const other = targets.some((one) => one.kind !== kind)
    ? await anew(same, source)
    : { body: same, files: [] };
  for (const target of targets) {
    const talk = await inbox.speak(target.id);
    if (target.kind === kind) await talk.say(same);
    else await talk.say(...fresh(other));
  }
}

interface Anew {
  readonly body: Said;
  readonly files: readonly (File & { readonly blob: Blob })[];
}

async function anew(body: Said, source: Source): Promise<Anew> {
  const files = await Promise.all(
    filesIn(body).map(async (file) => ({ ...file, blob: await blobOf(file.media, source) })),
  );
  return { body: without(body, 'preview'), files };
}

/** Each conversation has files of its own. */
function fresh({ body, files }: Anew): [Said, Upload[]] {
  const renamed = new Map(files.map(({ media }) => [media, uuid7()]));
  const uploads = files.map(({ media, kind, name, blob }): Upload => {
    const id = renamed.get(media) ?? media;
    remember(id, blob);
    return uploadOf(id, kind, blob, name);
  });
  return [withFiles(body, renamed), uploads];
}
