import { api, Problem } from '#lib/api/index.ts';
import type { Shop } from '#lib/business/model.ts';
import type { Order } from '#lib/orders/model.ts';
import { loadShop, type ShopData } from '../shops/shop.ts';

/** What stands beside a conversation; `back` leads to the conversation alone. */
export type Beside = { readonly key: string; readonly back: string } & (
  | { readonly kind: 'shop'; readonly shop: ShopData; readonly product: string | null }
  | { readonly kind: 'order'; readonly order: Order; readonly shop: Shop }
  | { readonly kind: 'shop-order'; readonly order: Order; readonly zone: string }
);

interface Asked {
  readonly own: string;
  /** The shop whose conversation it is; null between people. */
  readonly businessId: string;
  readonly isCustomer: boolean;
  readonly back: string;
}

/** For the `load` of a conversation: what its address asks to see beside it. */
export async function loadBeside(
  { searchParams }: URL,
  { own, businessId, isCustomer, back }: Asked,
  {
    fetch,
    depends,
  }: { fetch: typeof globalThis.fetch; depends: (dep: `kirana:${string}`) => void },
): Promise<Beside | null> {
  const orderId = searchParams.get('order');
  if (orderId) {
    depends(`kirana:order:${orderId}`);
    const options = { fetch, remember: true, ...(!isCustomer && { actingFor: own }) };
    try {
      const [order, shop] = await Promise.all([
        api.get<Order>(`/v1/orders/${orderId}`, options),
        api.get<Shop>(`/v1/businesses/${businessId}`, options),
      ]);
      return isCustomer
        ? { kind: 'order', key: orderId, order, shop, back }
        : { kind: 'shop-order', key: orderId, order, zone: shop.zone, back };
    } catch (error) {
      // The conversation is worth seeing without it.
      if (error instanceof Problem && error.slug === 'not-found') return null;
      throw error;
    }
  }
  if (isCustomer && searchParams.get('show') === 'shop') {
    const product = searchParams.get('product');
    const shop = await loadShop({ id: businessId }, fetch);
    return { kind: 'shop', key: `${businessId} ${product}`, shop, product, back };
  }
  return null;
}
