/** What anybody may see of a user. */
export interface Card {
  readonly id: string;
  readonly kind: 'person' | 'guest' | 'business' | 'system';
  readonly name: string;
  readonly handle: string | null;
  readonly photo_id: string | null;
}

/** The person who is signed in, as they see themselves. */
export interface Me extends Card {
  readonly language: string | null;
  readonly zone: string | null;
  readonly addresses: readonly OwnAddress[];
  readonly has_pin: boolean;
  readonly has_passkey: boolean;
  /** The shops whose team they are in. */
  readonly acts_for: readonly Card[];
}

export interface OwnAddress {
  readonly kind: 'phone' | 'email';
  readonly address: string;
}

/** A browser, an app or a program that is signed in. */
export interface Device {
  readonly id: string;
  readonly kind: 'browser' | 'app' | 'program';
  readonly name: string;
  readonly created_at: number;
  readonly seen_at: number;
  readonly is_current: boolean;
}

export interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly created_at: number;
}

/** What this server is. */
export interface Server {
  readonly name: string;
  readonly demo: boolean;
  readonly now: number;
}

/** Somebody of the demo town whom one may enter as. */
export interface DemoPerson {
  readonly id: string;
  readonly name: string;
  readonly photo_id?: string | null;
  readonly about?: string | null;
  readonly shop?: string | null;
}
