import type { Me } from '#lib/identity/model.ts';

/** Whose money: the person's, or that of the shop that `?as=` names. */
export function whose(url: URL, me: Me): { own: string; actingFor: string | null; as: string } {
  const wanted = url.searchParams.get('as');
  const shop = me.acts_for.find(({ id }) => id === wanted);
  return {
    own: shop?.id ?? me.id,
    actingFor: shop?.id ?? null,
    as: shop ? `?as=${shop.id}` : '',
  };
}
