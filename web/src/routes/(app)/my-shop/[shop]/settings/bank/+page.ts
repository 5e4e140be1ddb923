import { loadBank } from '#lib/money/bank-screen.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = ({ params, fetch, depends }) => {
  depends('kirana:bank');
  return loadBank(params.shop, params.shop, fetch);
};
