/** Opening what came sealed: whom to believe, what belongs where, and what to do when a key is missing. */

import type { DecryptedRoomEvent, OlmMachine } from '@matrix-org/matrix-sdk-crypto-wasm';
import {
  DecryptionErrorCode,
  DecryptionSettings,
  MegolmDecryptionError,
  ShieldColor,
  ShieldStateCode,
  TrustRequirement,
} from '@matrix-org/matrix-sdk-crypto-wasm';
import type { Backup } from './backup.ts';
import { ENVELOPE_TYPE, isCommitted, unpack } from './envelope.ts';
import type { KnownLists } from './lists.ts';
import { follow, hashList, readList } from './lists.ts';
import type { Opened, Refused, SealedEntry, Shield } from './model.ts';
import { eventName, libraryRoom, userName } from './names.ts';
import type { Outgoing } from './outgoing.ts';
import type { People } from './people.ts';
import type { Known, Vault } from './vault.ts';

interface Means {
  readonly user: string;
  readonly machine: OlmMachine;
  readonly vault: Vault;
  readonly outgoing: Outgoing;
  readonly people: People;
  readonly backup: Backup;
  readonly askLaterMs: number;
  readonly tellKeys: (convs: readonly string[]) => void;
  readonly failed: (error: unknown) => void;
}

/** What could not be tried, since the server did not answer for example, is tried again after that, then less often. */
const LOOK_LATER_MS = 3000;
const LOOK_SELDOM_MS = 60_000;

export class Reading {
  readonly #means: Means;
  readonly #missing = new Map<string, SealedEntry>();
  #askLater: ReturnType<typeof setTimeout> | undefined;
  readonly #later = new Set<string>();
  #lookLater: ReturnType<typeof setTimeout> | undefined;
  #lookLaterMs = LOOK_LATER_MS;

  constructor(means: Means) {
    this.#means = means;
  }

