import { api } from '#lib/api/index.ts';
import type { Schema } from '#lib/api/index.ts';
import type { PageLoad } from './$types';

/** Where the link into a group leads: who invites, and how many are there. */
export const load: PageLoad = async ({ params, fetch }) => ({
  code: params.code,
  invitation: await api.get<Schema['InvitationView']>(`/v1/invitations/${params.code}`, { fetch }),
});
