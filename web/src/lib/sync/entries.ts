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
  /** None when it was deleted, or is sealed and not open yet. */
  readonly body?: Content | Fact | MemberChange;
  /** The device that sent it, in a private conversation. */
  readonly dev?: string;
  /** What the server keeps of a message in a private conversation. */
  readonly ct?: string;
  /** What its sender vouched for, for proving a report. */
  readonly com?: string;
  /** It stands for nothing by itself: a reaction, an edit, a setting. */
  readonly quiet?: boolean;
  /** When it disappears. */
  readonly expires_at?: number;
  /** The reader deleted it for themselves. */
  readonly hidden?: boolean;
  /** The reader has opened it for the one time that it may be. Never from the server. */
  readonly spent?: true;
  /** What the device found when it opened `ct`. Never from the server. */
  readonly seal?: Seal;
}

/** How far a sealed message can be read, and be trusted. */
export type Seal =
  | {
      readonly state: 'open';
      readonly doubt: string | null;
      readonly isSerious: boolean;
      /** Of a group's settings: by the members' own list no admin wrote them. */
      readonly isMembers?: true;
    }
  /** Its key is on its way. */
  | { readonly state: 'waiting' }
  /** Replayed, changed or made up: it is not shown. */
  | { readonly state: 'refused'; readonly why: string };

/** Who came and went, in the words of the server. */
export interface MemberChange {
  readonly type: 'change';
  readonly change: string;
  readonly user_id?: string;
  readonly by_id?: string;
  readonly role?: string;
  readonly timer_s?: number;
  readonly writers?: string;
  readonly editors?: string;
  /** Of a name: the new one. */
  readonly title?: string;
}

export interface Quote {
  readonly id: string;
  readonly quote?: string;
}

/** How to open a file that was sealed: it travels within the message. */
export interface SealedFile {
  readonly media_id: string;
  readonly key: string;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly mime: string;
}

/** Somebody of the group who is spoken to: their name stands after an @ in the words. */
export interface Mention {
  readonly user_id: string;
  readonly name: string;
}

/** The card of a link, as its sender's device made it. */
export interface LinkPreview {
  readonly url: string;
  readonly title: string;
  readonly text?: string;
  /** Inline: nobody who reads it fetches anything. */
  readonly image?: string;
}

interface Once {
  /** Of a private message: its reader opens it one time, and then it is gone from their devices. */
  readonly once?: true;
}

interface Saying {
  readonly reply_to?: Quote;
  /** It was said elsewhere before; by whom is not told. */
  readonly forwarded?: true;
  readonly mentions?: readonly Mention[];
  /** Of a private message: how to open its files, by id. */
  readonly files?: Readonly<Record<string, SealedFile>>;
}

export interface Photo {
  readonly media: string;
  readonly width: number;
  readonly height: number;
  readonly thumb?: string;
  /** Of a video. */
  readonly duration_s?: number;
}

export type Words =
  | ({ readonly type: 'text'; readonly text: string; readonly preview?: LinkPreview } & Saying)
  | ({
      /** Photos; as a `video` at least one video, and photos beside it. */
      readonly type: 'image' | 'video';
      readonly items: readonly Photo[];
      readonly caption?: string;
    } & Saying &
      Once)
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

/** What a person can say. */
export type Content =
  | Words
  /** Of a newer app, or malformed. Drawn as "This needs a newer Kirana". */
  | { readonly type: 'unknown' }
  | ({
      readonly type: 'voice';
      readonly media: string;
      readonly duration_s: number;
      readonly waveform?: readonly number[];
    } & Saying &
      Once)
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
  | ({
      readonly type: 'poll';
      readonly question: string;
      readonly options: readonly string[];
      /** More than one may be chosen. */
      readonly several?: true;
      readonly closes_at?: number;
    } & Saying)
  /** Which options, by number; none takes the vote back. */
  | { readonly type: 'vote'; readonly target_id: string; readonly options: readonly number[] }
  | { readonly type: 'poll_end'; readonly target_id: string }
  /** Somebody has opened what opens once. */
  | { readonly type: 'opened'; readonly target_id: string }
  | { readonly type: 'reaction'; readonly target_id: string; readonly emoji: string }
  | { readonly type: 'edit'; readonly target_id: string; readonly content: Words }
  /** Of a private conversation: what the server may not know of it. */
  | ({ readonly type: 'settings' } & Settings);

/** A message that everybody finds again at the top of the chat. */
export interface Pin {
  readonly id: string;
  readonly seq: number;
}

/** Of a group: the file, and how it looks in a list. */
export interface GroupPhoto {
  readonly media: string;
  readonly thumb: string;
}

export interface Settings {
  readonly title?: string;
  readonly description?: string;
  readonly photo?: GroupPhoto;
  /** The newest last. */
  readonly pins?: readonly Pin[];
  /** Who besides admins may say settings; only an admin's word counts. */
  readonly editors?: 'everybody' | 'admins';
  readonly timer_s?: number;
  readonly list?: unknown;
  readonly files?: Readonly<Record<string, SealedFile>>;
  /** What of this is new. */
  readonly did?: readonly SettingsChange[];
}

/** One thing that somebody changed: to be told, and to be done again on what others changed meanwhile. */
export interface SettingsChange {
  readonly title?: string;
  readonly description?: string;
  /** Null takes it away. */
  readonly photo?: GroupPhoto | null;
  readonly pin?: Pin;
  readonly unpin?: string;
  readonly editors?: 'everybody' | 'admins';
  /** Of the list of members. */
  readonly add?: string;
  readonly remove?: readonly string[];
  readonly admin?: { readonly user_id: string; readonly is: boolean };
}

/** The newest settings of a conversation, and those of an admin that they go by where others may say some. */
export interface Ruling {
  readonly settings: Entry | null;
  readonly admin_settings: Entry | null;
}

/** Something that happened, in the words of the server. */
export interface Fact {
  readonly type: 'fact';
  readonly fact: string;
  readonly subject: { readonly kind: string; readonly id: string; readonly version?: number };
  readonly card: {
    readonly state: string;
    readonly title?: string;
    readonly image?: string;
    readonly amount?: Money;
    readonly payer_id?: string;
    readonly payee_id?: string;
    /** So many `of` so many are done. */
    readonly done?: number;
    readonly of?: number;
    readonly link?: string;
  };
  /** The hash of the fact before it, and the server's signature. */
  readonly prev?: string;
  readonly sig?: string;
}

/** What changes something that was said: its id, or null for what stands for itself. */
export const aboutOf = (body: Entry['body']): string | null =>
  body !== undefined && 'target_id' in body && ABOUT.includes(body.type) ? body.target_id : null;

const ABOUT = ['edit', 'reaction', 'vote', 'poll_end', 'opened'];

/** It may be opened one time. */
export const isOnce = (body: Entry['body'] | null): boolean =>
  body !== null && body !== undefined && 'once' in body && body.once === true;

/** Its words are there, and nobody has opened them yet. */
export const isSealed = ({ ct, body }: Entry): boolean => ct !== undefined && body === undefined;

export const isFact = (body: Entry['body']): body is Fact => body?.type === 'fact';

export const isChange = (body: Entry['body']): body is MemberChange => body?.type === 'change';