  close(): void {
    clearTimeout(this.#askLater);
    clearTimeout(this.#lookLater);
    this.#missing.clear();
  }

  /** The conversations in which something waits for its key. */
  waiting(): readonly string[] {
    return [...new Set([...this.#missing.values()].map(({ conv }) => conv))];
  }

  /** One after another in each conversation. */
  async open(entry: SealedEntry): Promise<Opened> {
    const known = await this.#means.vault.conversation(entry.conv);
    const bornAt = await this.#means.vault.fact('bornAt');
    const isLater = known.provenFrom !== undefined && entry.seq > known.provenFrom;
    const isNew = isLater || (bornAt !== undefined && entry.ts >= bornAt);
    const found = await this.#decryptEvent(entry, isNew);
    if ('state' in found) return found;
    this.#missing.delete(entry.id);
    this.#lookLaterMs = LOOK_LATER_MS;

    const { type, content } = JSON.parse(found.event) as { type: unknown; content: unknown };
    const envelope = type === ENVELOPE_TYPE ? unpack(content) : null;
    if (!envelope) return refused(entry, 'unreadable');
    // Rule 8: the library accepts the same ciphertext under another id.
    if (envelope.id !== entry.id || envelope.conv !== entry.conv) return refused(entry, 'moved');
    if (!(await isCommitted(envelope, entry.com))) return refused(entry, 'not-committed'); // Rule 9.
    const said = readContent(envelope.c);
    if (!said) return refused(entry, 'unreadable');
    const list = await this.#judgeList(entry, known.lists ?? null, envelope.list, said);
    const isDirect = envelope.list === undefined && !known.lists;
    if (list === 'not-a-member' || (isDirect && !this.#isOfThePair(entry, known))) {
      return refused(entry, 'not-a-member');
    }
    if (!(await this.#means.vault.place(entry.conv, entry.seq, entry.id))) {
      return refused(entry, 'replayed');
    }
    if (isDirect && !known.pair && entry.from !== this.#means.user) {
      await this.#means.vault.learn(entry.conv, { pair: [this.#means.user, entry.from].sort() });
    }
    const isProven = bornAt !== undefined && entry.ts >= bornAt;
    if (isProven && !(known.provenFrom !== undefined && known.provenFrom <= entry.seq)) {
      await this.#means.vault.learn(entry.conv, { provenFrom: entry.seq });
    }
    return {
      state: 'open',
      id: entry.id,
      content: said,
      at: envelope.at,
      device: found.senderDevice?.toString() ?? null,
      shield: shieldOf(found),
      proof: { k: envelope.k, c: envelope.c },
      list,
      isByAdmin: list !== null && (await this.#isByAdmin(entry, envelope.list)),
    };
  }

  async #decryptEvent(entry: SealedEntry, isNew: boolean): Promise<DecryptedRoomEvent | Opened> {
    let event: string;
    try {
      event = eventOf(entry);
    } catch {
      return refused(entry, 'unreadable');
    }
    // Rule 2: restored keys are refused by the first, and that is right for what is newer than this device.
    const trust = isNew ? TrustRequirement.CrossSigned : TrustRequirement.CrossSignedOrLegacy;
    const attempt = (): Promise<DecryptedRoomEvent> =>
      this.#means.machine.decryptRoomEvent(
        event,
        libraryRoom(entry.conv),
        new DecryptionSettings(trust),
      );
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof MegolmDecryptionError)) return refused(entry, 'unreadable');
      const isUnknown =
        error.code === DecryptionErrorCode.UnknownSenderDevice ||
        error.code === DecryptionErrorCode.UnsignedSenderDevice;
      if (!isUnknown) return this.#notOpened(entry, error);
    }
    // Perhaps we have not heard of that device yet.
    try {
      await this.#means.people.query([entry.from]);
      return await attempt();
    } catch (error) {
      if (error instanceof MegolmDecryptionError) return this.#notOpened(entry, error);
      return this.later(entry);
    }
  }

  /** It could not be tried just now: whoever asked is told to ask again, in a while. */
  later({ id, conv }: SealedEntry): Opened {
    this.#later.add(conv);
    this.#lookLater ??= setTimeout(() => {
      this.#lookLater = undefined;
      this.#lookLaterMs = Math.min(2 * this.#lookLaterMs, LOOK_SELDOM_MS);
      const convs = [...this.#later];
      this.#later.clear();
      this.#means.tellKeys(convs);
    }, this.#lookLaterMs);
    return { state: 'waiting', id, withheld: null };
  }

  #notOpened(entry: SealedEntry, error: MegolmDecryptionError): Opened {
    switch (error.code) {
      case DecryptionErrorCode.MissingRoomKey:
      case DecryptionErrorCode.UnknownMessageIndex:
        this.#waitFor(entry);
        return { state: 'waiting', id: entry.id, withheld: error.withheldCode ?? null };
      case DecryptionErrorCode.MismatchedIdentityKeys:
      case DecryptionErrorCode.UnknownSenderDevice:
        return refused(entry, 'unproven-sender');
      case DecryptionErrorCode.UnsignedSenderDevice:
        return refused(entry, 'unsigned-device');
      case DecryptionErrorCode.SenderIdentityVerificationViolation:
        return refused(entry, 'identity-changed');
      case DecryptionErrorCode.MismatchedSender:
        return refused(entry, 'other-sender');
      default:
        return refused(entry, 'unreadable');
    }
  }

  async #judgeList(
    entry: SealedEntry,
    lists: KnownLists | null,
    named: string | undefined,
    said: { readonly type: string; readonly [field: string]: unknown },
  ): Promise<'current' | 'older' | 'unknown' | 'not-a-member' | null> {
    const list = said.type === 'settings' ? readList(said.list) : null;
    if (list) {
      if (named !== (await hashList(list))) return 'not-a-member';
      const next = await follow(lists, list, entry.from, entry.seq);
      if (!next) return lists && isOutsider(entry, lists) ? 'not-a-member' : 'unknown';
      if (next !== lists) {
        await this.#means.vault.learn(entry.conv, { lists: next });
        this.#means.tellKeys([entry.conv]); // By this list some may be read that could not be.
      }
      return next.current === named ? 'current' : 'older';
    }
    if (!lists) return named === undefined ? null : 'unknown';
    if (named === undefined) return 'not-a-member';
    if (isOutsider(entry, lists)) return 'not-a-member';
    const its = lists.byHash[named];
    if (!its) return 'unknown';
    if (!its.members.includes(entry.from)) return 'not-a-member';
    return named === lists.current ? 'current' : 'older';
  }

  /** Rule 10, for two: the server could put somebody else's words between theirs. */
  #isOfThePair({ from }: SealedEntry, { pair }: Known): boolean {
    return from === this.#means.user || !pair || pair.includes(from);
  }

