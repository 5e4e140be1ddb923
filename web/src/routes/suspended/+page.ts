import { redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { api, Problem } from '#lib/api/index.ts';
import type { PageLoad } from './$types';

/** Why somebody is kept out, in the operator's words. Who is not goes where they belong. */
export const load: PageLoad = async ({ fetch, depends }) => {
  depends('kirana:suspension');
  try {
    await api.get('/v1/me', { fetch });
  } catch (error) {
    if (!(error instanceof Problem) || error.slug !== 'account-suspended') throw error;
    return { reason: String(error.facts.reason), since: Number(error.facts.suspended_at) };
  }
  redirect(307, resolve('chats'));
};
