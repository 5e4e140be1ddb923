/**
 * What the engine needs to read and write private conversations. The shell plugs it in; without it, what is sealed
 * waits. The engine itself knows no key.
 */

import type { Content, Entry, SealedFile } from './entries.ts';

/** A sealed message, as the server takes it beside its id. */
export interface SealedBody {
  readonly ct: string;
  readonly rev: string;
  readonly com: string;
}

/** What a sealed upload needs to go on where it stopped. Plain data. */
export interface UploadState {
  readonly id: string;
  readonly key: string;
  readonly chunks: readonly string[];
}

/** What came for this device: device messages, key counts, whose devices changed. */
export interface ForDevice {
  readonly items?: readonly unknown[];
  readonly counts?: Readonly<Record<string, number>>;
  readonly unused?: readonly string[];
  readonly changed?: readonly { readonly user: string; readonly rev: number }[];
}

/** Who sends wants to stop it, and to know how far it is: bytes that the server has. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly progress: (sent: number) => void;
}

export interface Sealing {
  /** Opens what is sealed; order and everything else stay. Never rejects: what cannot be opened says why. */
  open(entries: readonly Entry[]): Promise<readonly Entry[]>;
  /** Raises: a `Problem`; a passing one is worth trying again when `devices` or `keys` is told. */
  seal(conv: string, id: string, content: Content): Promise<SealedBody>;
  /** Seals a file and brings it to the server, part by part; `keep` writes down how far it is. */
  upload(
    file: Blob,
    from: UploadState | string,
    keep: (state: UploadState) => Promise<void>,
    watch: Watch,
  ): Promise<SealedFile>;
  /** The server refused because the audience had changed: these are its facts. */
  stale(conv: string, facts: Readonly<Record<string, unknown>>): void;
  /** Answers up to which device message this device has handled and kept. */
  take(heard: ForDevice): Promise<number>;
  /** Too much was missed to trust what is known of anybody's devices. */
  resync(): Promise<void>;
}
