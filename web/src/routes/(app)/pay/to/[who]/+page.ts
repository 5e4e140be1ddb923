import { redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { api } from '#lib/api/index.ts';
import type { Card } from '#lib/money/model.ts';
import { askedBy } from '#lib/money/model.ts';
import type { PageLoad } from './$types';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Where a person's own QR code leads: `pay/to/<handle or id>`, perhaps with a sum. */
export const load: PageLoad = async ({ params, url, fetch }) => {
  const { who } = params;
  const id = ID.test(who)
    ? who
    : (await api.post<Card>('/v1/contact-lookups', { handle: who.toLowerCase() }, { fetch })).id;
  const asked = askedBy(url.searchParams);
  const query = asked ? `?amount=${asked.amount_minor}&currency=${asked.currency}` : '';
  redirect(307, resolve(`pay/do/send/${id}`) + query);
};
