import { api } from '#lib/api/index.ts';
import type { Passkey } from '#lib/identity/model.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('kirana:passkeys');
  return { passkeys: await api.get<Passkey[]>('/v1/passkeys', { fetch }) };
};
