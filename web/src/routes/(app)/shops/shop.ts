import { api, type Page } from '#lib/api/index.ts';
import type { Shop } from '#lib/business/model.ts';
import type { Collection, ProductCard } from '#lib/catalog/model.ts';
import type { Cart } from '#lib/orders/model.ts';

/** All that `ShopPane` draws at first. */
export interface ShopData {
  readonly shop: Shop;
  readonly collections: readonly Collection[];
  readonly products: Page<ProductCard>;
  readonly cart: Cart;
}

/** For the `load` of a page that shows a shop: by its handle, or `{ id }`. */
export async function loadShop(
  which: { readonly handle: string } | { readonly id: string },
  fetch: typeof globalThis.fetch,
): Promise<ShopData> {
  const options = { fetch, remember: true };
  const path =
    'id' in which
      ? `/v1/businesses/${which.id}`
      : `/v1/handles/${encodeURIComponent(which.handle)}`;
  const shop = await api.get<Shop>(path, options);
  const [collections, products, cart] = await Promise.all([
    api.get<Collection[]>(`/v1/businesses/${shop.id}/collections`, options),
    api.get<Page<ProductCard>>(`/v1/businesses/${shop.id}/products`, options),
    api.get<Cart>(`/v1/carts/${shop.id}`, options),
  ]);
  return { shop, collections, products, cart };
}
