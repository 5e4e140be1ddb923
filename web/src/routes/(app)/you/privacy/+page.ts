import { api } from '#lib/api/index.ts';
import type { Privacy } from '#lib/identity/privacy.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('kirana:privacy');
  return { privacy: await api.get<Privacy>('/v1/privacy', { fetch, remember: true }) };
};
