/** A message in one line. */

import { told } from '#lib/i18n/en/told.ts';
import { isFact, isOnce } from '#lib/sync/entries.ts';
import type { Entry } from '#lib/sync/entries.ts';

const LONGEST = 200;

/** Null for what says nothing by itself, or cannot be read. */
export function wordsOf(body: Entry['body']): string | null {
  if (body === undefined) return null;
  if (isFact(body)) return short(body.card.title ?? told.newMessage);
  if (isOnce(body)) return told.once;
  switch (body.type) {
    case 'text':
      return short(body.text);
    case 'image': {
      const { caption, items } = body;
      return short(caption || (items.length > 1 ? told.photos(items.length) : told.photo));
    }
    case 'video':
      return short(body.caption || told.video);
    case 'voice':
      return told.voice;
    case 'document':
      return short(body.caption || body.name || told.document);
    case 'location':
      return told.location;
    case 'contact':
      return told.contact;
    case 'poll':
      return short(told.poll(body.question));
    case 'product':
      return short(body.text || body.snapshot.title);
    case 'reaction':
    case 'edit':
    case 'settings':
    case 'vote':
    case 'poll_end':
    case 'opened':
    case 'change':
      return null;
    default:
      return told.newer;
  }
}

/** What a quiet entry says is for those who look. */
export const isTold = ({ k, quiet, from, hidden }: Entry, own: string): boolean =>
  (k === 'message' || k === 'fact') && quiet !== true && hidden !== true && from !== own;

function short(text: string): string {
  const letters = [...text.replace(/\s+/g, ' ').trim()];
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join('')}…` : letters.join('');
}
