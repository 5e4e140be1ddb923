import { type CardPayment, fetchCardPayment, Problem } from '#lib/api/index.ts';
import { whose } from '../../whose.ts';
import type { PageLoad } from './$types';

/** A top-up: one's own, or that of a shop that one acts for. Back from the provider it is not said whose. */
export const load: PageLoad = async ({ params, parent, url, depends }) => {
  depends(`kirana:card:${params.id}`);
  const { me } = await parent();
  const { actingFor } = whose(url, me);
  let missing: unknown;
  for (const owner of actingFor ? [actingFor] : [null, ...me.acts_for.map(({ id }) => id)]) {
    try {
      const payment: CardPayment = await fetchCardPayment(params.id, owner);
      return { payment, actingFor: owner, as: owner ? (`?as=${owner}` as const) : ('' as const) };
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.slug !== 'not-found') throw problem;
      missing = problem;
    }
  }
  throw missing;
};
