import { redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { api, Problem } from '#lib/api/index.ts';
import type { Me } from '#lib/identity/model.ts';
import type { LayoutLoad } from './$types.ts';

/** Who is signed in. Nobody: to the sign-in page, which leads back here. */
export const load: LayoutLoad = async ({ url, fetch, depends }) => {
  depends('kirana:me');
  try {
    const me = await api.get<Me>('/v1/me', { fetch, remember: true });
    return { me };
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    const next = encodeURIComponent(url.pathname + url.search);
    redirect(307, `${resolve('sign-in')}?next=${next}`);
  }
};
