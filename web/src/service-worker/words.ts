/** A message in one line. */

import { told } from '#lib/i18n/en/told.ts';
import type { Entry } from '#lib/sync/entries.ts';

const LONGEST = 200;

/** Null for what says nothing by itself. */
export function wordsOf(body: unknown): string | null {
  const { type, text, caption, items, card } = body as {
    type?: string;
    text?: string;
    caption?: string;
    items?: readonly unknown[];
    card?: { title?: string };
  };
  if (card) return short(card.title ?? told.newMessage);
  switch (type) {
    case 'text':
      return short(text ?? '');
    case 'image':
      return short(caption ?? (items && items.length > 1 ? told.photos(items.length) : told.photo));
    case 'video':
      return short(caption ?? told.video);
    case 'voice':
      return told.voice;
    case 'document':
      return short(caption ?? told.document);
    case 'location':
      return told.location;
    case 'contact':
      return told.contact;
    case 'reaction':
    case 'edit':
    case 'settings':
      return null;
    default:
      return told.newer;
  }
}

/** What a quiet entry says is for those who look. */
export const isTold = ({ k, quiet, from }: Entry, own: string): boolean =>
  (k === 'message' || k === 'fact') && quiet !== true && from !== own;

const short = (text: string): string =>
  text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