  /** By the list that was named, once it was judged: whoever repeats an admin's list is none for that. */
  async #isByAdmin({ conv, from }: SealedEntry, named = ''): Promise<boolean> {
    const { lists } = await this.#means.vault.conversation(conv);
    return lists?.byHash[named]?.admins.includes(from) ?? false;
  }

  /** A key that does not come by itself is asked for after a while: from our own devices, and from the backup. */
  #waitFor(entry: SealedEntry): void {
    this.#missing.set(entry.id, entry);
    this.#askLater ??= setTimeout(() => {
      this.#askLater = undefined;
      this.#askForMissing().catch((error: unknown) => this.#means.failed(error));
    }, this.#means.askLaterMs);
  }

  async #askForMissing(): Promise<void> {
    const entries = [...this.#missing.values()];
    this.#missing.clear();
    if (entries.length === 0) return;
    const { machine, backup, outgoing } = this.#means;
    const { imported } = await backup.restore({ again: false }).catch(() => ({ imported: 0 }));
    // Each failure now makes a request to our own devices.
    machine.roomKeyRequestsEnabled = true;
    for (const entry of entries) {
      const trust = new DecryptionSettings(TrustRequirement.Untrusted);
      await machine
        .decryptRoomEvent(eventOf(entry), libraryRoom(entry.conv), trust)
        .catch(() => undefined);
    }
    machine.roomKeyRequestsEnabled = false;
    outgoing.hurry();
    if (imported > 0) {
      this.#means.tellKeys([...new Set(entries.map(({ conv }) => conv))]);
    }
  }
}

/** Said after the list in force by somebody who is not on it. */
const isOutsider = ({ from, seq }: SealedEntry, { current, byHash, seq: since }: KnownLists) =>
  seq > since && !byHash[current]?.members.includes(from);

/** As the library wants to see it. */
function eventOf(entry: SealedEntry): string {
  return JSON.stringify({
    event_id: eventName(entry.id),
    sender: userName(entry.from),
    origin_server_ts: entry.ts,
    type: 'm.room.encrypted',
    content: JSON.parse(entry.ct) as unknown,
  });
}

function readContent(text: string): { type: string; [field: string]: unknown } | null {
  try {
    const content = JSON.parse(text) as unknown;
    const hasType = typeof content === 'object' && content !== null && 'type' in content;
    return hasType && typeof content.type === 'string'
      ? (content as { type: string; [field: string]: unknown })
      : null;
  } catch {
    return null;
  }
}

const refused = ({ id }: SealedEntry, why: Refused['why']): Refused => ({
  state: 'refused',
  id,
  why,
});

function shieldOf(event: DecryptedRoomEvent): Shield {
  const { color, code } = event.shieldState(false);
  const colors: Record<ShieldColor, Shield['color']> = {
    [ShieldColor.None]: 'none',
    [ShieldColor.Grey]: 'grey',
    [ShieldColor.Red]: 'red',
  };
  const reasons: Record<ShieldStateCode, Shield['why']> = {
    [ShieldStateCode.AuthenticityNotGuaranteed]: 'not-provable',
    [ShieldStateCode.UnknownDevice]: 'unknown-device',
    [ShieldStateCode.UnsignedDevice]: 'unsigned-device',
    [ShieldStateCode.UnverifiedIdentity]: 'unverified-person',
    [ShieldStateCode.VerificationViolation]: 'identity-changed',
    [ShieldStateCode.MismatchedSender]: 'other-sender',
  };
  return { color: colors[color], why: code === undefined ? null : reasons[code] };
}
