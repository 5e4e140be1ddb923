import { api, Problem } from '#lib/api/index.ts';
import type { Me } from '#lib/identity/model.ts';
import type { PageLoad } from './$types';

/** Where a link with money leads: for everybody, signed in or not. */
export const load: PageLoad = async ({ params, fetch }) => {
  const me = await api.get<Me>('/v1/me', { fetch }).catch((error: unknown) => {
    if (error instanceof Problem && error.isShutOut) return null;
    throw error;
  });
  return { link: params.link, me: me?.kind === 'person' ? me : null };
};
