import type { Schema } from '#lib/api/index.ts';

export type Product = Schema['ProductView'];
export type Card = Schema['ProductCard'];
export type Collection = Schema['Collection'];
export type Import = Schema['Import'];
export type RowReport = Schema['RowReport'];
export type Status = Schema['ProductStatus'];

export const STATUSES = ['published', 'draft', 'hidden'] as const;

export interface OptionDraft {
  readonly name: string;
  readonly values: readonly string[];
}

/** A variant as the form holds it. */
export interface VariantDraft {
  readonly id: string;
  readonly values: readonly string[];
  readonly sku: string;
  readonly price: number | null;
  readonly sale: number | null;
  /** None: always available. */
  readonly onHand: number | null;
  /** What else the server knows, to be given back unchanged. */
  readonly rest: Rest | null;
}

type Rest = Pick<
  Product['variants'][number],
  'barcode' | 'other_prices' | 'weight_g' | 'picture_id' | 'price'
>;

export const MAX_VARIANTS = 250;

export function variantsOf(product: Product): VariantDraft[] {
  return product.variants.map((variant) => ({
    id: variant.id,
    values: variant.option_values,
    sku: variant.sku ?? '',
    price: variant.price?.regular.amount_minor ?? null,
    sale: variant.price?.sale?.amount_minor ?? null,
    onHand: variant.stock?.tracked ? variant.stock.on_hand : null,
    rest: variant,
  }));
}

/** `S / red`, in the order of the options. */
export const variantName = (values: readonly string[]): string => values.join(' / ');

/**
 * One variant for each combination of values, in the options' order. What is known of a combination stays, a new
 * one starts like the first; a combination that lost or gained an option keeps what its other values had.
 */
export function combine(
  options: readonly OptionDraft[],
  known: readonly VariantDraft[],
  newId: () => string,
): VariantDraft[] {
  const filled = options.filter((option) => option.name.trim() && option.values.length > 0);
  const combinations = filled.reduce<string[][]>(
    (all, { values }) => all.flatMap((begun) => values.map((value) => [...begun, value])),
    [[]],
  );
  const taken = new Set<string>();
  return combinations.map((values) => {
    const same =
      known.find((one) => !taken.has(one.id) && equal(one.values, values)) ??
      known.find((one) => !taken.has(one.id) && isPartOf(one.values, values));
    if (same) {
      taken.add(same.id);
      return { ...same, values };
    }
    const first = known[0];
    return {
      id: newId(),
      values,
      sku: '',
      price: first?.price ?? null,
      sale: first?.sale ?? null,
      onHand: first && first.onHand !== null ? 0 : null,
      rest: null,
    };
  });
}

/** How many variants these options make. */
export const combinationCount = (options: readonly OptionDraft[]): number =>
  options.reduce(
    (count, { name, values }) => (name.trim() && values.length > 0 ? count * values.length : count),
    1,
  );

const equal = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);

/** All of the shorter one's values are in the longer one, in order. */
function isPartOf(a: readonly string[], b: readonly string[]): boolean {
  if (a.length === b.length) return false;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  let at = 0;
  for (const value of long) if (value === short[at]) at += 1;
  return at === short.length;
}

/** Words typed as values: `S, M, L`. */
export const splitValues = (text: string): string[] => [
  ...new Set(
    text
      .split(/[,;\n،、]/)
      .map((value) => value.trim().replace(/\s+/g, ' '))
      .filter(Boolean),
  ),
];

/** Plain lines of a description, for a field. */
export function toPlain(html: string): string {
  const marked = html
    .replace(/\s+/g, ' ')
    .replace(/<br\s*\/?>\s*/gi, '\n')
    .replace(/<li[^>]*>\s*/gi, '• ')
    .replace(/<\/(?:p|div|h\d|ul|ol)>\s*/gi, '\n\n')
    .replace(/<\/li>\s*/gi, '\n')
    .replace(/<[^>]*>/g, '');
  return marked
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&nbsp;/g, ' ')
    .replace(/&amp;/g, '&')
    .replace(/[^\S\n]+\n/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** Plain lines as the harmless HTML that the server keeps: paragraphs and line breaks. */
export function toHtml(text: string): string {
  const safe = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return safe
    .split(/\n\s*\n/)
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => `<p>${part.replace(/\n/g, '<br>')}</p>`)
    .join('');
}

/** A whole number of things, as typed; null for nothing, undefined when it is no count. */
export function parseCount(text: string): number | null | undefined {
  const plain = text.trim();
  if (plain === '') return null;
  return /^\d{1,9}$/.test(plain) ? Number(plain) : undefined;
}

/** What an import does, the results worth seeing first. */
export const RESULTS = ['created', 'updated', 'draft', 'refused', 'skipped', 'unchanged'] as const;
export type Result = (typeof RESULTS)[number];
