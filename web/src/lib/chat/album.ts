/** Photos and videos as one message. */

import type { Photo, Quote, Upload, Words } from '#lib/sync/index.ts';
import type { ReadyItem } from './photos.ts';
import { uploadOf } from './photos.ts';

export const MOST_ITEMS = 30;
/** With more of them, a message would have no room for large first looks. */
const POSTERS = 8;

interface Said {
  readonly caption: string;
  /** Opens once: nothing of it is seen before. */
  readonly isOnce?: boolean;
  readonly reply_to?: Quote;
}

type Album = Extract<Words, { type: 'image' | 'video' }>;

/** What is said, and the files that have to be there first. */
export function albumOf(
  ready: readonly ReadyItem[],
  { caption, isOnce = false, reply_to }: Said,
): { readonly content: Album; readonly uploads: readonly Upload[] } {
  const items = ready.map(({ media, width, height, thumb, poster, duration_s }): Photo => ({
    media,
    width,
    height,
    ...(!isOnce && { thumb: ready.length <= POSTERS ? (poster ?? thumb) : thumb }),
    ...(duration_s !== undefined && { duration_s }),
  }));
  return {
    content: {
      type: items.some(isVideo) ? 'video' : 'image',
      items,
      ...(caption && { caption }),
      ...(isOnce && { once: true as const }),
      ...(reply_to && { reply_to }),
    },
    uploads: ready.map((item) => uploadOf(item.media, kindOf(item), item.file)),
  };
}

export const isVideo = ({ duration_s }: Pick<Photo, 'duration_s'>): boolean =>
  duration_s !== undefined;

export const kindOf = (item: Pick<Photo, 'duration_s'>): 'image' | 'video' =>
  isVideo(item) ? 'video' : 'image';
