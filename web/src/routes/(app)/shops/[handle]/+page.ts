import { loadShop } from '../shop.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params, fetch, depends }) => {
  depends('kirana:shop');
  return { pane: await loadShop({ handle: params.handle }, fetch) };
};
