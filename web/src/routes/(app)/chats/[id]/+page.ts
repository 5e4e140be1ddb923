import { redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { api, Problem } from '#lib/api/index.ts';
import type { Schema } from '#lib/api/index.ts';
import { inboxOf } from '#lib/chat/inbox.svelte.ts';
import { loadBeside } from '../beside.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, url, parent, fetch, depends }) => {
  const { me, inbox } = await parent();
  const at = Number(url.searchParams.get('at')) || null;
  try {
    const talk = await inbox.open(params.id, { fetch, at });
    const { business_id, other } = talk.conversation;
    const isCustomer = business_id !== null && other?.id === business_id;
    return {
      talk,
      at,
      /** Of the shop on the other side; comes after the messages do. */
      shop: isCustomer
        ? api
            .get<Schema['Profile']>(`/v1/businesses/${business_id}`, { fetch, remember: true })
            .catch(() => null)
        : Promise.resolve(null),
      beside: business_id
        ? await loadBeside(
            url,
            {
              own: inbox.own,
              businessId: business_id,
              isCustomer,
              back: `${resolve(`chats/${params.id}`)}?as=${inbox.own}`,
            },
            { fetch, depends },
          )
        : null,
    };
  } catch (error) {
    if (!(error instanceof Problem) || error.slug !== 'not-found') throw error;
    // A link from elsewhere need not say whose chat it is.
    const others = [me.id, ...me.acts_for.map((shop) => shop.id)];
    for (const own of others.filter((id) => id !== inbox.own)) {
      const isTheirs = await inboxOf(own)
        .open(params.id, { fetch })
        .then(() => true)
        .catch(() => false);
      if (isTheirs) redirect(307, `${resolve(`chats/${params.id}`)}?as=${own}`);
    }
    throw error;
  }
};
