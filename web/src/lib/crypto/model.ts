/** What goes in and out of the crypto. Everything here is plain data: it crosses from worker to page and tab to tab. */

import type { MemberList } from './lists.ts';

export type { MemberList } from './lists.ts';

/** Where this device stands. */
export interface Status {
  /**
   * `new`: the person has no identity yet, this is the first device (`begin`). `unconfirmed`: there are others, and
   * this one reads nothing until confirmed (`verify` or `recover`). `confirmed`: all is well.
   */
  readonly device: 'new' | 'unconfirmed' | 'confirmed';
  /** `untrusted`: the server has one that is not ours. */
  readonly backup: 'none' | 'on' | 'untrusted';
  /** The recovery key was made here and the person has not said yet that it is safe. */
  readonly isRecoveryKeyUnsaved: boolean;
}

/** A member as the server tells. */
export interface Member {
  readonly user_id: string;
  readonly state: 'requested' | 'joined' | 'left' | 'removed';
  readonly devices_rev?: number;
}

/** For whom a message is, as the server tells: from the conversation, or from a `stale-audience` refusal. */
export interface Audience {
  readonly conv: string;
  readonly form: 'direct' | 'group';
  readonly members_rev: number;
  readonly members: readonly Member[];
  /** `rev` of the conversation, if it is known: when it is newer than what we know, we ask before we seal. */
  readonly rev?: string;
}

/** What is sent: the body of `POST …/messages`, without what the room adds. */
export interface Sealed {
  readonly ct: string;
  readonly rev: string;
  readonly com: string;
  /** Who gets no key, because they have no confirmed device yet. */
  readonly without: readonly string[];
  /** Whom the server alone names. They get no key; show them. */
  readonly unlisted: readonly string[];
}

/** A message as the server keeps it: part of the entry that the stream brings. */
export interface SealedEntry {
  readonly conv: string;
  readonly seq: number;
  readonly id: string;
  readonly from: string;
  readonly ts: number;
  readonly ct: string;
  readonly com?: string;
}

/** `none`: all is well. `grey`: to be said softly in the details. `red`: to be said at the message. */
export interface Shield {
  readonly color: 'none' | 'grey' | 'red';
  readonly why:
    | null
    | 'not-provable'
    | 'unknown-device'
    | 'unsigned-device'
    | 'unverified-person'
    | 'identity-changed'
    | 'other-sender';
}

export interface Open {
  readonly state: 'open';
  readonly id: string;
  readonly content: { readonly type: string; readonly [field: string]: unknown };
  /** When it was written, by the sender's clock; `ts` of the entry is the server's. */
  readonly at: number;
  readonly device: string | null;
  readonly shield: Shield;
  /** For a report: the server checks HMAC-SHA-256(k, c) against what it keeps. */
  readonly proof: { readonly k: string; readonly c: string };
  /** In groups: does the sender go by the list in force, by an older one, or by one that is not known here? */
  readonly list: 'current' | 'older' | 'unknown' | null;
  /** Of a group's settings: is the sender an admin by the list that they go by? */
  readonly isByAdmin: boolean;
}

/** The key is not here (yet): "Waiting for this message". Ask again when `keys` is told. */
export interface Waiting {
  readonly state: 'waiting';
  readonly id: string;
  /** What the sender's device said about why not, if it did: `m.unverified`, for example. */
  readonly withheld: string | null;
}

/** It was replayed, moved, changed or made up. It is not shown; a line may say so. */
export interface Refused {
  readonly state: 'refused';
  readonly id: string;
  readonly why:
    | 'unreadable'
    | 'moved'
    | 'replayed'
    | 'not-committed'
    | 'other-sender'
    | 'unsigned-device'
    | 'unproven-sender'
    | 'identity-changed'
    | 'not-a-member';
}

export type Opened = Open | Waiting | Refused;

export interface KeyCounts {
  readonly counts?: Readonly<Record<string, number>>;
  readonly unused?: readonly string[];
}

export interface DeviceMessage {
  readonly n: number;
  readonly sender: string;
  readonly type: string;
  readonly content: unknown;
}

/** What the socket brought for this device: frames `td`, `otk`, and entries of the kind `devices`. */
export interface Heard extends KeyCounts {
  readonly items?: readonly DeviceMessage[];
  readonly changed?: readonly { readonly user: string; readonly rev: number }[];
}

export interface Device {
  readonly user: string;
  readonly id: string;
  readonly name: string | null;
  /** Signed by its owner's identity: gets keys. */
  readonly isConfirmed: boolean;
  /** And that identity was verified by us. */
  readonly isVerified: boolean;
  readonly isThis: boolean;
  /** Not a real one: it receives keys while the person has no device. Not for showing. */
  readonly isDehydrated: boolean;
  /** Ed25519, base64. */
  readonly fingerprint: string;
}

export interface Person {
  readonly user: string;
  readonly hasIdentity: boolean;
  readonly isVerified: boolean;
  /** Was verified and has another identity now: sending stops until `verify` or `withdraw`. */
  readonly isBroken: boolean;
  /** Has another identity than at first sight: say "Ravi's keys changed", then `accept`. */
  readonly isChanged: boolean;
  /** 60 digits that both see alike; null while there is no identity. */
  readonly safetyNumber: string | null;
}

