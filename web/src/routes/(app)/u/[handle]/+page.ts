import { redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { api } from '#lib/api/index.ts';
import { saveContact } from '#lib/chat/actions.ts';
import type { Card } from '#lib/chat/model.ts';
import { isUserId } from '#lib/identity/codes.ts';
import type { PageLoad } from './$types';

/** Where a person's link or code leads, `u/<handle or id>`: they become a contact, and the chat with them opens. */
export const load: PageLoad = async ({ params, parent, fetch }) => {
  const { me } = await parent();
  const who = params.handle.toLowerCase();
  const found = isUserId(who)
    ? await api.get<Card>(`/v1/users/${who}`, { fetch })
    : await api.post<Card>('/v1/contact-lookups', { handle: who }, { fetch });
  if (found.id === me.id) redirect(307, resolve('you/code'));
  if (found.kind === 'person') await saveContact(found.id);
  redirect(307, resolve(`chats/with/${found.id}`));
};
