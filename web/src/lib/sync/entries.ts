/** Entries of a conversation, the same in the stream, in a page of history and in a list. */

import type { Money } from '#lib/values/money.ts';

export interface Entry {
  readonly conv: string;
  readonly seq: number;
  readonly k: 'message' | 'fact' | 'deletion' | 'change';
  readonly id: string;
  readonly from?: string;
  /** Who of the shop's team wrote; told to the team only. */
  readonly author?: string;
  /** A rule of the shop sent it. */
  readonly auto?: boolean;
  /** Of a deletion: what was deleted. */
  readonly target?: string;
  readonly ts: number;
  /** None when it was deleted. */
  readonly body?: Content | Fact;
}

export interface Quote {
  readonly id: string;
  readonly quote?: string;
}

interface Saying {
  readonly reply_to?: Quote;
}

export interface Photo {
  readonly media: string;
  readonly width: number;
  readonly height: number;
  readonly thumb?: string;
}

export type Words =
  | ({ readonly type: 'text'; readonly text: string } & Saying)
  | ({
      readonly type: 'image';
      readonly items: readonly Photo[];
      readonly caption?: string;
    } & Saying)
  | ({
      readonly type: 'document';
      readonly media: string;
      readonly name: string;
      readonly size_bytes: number;
      readonly pages?: number;
      readonly caption?: string;
    } & Saying)
  | ({
      readonly type: 'product';
      readonly product_id: string;
      readonly variant_id?: string;
      readonly snapshot: {
        readonly title: string;
        readonly price?: Money;
        readonly image?: string;
      };
      readonly text?: string;
    } & Saying);

/** What a person can say. What is not here is drawn as "This needs a newer Kirana". */
export type Content =
  | Words
  | ({
      readonly type: 'voice';
      readonly media: string;
      readonly duration_s: number;
      readonly waveform?: readonly number[];
    } & Saying)
  | ({
      readonly type: 'location';
      readonly lat: number;
      readonly lon: number;
      readonly name?: string;
      readonly address?: string;
    } & Saying)
  | ({
      readonly type: 'contact';
      readonly people: readonly {
        readonly name: string;
        readonly phones?: readonly string[];
        readonly user_id?: string;
      }[];
    } & Saying)
  | { readonly type: 'reaction'; readonly target_id: string; readonly emoji: string }
  | { readonly type: 'edit'; readonly target_id: string; readonly content: Words };

/** Something that happened, in the words of the server. */
export interface Fact {
  readonly fact: string;
  readonly subject: { readonly kind: string; readonly id: string; readonly version?: number };
  readonly card: {
    readonly state: string;
    readonly title?: string;
    readonly image?: string;
    readonly amount?: Money;
    readonly payer_id?: string;
    readonly payee_id?: string;
    readonly link?: string;
  };
}

export const isFact = (body: Content | Fact | undefined): body is Fact =>
  body !== undefined && 'fact' in body;