export interface Verification {
  readonly id: string;
  readonly user: string;
  readonly device: string | null;
  readonly isOwn: boolean;
  readonly weStarted: boolean;
  /**
   * `asked`: waits for the other side. `incoming`: asks us. `ready`: choose emoji or code. `started`: emoji are on
   * their way. `compare`: show the emoji. `scanned`: the other side scanned our code, ask "Did it say yes?".
   * `confirmed`: waits for the other side's yes.
   */
  readonly phase:
    | 'asked'
    | 'incoming'
    | 'ready'
    | 'started'
    | 'compare'
    | 'scanned'
    | 'confirmed'
    | 'done'
    | 'cancelled';
  /** Seven. */
  readonly emoji: readonly { readonly symbol: string; readonly description: string }[] | null;
  /** The bytes of our code, base64: for a code drawn in binary mode. */
  readonly code: string | null;
  readonly canScan: boolean;
  /** Why it ended: `m.user`, `m.timeout`, `m.mismatched_sas`, `m.key_mismatch`, … */
  readonly cancelled: string | null;
}

export type Step =
  | { readonly do: 'accept' | 'emoji' | 'code' | 'confirm' | 'mismatch' | 'cancel' }
  /** What the camera read, base64. */
  | { readonly do: 'scan'; readonly code: string };

export interface Restored {
  readonly imported: number;
  readonly total: number;
}

export interface Roster {
  readonly list: MemberList | null;
  /** On the server's list and not on the signed one. */
  readonly unlisted: readonly string[];
  /** On the signed list and not on the server's. */
  readonly gone: readonly string[];
}

/** What the crypto tells without being asked. */
export interface News {
  status: Status;
  /** Keys arrived for these conversations: try again what waits there. */
  keys: { readonly convs: readonly string[] };
  /** Their devices changed: what waits for them may go. */
  devices: { readonly users: readonly string[] };
  /** Somebody's identity changed. */
  person: Person;
  verification: Verification;
  /** The worker was started again after a fault; comparisons under way have ended. */
  restarted: null;
}

/** Gives a confirmation (PIN or passkey) for what needs one. */
export interface Confirmed {
  readonly confirmation?: string;
}

/**
 * End-to-end encryption for one person on one device. Runs in the worker of the tab that leads; every other tab
 * reaches the same one. Calls may run twice when the leading tab goes in between.
 */
export interface Crypto {
  status(): Promise<Status>;
  /** Handles what the socket brought. Acknowledge `n` to the server after it, never before. */
  take(heard: Heard): Promise<{ readonly n: number }>;
  /** Fetches and acknowledges what waits on the server: the way without a socket, and at each start. */
  pull(): Promise<void>;
  /** After `resync`: whatever was known of anybody's devices may be stale. */
  resync(): Promise<void>;

  /**
   * First device: makes the identity, the backup and the recovery key, or goes on where that was cut off. Nothing to do on
   * a confirmed device. Raises: `identity-exists`.
   */
  begin(confirmed?: Confirmed): Promise<Status>;
  /** Last way out: a new identity. Restored history that is only in the old backup is lost. Asks for a confirmation. */
  reset(confirmed?: Confirmed): Promise<Status>;
  /** The person gave up confirming `reset`. */
  cancelReset(): Promise<void>;
  /** The key to show, as long as it is unsaved; null after that. */
  recoveryKey(): Promise<string | null>;
  recoveryKeySaved(): Promise<void>;
  /** A new key; the old one opens nothing any more. Raises: `unconfirmed-device`. */
  newRecoveryKey(): Promise<string>;
  /** Confirms this device by the recovery key and restores history. Raises: `wrong-recovery-key`, `no-recovery`, … */
  recover(key: string): Promise<Restored>;
  /** Fetches history from the backup, as far as its key is here. */
  restore(): Promise<Restored>;

  /**
   * Seals a message, after sharing its key with the confirmed devices of everybody in `to`.
   *
   * Raises: `unconfirmed-device`, `waiting-for-devices`, `identity-changed`, `members-changed`, `no-member-list`,
   * `not-listed`, `not-admin`, and what the network raises.
   */
  encrypt(to: Audience, id: string, content: { readonly type: string }): Promise<Sealed>;
  decrypt(entries: readonly SealedEntry[]): Promise<Opened[]>;
  /** The list to put into the next `settings` of a group. Raises: `not-admin`. */
  nextList(
    conv: string,
    members: readonly string[],
    admins: readonly string[],
  ): Promise<MemberList>;
  roster(to: Audience): Promise<Roster>;

  /**
   * Seals what the person keeps about their chats, for all of their confirmed devices. Raises: `unconfirmed-device`,
   * `secrets-missing`.
   */
  sealNotebook(text: string): Promise<string>;
  /** Null for what was sealed with an identity that the person has no more. Raises: as above. */
  openNotebook(ciphertext: string): Promise<string | null>;

  devices(user: string): Promise<Device[]>;
  person(user: string): Promise<Person>;
  /** Those of them who are known here to have another identity than before. Asks nobody. */
  changed(users: readonly string[]): Promise<Person[]>;
  /** "Ravi's keys changed" was read. */
  accept(user: string): Promise<void>;
  /** No longer verified: sending goes on, with the changed keys. */
  withdraw(user: string): Promise<void>;

  /** Asks a person, or one of our own devices, or all of our own. Raises: `waiting-for-devices`, `unknown-device`. */
  verify(whom: { readonly user: string; readonly device?: string }): Promise<Verification>;
  verifications(): Promise<Verification[]>;
  /** Raises: `verification-gone`. */
  step(id: string, step: Step): Promise<Verification>;

  /** Seals something fleeting for one device: the offer of a call. */
  signal(to: { readonly user: string; readonly device: string }, body: object): Promise<string>;
  /** Opens what `signal` sealed. Null unless it comes from a confirmed device of that user. */
  openSignal(
    from: string,
    sealed: string,
  ): Promise<{ readonly device: string; readonly body: unknown } | null>;

  close(): Promise<void>;
}
