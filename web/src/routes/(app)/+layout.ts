import { redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { api, Problem } from '#lib/api/index.ts';
import type { Me } from '#lib/identity/model.ts';
import { startEngine } from '#lib/sync/index.ts';
import type { LayoutLoad } from './$types';

/** Who is signed in, with the engine running for them. Nobody: to the sign-in page, which leads back here. */
export const load: LayoutLoad = async ({ url, fetch, depends }) => {
  depends('kirana:me');
  const me = await api.get<Me>('/v1/me', { fetch, remember: true }).catch((error: unknown) => {
    if (!(error instanceof Problem) || !error.isShutOut) throw error;
    if (error.status !== 401) redirect(307, resolve('suspended'));
    const next = encodeURIComponent(url.pathname + url.search);
    // What stands after the `#`, such as a group's name, is for no server: it waits where it is. `load` sees it only
    // in the address of the page.
    const kept = location.pathname === url.pathname ? location.hash : '';
    redirect(307, `${resolve('sign-in')}?next=${next}${kept}`);
  });
  await startEngine(
    me.id,
    me.acts_for.map((shop) => shop.id),
  );
  return { me };
};
