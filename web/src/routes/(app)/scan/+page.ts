import { api } from '#lib/api/index.ts';
import type { Server } from '#lib/identity/model.ts';
import type { PageLoad } from './$types';

/** What this server calls itself: its codes may have been drawn at another of its addresses. */
export const load: PageLoad = async ({ fetch }) => ({
  server: await api.get<Server>('/v1/server', { fetch, remember: true }),
});
