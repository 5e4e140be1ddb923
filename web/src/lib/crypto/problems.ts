/** What the crypto refuses, in the shape of every other refusal, so that rooms handle it alike. */

import { Problem } from '#lib/api/problem.ts';

const refusal = (slug: string, title: string, facts: Record<string, unknown> = {}): Problem =>
  new Problem(slug, 409, title, facts);

/** It may work later. */
export const isPassing = (error: unknown): boolean => error instanceof Problem && error.isPassing;

export const problems = {
  /** This device is not confirmed: it neither sends nor reads. */
  unconfirmed: () => refusal('unconfirmed-device', 'This device is not confirmed yet.'),
  /** None of them has a confirmed device. The message waits for the next news of their devices. */
  waiting: (users: readonly string[]) =>
    refusal('waiting-for-devices', 'They have no confirmed device yet.', { users }),
  /** The browser has deleted the keys of this device: it needs a sign-in of its own, like a new one. */
  storeLost: () => refusal('store-lost', 'The browser has deleted the keys of this device.'),
  /** Somebody who was verified has another identity now. Verify again, or withdraw the verification. */
  identityChanged: (users: readonly string[]) =>
    refusal('identity-changed', 'The keys of somebody you verified have changed.', { users }),
  /** The server names other people than this conversation has. */
  membersChanged: () =>
    refusal('members-changed', 'The server names other people for this conversation.'),
  /** The server calls a conversation private that was not, or the other way round. */
  kindChanged: (conv: string) =>
    refusal('kind-changed', 'The server says something else about this chat than before.', {
      conv,
    }),
  noMemberList: () => refusal('no-member-list', 'No admin has told who is in this group yet.'),
  notListed: () => refusal('not-listed', 'You are not on the list of this group.'),
  notAdmin: () => refusal('not-admin', 'Only an admin may change who is in this group.'),
  identityExists: () => refusal('identity-exists', 'You have confirmed devices already.'),
  unreadableRecoveryKey: () => refusal('bad-recovery-key', 'That is no recovery key.'),
  wrongRecoveryKey: () => refusal('wrong-recovery-key', 'That key does not open the backup.'),
  noRecovery: () => refusal('no-recovery', 'There is nothing to recover from.'),
  recoveryOutdated: () =>
    refusal('recovery-outdated', 'The keys were changed after this recovery key was made.'),
  untrustedBackup: () => refusal('untrusted-backup', 'The backup is not yours.'),
  verificationGone: () => refusal('verification-gone', 'That comparison has ended.'),
  unknownDevice: () => refusal('unknown-device', 'That device is not known.'),
  damagedFile: () => refusal('damaged-file', 'The file is damaged or was changed.'),
  sourceChanged: () => refusal('source-changed', 'The file has changed since it was chosen.'),
  notOpen: () => refusal('crypto-closed', 'The crypto is not open.'),
  /** The private half of the identity is on its way from another device. Passing. */
  secretsMissing: () => new Problem('secrets-missing', 0, 'Your keys are not all here yet.'),
  /** The worker had to be started again: ask again. Passing. */
  restarted: () => new Problem('crypto-restarted', 0, 'Start again.'),
} as const;
