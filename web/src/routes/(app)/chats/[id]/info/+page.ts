import { error } from '@sveltejs/kit';
import { t } from '#lib/i18n/index.ts';
import type { PageLoad } from './$types';

/** Who is in a private conversation, and what holds there. */
export const load: PageLoad = async ({ params, parent, fetch }) => {
  const { inbox } = await parent();
  const talk = await inbox.open(params.id, { fetch });
  if (talk.conversation.kind !== 'private') error(404, t.problems['not-found'] as string);
  return { talk };
};
