import { redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { api } from '#lib/api/index.ts';
import { saveContact } from '#lib/chat/actions.ts';
import type { Card } from '#lib/chat/model.ts';
import type { PageLoad } from './$types';

/** Where a person's link or code leads: they become a contact, and the chat with them opens. */
export const load: PageLoad = async ({ params, parent, fetch }) => {
  const { me } = await parent();
  const handle = params.handle.toLowerCase();
  const found = await api.post<Card>('/v1/contact-lookups', { handle }, { fetch });
  if (found.id === me.id) redirect(307, resolve('you'));
  if (found.kind === 'person') await saveContact(found.id);
  redirect(307, resolve(`chats/with/${found.id}`));
};
