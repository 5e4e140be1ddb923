import { api } from '#lib/api/index.ts';
import type { Category } from '#lib/business/manage/model.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch }) => ({
  categories: await api.get<Category[]>('/v1/categories', { fetch, remember: true }),
});
