import type { Schema } from '#lib/api/index.ts';
import { t } from '#lib/i18n/index.ts';

/** A product in a list. */
export type ProductCard = Schema['ProductCard'];

/** A product's page. */
export type Product = Schema['ProductView'];

export type Variant = Schema['VariantView'];

export type Collection = Schema['Collection'];

/** From here down people are told how many are left. */
const FEW = 5;

type Sold = Pick<Product, 'options' | 'variants'>;

/** What is chosen when the product opens: the first variant that can be bought, else the first. */
export const firstVariant = ({ variants }: Pick<Product, 'variants'>): Variant | undefined =>
  variants.find((variant) => variant.is_available && variant.price_now) ?? variants[0];

/**
 * The variant that a tap on `value` of option `index` leads to, from the one chosen before: the other options stay as
 * they are where that exists, else as many of them as possible. Undefined: nothing has this value.
 */
export function variantWith(
  { variants }: Pick<Product, 'variants'>,
  from: Variant,
  index: number,
  value: string,
): Variant | undefined {
  const sameAs = (variant: Variant) =>
    variant.option_values.filter((own, i) => i !== index && own === from.option_values[i]).length;
  let best: Variant | undefined;
  for (const variant of variants) {
    if (variant.option_values[index] !== value) continue;
    if (!best || rank(variant) > rank(best)) best = variant;
  }
  return best;

  function rank(variant: Variant): number {
    return 2 * sameAs(variant) + (variant.is_available ? 1 : 0);
  }
}

export type ValueState = 'available' | 'sold-out' | 'elsewhere' | 'absent';

/**
 * How a value is drawn beside the chosen variant: it can be had with the other choices, it is sold out with them,
 * it exists with other choices only, or not at all.
 */
export function valueState(product: Sold, from: Variant, index: number, value: string): ValueState {
  const found = variantWith(product, from, index, value);
  if (!found) return 'absent';
  const isExact = found.option_values.every(
    (own, i) => i === index || own === from.option_values[i],
  );
  if (!isExact) return 'elsewhere';
  return found.is_available ? 'available' : 'sold-out';
}

export interface StockWords {
  readonly text: string;
  readonly tone: 'in' | 'few' | 'out';
}

/** "In stock", "2 left", "Sold out", or what the shop says of things that it orders on demand. */
export function sayStock(
  item: Pick<Variant, 'available' | 'is_available'> & { readonly backorder_text?: string },
): StockWords {
  if (!item.is_available) return { text: t.catalog.soldOut, tone: 'out' };
  if (item.available === null) {
    return { text: item.backorder_text || t.catalog.inStock, tone: 'in' };
  }
  if (item.available <= 0) return { text: item.backorder_text || t.catalog.inStock, tone: 'in' };
  if (item.available <= FEW) return { text: t.catalog.left(item.available), tone: 'few' };
  return { text: t.catalog.inStock, tone: 'in' };
}
