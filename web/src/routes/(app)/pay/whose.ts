import type { Me } from '#lib/identity/model.ts';

interface Whose {
  readonly own: string;
  readonly actingFor: string | null;
  /** Goes behind every link, so that it stays the same owner's. */
  readonly as: '' | `?as=${string}`;
}

/** Whose money: the person's, or that of the shop that `?as=` names. */
export function whose(url: URL, me: Me): Whose {
  const wanted = url.searchParams.get('as');
  const shop = me.acts_for.find(({ id }) => id === wanted);
  return {
    own: shop?.id ?? me.id,
    actingFor: shop?.id ?? null,
    as: shop ? `?as=${shop.id}` : '',
  };
}
