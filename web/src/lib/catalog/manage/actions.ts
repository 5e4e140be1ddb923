/** What a team does with its products. */

import { api, call, download, Problem } from '#lib/api/index.ts';
import { money } from '#lib/values/money.ts';
import type { Collection, Import, OptionDraft, Product, Status, VariantDraft } from './model.ts';

export interface ProductDraft {
  readonly name: string;
  readonly description: string;
  readonly pictureIds: readonly string[];
  readonly options: readonly OptionDraft[];
  readonly variants: readonly VariantDraft[];
  readonly status: Status;
  readonly collectionIds: readonly string[];
}

/** Creates or replaces. What the form does not show is given back as it was. */
export function saveProduct(
  shop: { readonly id: string; readonly currency: string },
  id: string,
  draft: ProductDraft,
  known: Product | null,
): Promise<Product> {
  const body = {
    business_id: shop.id,
    name: draft.name,
    description: draft.description,
    status: draft.status,
    options: draft.options,
    picture_ids: draft.pictureIds,
    collection_ids: draft.collectionIds,
    variants: draft.variants.map((variant) => variantBody(variant, shop.currency)),
    ...(known && {
      tags: known.tags,
      attributes: known.attributes,
      texts: known.texts,
      tax_class: known.tax_class,
      needs_delivery: known.needs_delivery,
      weight_g: known.weight_g,
    }),
  };
  return api.put(`/v1/products/${id}`, body, { actingFor: shop.id });
}

function variantBody(
  { id, values, sku, price, sale, onHand, rest }: VariantDraft,
  currency: string,
) {
  const before = rest?.price;
  const isSameSale = before?.sale?.amount_minor === sale;
  return {
    id,
    option_values: values,
    sku: sku.trim() || null,
    barcode: rest?.barcode ?? null,
    other_prices: rest?.other_prices ?? [],
    weight_g: rest?.weight_g ?? null,
    picture_id: rest?.picture_id ?? null,
    price:
      price === null
        ? null
        : {
            regular: money(price, currency),
            sale: sale === null ? null : money(sale, currency),
            sale_starts_at: isSameSale ? (before?.sale_starts_at ?? null) : null,
            sale_ends_at: isSameSale ? (before?.sale_ends_at ?? null) : null,
          },
    stock: onHand === null ? { tracked: false } : { tracked: true, on_hand: onHand },
  };
}

export const getProduct = (shopId: string, id: string): Promise<Product> =>
  api.get(`/v1/products/${id}`, { actingFor: shopId });

export const publish = (shopId: string, id: string): Promise<Product> =>
  api.put(`/v1/products/${id}/publication`, undefined, { actingFor: shopId });

export const hide = (shopId: string, id: string): Promise<void> =>
  api.del(`/v1/products/${id}/publication`, { actingFor: shopId });

export const deleteProduct = (shopId: string, id: string): Promise<void> =>
  api.del(`/v1/products/${id}`, { actingFor: shopId });

/** The regular price of a product's only variant; a sale price stays if it is still lower. */
export async function setPrice(
  shop: { readonly id: string; readonly currency: string },
  productId: string,
  variantId: string,
  minor: number,
): Promise<void> {
  const { variants } = await getProduct(shop.id, productId);
  const price = variants.find(({ id }) => id === variantId)?.price;
  const hasSale = price?.sale && price.sale.amount_minor < minor;
  await api.put(
    `/v1/variants/${variantId}/price`,
    {
      price: money(minor, shop.currency),
      ...(hasSale && {
        sale_price: price.sale,
        sale_starts_at: price.sale_starts_at,
        sale_ends_at: price.sale_ends_at,
      }),
    },
    { actingFor: shop.id },
  );
}

/** How many can still be sold; null: always available. What is promised to orders comes on top of it. */
export async function setLeft(
  shopId: string,
  productId: string,
  variantId: string,
  left: number | null,
): Promise<void> {
  const put = (body: object) =>
    api.put(`/v1/variants/${variantId}/stock`, body, { actingFor: shopId });
  if (left === null) {
    await put({ tracked: false });
    return;
  }
  const { variants } = await getProduct(shopId, productId);
  const held = variants.find(({ id }) => id === variantId)?.stock?.held ?? 0;
  await put({ tracked: true, on_hand: left + held });
}

/** Uploads a picture and tells how far it is, from 0 to 1. */
export function uploadPicture(
  file: Blob,
  onprogress: (part: number) => void,
): Promise<{ id: string }> {
  // Only XMLHttpRequest tells how much was sent.
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/v1/pictures');
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('content-type', file.type || 'application/octet-stream');
    request.upload.onprogress = ({ loaded, total }) => onprogress(total ? loaded / total : 0);
    request.onload = () => {
      const body = parse(request.responseText);
      if (request.status < 300) resolve(body as { id: string });
      else {
        const slug = (typeof body.type === 'string' ? body.type : '').split('/').at(-1) ?? '';
        const title = typeof body.title === 'string' ? body.title : request.statusText;
        reject(new Problem(slug || 'server-error', request.status, title, body));
      }
    };
    request.onerror = () => reject(Problem.offline());
    request.send(file);
  });
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

export interface CollectionDraft {
  readonly name: string;
  readonly description: string;
  readonly isHidden: boolean;
  readonly known: Collection | null;
}

export const saveCollection = (
  shopId: string,
  id: string,
  { name, description, isHidden, known }: CollectionDraft,
): Promise<Collection> =>
  api.put(
    `/v1/collections/${id}`,
    {
      business_id: shopId,
      name,
      description,
      is_hidden: isHidden,
      ...(known && {
        slug: known.slug,
        parent_id: known.parent_id,
        picture_id: known.picture_id,
        rule: known.rule,
        position: known.position,
      }),
    },
    { actingFor: shopId },
  );

export const deleteCollection = (shopId: string, id: string): Promise<void> =>
  api.del(`/v1/collections/${id}`, { actingFor: shopId });

/** Reads a file and says what it would do. Nothing changes yet. */
export const planImport = (
  shopId: string,
  id: string,
  file: File,
  decimal: '.' | ',' | null,
): Promise<Import> =>
  call('POST', `/v1/businesses/${shopId}/imports`, new Blob([file], { type: 'text/csv' }), {
    query: { id, name: file.name.slice(0, 200), decimal },
    actingFor: shopId,
  });

export const applyImport = (shopId: string, id: string): Promise<Import> =>
  api.post(`/v1/imports/${id}/application`, undefined, { actingFor: shopId });

export const undoImport = (shopId: string, id: string): Promise<void> =>
  api.del(`/v1/imports/${id}/application`, { actingFor: shopId });

/** All products as a file, saved by the browser. */
export const exportProducts = (
  shop: { id: string; handle: string },
  format: string,
): Promise<void> =>
  download(
    `/v1/businesses/${shop.id}/export?format=${format}`,
    `${shop.handle}-${format}.csv`,
    shop.id,
  );
