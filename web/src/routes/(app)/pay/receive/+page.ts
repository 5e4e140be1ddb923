import { whose } from '../whose.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ parent, url }) => {
  const { me } = await parent();
  const { own, as } = whose(url, me);
  return { own, as, card: me.acts_for.find(({ id }) => id === own) ?? me };
};
