import { redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { api } from '#lib/api/index.ts';
import { inboxOf } from '#lib/chat/inbox.svelte.ts';
import type { Card } from '#lib/chat/model.ts';
import type { PageLoad } from './$types';

/** The chat with somebody, begun if there is none: `chats/with/<id>`, with `?as=` for a shop's. */
export const load: PageLoad = async ({ params, url, parent, fetch }) => {
  const { me } = await parent();
  const wanted = url.searchParams.get('as');
  const own = me.acts_for.find((shop) => shop.id === wanted)?.id ?? me.id;
  const card = await api.get<Card>(`/v1/users/${params.user}`, { fetch, remember: true });
  const inbox = inboxOf(own);
  await inbox.load({ fetch });
  const conv = await inbox.with(card);
  redirect(307, `${resolve(`chats/${conv}`)}?as=${own}`);
};
