import { api, type Schema } from '#lib/api/index.ts';
import { whose } from '../../../whose.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, parent, url, fetch }) => {
  const { me } = await parent();
  const { actingFor, as } = whose(url, me);
  const path = `/v1/transfers/${params.id}/receipt`;
  const receipt = await api.get<Schema['TransferReceipt']>(path, { fetch, actingFor });
  return { as, receipt, transferId: params.id };
};
