import { chooseOwn, inboxOf, rememberOwn } from '#lib/chat/inbox.svelte.ts';
import type { LayoutLoad } from './$types';

/** The chats of the person, or of the shop that `?as=` names. */
export const load: LayoutLoad = async ({ parent, url, fetch, depends }) => {
  depends('kirana:chats');
  const { me } = await parent();
  const own = chooseOwn(url.searchParams.get('as'), me);
  rememberOwn(own);
  const inbox = inboxOf(own);
  await inbox.load({ fetch });
  return { inbox };
};
