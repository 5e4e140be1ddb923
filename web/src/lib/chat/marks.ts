/** Text as a person typed it, taken apart for drawing: links, *bold*, _italic_, ~strike~ and `code`, and names. */

import type { Mention } from '#lib/sync/index.ts';
import { splitByNames } from './mentions.ts';

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string }
  | { readonly kind: 'mention'; readonly text: string; readonly userId: string }
  | { readonly kind: 'strong'; readonly pieces: readonly Piece[] }
  | { readonly kind: 'em'; readonly pieces: readonly Piece[] }
  | { readonly kind: 's'; readonly pieces: readonly Piece[] };

const MARKS =
  /`([^`\n]+)`|((?:https?:\/\/|www\.)[^\s<>"]+)|(?<![\p{L}\p{N}])([*_~])(?=\S)([^\n]*?\S)\3(?![\p{L}\p{N}])/giu;
const KINDS = { '*': 'strong', _: 'em', '~': 's' } as const;

export function takeApart(text: string, mentions: readonly Mention[] = []): Piece[] {
  const pieces = takeMarksApart(text);
  return mentions.length > 0 ? pieces.flatMap((piece) => withNames(piece, mentions)) : pieces;
}

function withNames(piece: Piece, mentions: readonly Mention[]): Piece[] {
  if (piece.kind === 'text') {
    return splitByNames(piece.text, mentions).map(({ text, mention }) =>
      mention ? { kind: 'mention', text, userId: mention.user_id } : { kind: 'text', text },
    );
  }
  if (!('pieces' in piece)) return [piece];
  return [{ ...piece, pieces: piece.pieces.flatMap((inner) => withNames(inner, mentions)) }];
}

function takeMarksApart(text: string): Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const match of text.matchAll(MARKS)) {
    const [whole, code, url, mark, inner] = match;
    if (match.index > done) pieces.push({ kind: 'text', text: text.slice(done, match.index) });
    done = match.index + whole.length;
    if (code !== undefined) pieces.push({ kind: 'code', text: code });
    else if (url !== undefined) {
      const link = linkOf(url);
      const end = link?.text ?? url;
      pieces.push(link ?? { kind: 'text', text: url });
      if (end.length < url.length) pieces.push({ kind: 'text', text: url.slice(end.length) });
    } else if (mark && inner) {
      pieces.push({ kind: KINDS[mark as keyof typeof KINDS], pieces: takeMarksApart(inner) });
    }
  }
  if (done < text.length) pieces.push({ kind: 'text', text: text.slice(done) });
  return pieces;
}

/** Only http and https; what ends a sentence does not belong to the address. */
function linkOf(url: string): Extract<Piece, { kind: 'link' }> | null {
  let text = url.replace(/[.,;:!?'»”’]+$/, '');
  while (text.endsWith(')') && text.split(')').length > text.split('(').length) {
    text = text.slice(0, -1).replace(/[.,;:!?'»”’]+$/, '');
  }
  const href = /^https?:/i.test(text) ? text : `https://${text}`;
  return URL.canParse(href) ? { kind: 'link', text, href: new URL(href).href } : null;
}
