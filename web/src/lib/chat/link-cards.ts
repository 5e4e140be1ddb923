/**
 * Cards for links to this Kirana's own pages (decision 6). The sender's device makes one while they write, of what it
 * fetches at its own origin; the message holds it, picture included, and whoever reads it fetches nothing.
 */

import { api, Problem } from '#lib/api/index.ts';
import type { Schema } from '#lib/api/index.ts';
import type { Content, LinkPreview } from '#lib/sync/index.ts';
import { takeApart, type Piece } from './marks.ts';
import { draw } from './photos.ts';

/** A shop's page, or that of one of its products. */
export interface OwnPage {
  readonly url: string;
  readonly handle: string;
  readonly slug: string | null;
}

const TEXT_LENGTH = 120;
const SIDE = 96;
const MOST_BYTES = 3 * 1024;
const PAGE = /^\/([a-z0-9][a-z0-9-]{1,29}[a-z0-9])(?:\/p\/([^/]+))?\/?$/;
/** What of the origin is no shop. */
const OTHERS = ['app', 'v1', 'media'];

export function ownPage(url: string, origin: string): OwnPage | null {
  if (!URL.canParse(url)) return null;
  const { origin: its, pathname, href } = new URL(url);
  const [, handle, slug] = PAGE.exec(pathname) ?? [];
  if (its !== origin || handle === undefined || OTHERS.includes(handle)) return null;
  return { url: href, handle, slug: slug === undefined ? null : slug };
}

/** The first link in these words that leads to a page of this Kirana. */
export const pageIn = (text: string, origin: string): OwnPage | null =>
  linksIn(takeApart(text)).flatMap((href) => ownPage(href, origin) ?? [])[0] ?? null;

/** What a message holds of the page that its words lead to. Any other card is none. */
export function previewOf(body: Content | null, origin: string): LinkPreview | null {
  if (body?.type !== 'text' || !body.preview) return null;
  const { url } = body.preview;
  const isSaid = linksIn(takeApart(body.text)).includes(url);
  return isSaid && ownPage(url, origin) ? body.preview : null;
}

/** The card of a page; null when there is nothing to show. */
export async function makeCard({ url, handle, slug }: OwnPage): Promise<LinkPreview | null> {
  try {
    const shop = await api.get<Schema['Profile']>(`/v1/handles/${handle}`);
    if (slug === null) {
      const text = oneLine(shop.about || shop.description);
      return withPicture({ url, title: shop.name, ...(text && { text }) }, shop.logo?.id);
    }
    const product = await api.get<Schema['ProductView']>(productPath(shop.id, slug));
    const picture = product.pictures[0]?.id ?? shop.logo?.id;
    return withPicture({ url, title: product.name, text: shop.name }, picture);
  } catch (problem) {
    if (problem instanceof Problem) return null;
    throw problem;
  }
}

/** The id of the product that the page shows; null for a shop. */
export async function productOf({ handle, slug }: OwnPage): Promise<string | null> {
  if (slug === null) return null;
  const shop = await api.get<Schema['Profile']>(`/v1/handles/${handle}`);
  return (await api.get<Schema['ProductView']>(productPath(shop.id, slug))).id;
}

const productPath = (shop: string, slug: string): string => `/v1/businesses/${shop}/slugs/${slug}`;

async function withPicture(card: LinkPreview, media?: string): Promise<LinkPreview> {
  const image = media === undefined ? null : await smallOf(media).catch(() => null);
  return image === null ? card : { ...card, image };
}

async function smallOf(media: string): Promise<string | null> {
  const answer = await fetch(`/media/${media}/320.webp`);
  if (!answer.ok) return null;
  const picture = await createImageBitmap(await answer.blob());
  const canvas = draw(picture, picture, SIDE);
  picture.close();
  const image = [0.7, 0.5, 0.3].map((quality) => canvas.toDataURL('image/jpeg', quality));
  return image.find(({ length }) => length <= (MOST_BYTES * 4) / 3) ?? null;
}

const linksIn = (pieces: readonly Piece[]): string[] =>
  pieces.flatMap((piece) =>
    piece.kind === 'link' ? piece.href : 'pieces' in piece ? linksIn(piece.pieces) : [],
  );

const oneLine = (text: string): string =>
  [...text.replace(/\s+/g, ' ').trim()].slice(0, TEXT_LENGTH).join('');
