import { whose } from '../whose.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ parent, url }) => {
  const { me } = await parent();
  const { actingFor, as } = whose(url, me);
  return { actingFor, as, currency: url.searchParams.get('currency') ?? 'INR' };
};
