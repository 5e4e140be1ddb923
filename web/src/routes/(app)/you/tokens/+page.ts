import { api } from '#lib/api/index.ts';
import type { Device } from '#lib/identity/model.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('kirana:tokens');
  return { tokens: await api.get<Device[]>('/v1/tokens', { fetch }) };
};
