import type { Quote } from '#lib/sync/index.ts';
import type { Quoted, Row } from './model.ts';

export type MessageRow = Extract<Row, { kind: 'message' }>;

/** What can be done with a message, and where what it speaks of is found: the same for all of a conversation. */
export interface MessageActs {
  readonly productHref: (productId: string) => string;
  readonly quoted: (quote: Quote) => Quoted;
  readonly onmenu: (row: MessageRow, at: { x: number; y: number }) => void;
  readonly onreply: (row: MessageRow) => void;
  readonly onquote: (quote: Quote) => void;
  readonly onreact: (row: MessageRow, emoji: string) => void;
  readonly onphoto: (row: MessageRow, index: number) => void;
  readonly onagain: (row: MessageRow) => void;
  readonly onremove: (row: MessageRow) => void;
}
