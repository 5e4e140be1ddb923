import { api } from '#lib/api/index.ts';
import type { DemoPerson, Server } from '#lib/identity/model.ts';
import type { PageLoad } from './$types';

/** What this server is, and in a demo town who may be entered as. */
export const load: PageLoad = async ({ fetch }) => {
  const server = await api.get<Server>('/v1/server', { fetch });
  const people = server.demo ? await api.get<DemoPerson[]>('/v1/demo/people', { fetch }) : [];
  return { server, people };
};
