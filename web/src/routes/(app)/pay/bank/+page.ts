import { loadBank } from '#lib/money/bank-screen.ts';
import { whose } from '../whose.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ parent, url, fetch, depends }) => {
  depends('kirana:bank');
  const { me } = await parent();
  const { own, actingFor, as } = whose(url, me);
  return { actingFor, as, ...(await loadBank(own, actingFor, fetch)) };
};
