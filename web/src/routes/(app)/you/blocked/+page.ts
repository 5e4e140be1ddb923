import { api } from '#lib/api/index.ts';
import type { Card } from '#lib/identity/model.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('kirana:blocks');
  return { blocked: await api.get<Card[]>('/v1/blocks', { fetch, remember: true }) };
};
