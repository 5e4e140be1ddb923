import { plural } from '../locale.ts';

/** Keys of private chats: this device, the others, the recovery key, and comparing with people. */
export const keys = {
  title: 'Private chats',
  lead: 'Keys and recovery of your private chats',
  loading: 'Looking after your keys…',
  standing: {
    confirmed: 'This device can read your private chats',
    confirmedText:
      'It is confirmed by you. People who write to you send the key of each message to it.',
    unconfirmed: 'This device cannot read your private chats yet',
    unconfirmedText:
      'You have used Kirana on another device before. Confirm this one, so that nobody who merely signs in as you can read along.',
    new: 'Your keys are being made',
    newText: 'This takes a moment, once. It needs a connection.',
    insecure: 'Private chats need a safe connection',
    insecureText:
      'This page was loaded without https, so your browser gives it no cryptography. Everything else works. Ask whoever runs this server for its https address.',
    lost: 'Your browser has deleted what was kept here',
    lostText:
      'It does that when space runs low or after a long time. Your chats are not lost: sign in again, then bring them back with your recovery key or another device.',
    signInAgain: 'Sign in again',
    broken: 'The keys could not be opened',
    brokenText:
      'Private chats stay closed here until they can. Load the page again; if that does not help, sign out on this device and in again, and confirm it by your recovery key.',
    reload: 'Load again',
  },

  ways: 'Confirm this device',
  wayEmoji: 'Compare seven emoji',
  wayEmojiText: 'With a device that reads your chats already',
  wayScan: 'Scan your other device',
  wayScanText: 'It shows the code when you say yes there',
  wayKey: 'Type the recovery key',
  wayKeyText: 'If no other device of yours is at hand',
  banner: 'This device cannot read private chats yet.',
  bannerAct: 'Confirm it',

  recoveryKey: 'Recovery key',
  recoveryLead:
    'With it a new device can read your private chats, even when all your other devices are lost. Whoever has it can read them too: keep it on paper or in a password manager, not in a chat.',
  recoverySaved: 'Saved by you',
  recoverySavedText: 'It is not kept here, so it cannot be shown again.',
  recoveryHere: 'Not kept on this device',
  print: 'Print',
  saveFile: 'Save as a file',
  fileName: 'kirana-recovery-key.txt',
  /** The colon keeps a word of four letters before the key from being read as its first group. */
  fileText: (key: string, place: string) =>
    `Recovery key of my private chats on ${place}:\n\n${key}\n\nWhoever has this key can read the chats. Keep it safe.\n`,
  showCode: 'Show as a code',
  hideCode: 'Hide the code',
  recoveryCode: 'Your recovery key as a code',
  haveSaved: 'I have saved it',
  savedToast: 'Good. It is asked for only when a new device needs it.',
  copyFailed: 'Your browser does not let us copy. Select the key and copy it yourself.',
  newKey: 'Make a new recovery key',
  newKeySure: 'Make a new recovery key?',
  newKeyText: 'The one you have opens nothing any more. Your chats and devices stay as they are.',
  reminder: 'Your recovery key is not saved yet.',
  reminderAct: 'Save',
  later: 'Later',

  enterKey: 'Recovery key',
  enterKeyHint: '13 groups of four letters and digits. Capitals and spaces do not matter.',
  useKey: 'Confirm this device',
  recovering: 'Fetching your messages… This can take a minute; leave the page open.',
  keyFromFile: 'Choose the saved file',
  scanKey: 'Scan it',
  scanKeyLead: 'Hold the code of your recovery key into the frame.',
  noKeyThere: 'There is no recovery key in it.',
  recovered: (n: number) =>
    plural(n, {
      one: 'This device is confirmed. The key of # stretch of messages came back.',
      other: 'This device is confirmed. The keys of # stretches of messages came back.',
    }),
  recoveredNone: 'This device is confirmed. There were no older messages to bring back.',

  backup: 'Older messages',
  backupOn: 'Their keys are kept on the server, sealed by a key that only you have.',
  backupNone: 'Their keys are not kept yet. That begins by itself.',
  backupUntrusted:
    'The server has a backup that is not yours. Nothing is written to it, and nothing is read from it.',
  restore: 'Fetch older messages',
  restored: (imported: number, total: number) =>
    total === 0 ? 'There is nothing to fetch.' : `${imported} of ${total} keys are new here.`,

  reset: 'Start again with a new identity',
  resetLead: 'The last way out, when no device and no recovery key is left.',
  resetLosses: 'What is lost',
  resetLoss: {
    history: 'Messages that only your old keys open cannot be read any more, by anybody.',
    devices: 'All your other devices have to be confirmed again.',
    people: 'People you have compared with see that your keys changed, and have to compare again.',
    recovery: 'Your recovery key opens nothing any more. You get a new one.',
  },
  resetKeeps: 'Orders, payments and chats with shops stay as they are.',
  resetDo: 'Lose this and start again',
  resetAsk: 'Replace your keys with new ones',
  resetDone: 'You have a new identity. Save the new recovery key.',
  resetGivenUp: 'Nothing was changed.',

  device: {
    confirmed: 'Confirmed',
    unconfirmed: 'Not confirmed',
    none: 'No private chats',
    confirm: 'Confirm',
    explain:
      'A device that is not confirmed can use everything but your private chats. If you do not know one, sign it out.',
  },

  compare: {
    own: 'Confirm a device',
    person: (name: string) => `Compare with ${name}`,
    unnamed: 'this person',
    askedOwn:
      'Take a device that reads your private chats already, open Kirana there, and say yes.',
    askedPerson: (name: string) =>
      `Waiting for ${name}. Best be in the same room or on a call, and ask them to open Kirana.`,
    incomingOwn: (device: string) => `“${device}” signed in as you and wants to read your chats.`,
    incomingOwnText:
      'Go on only if it is yours and in front of you. If not, somebody else knows how to sign in as you: say no and sign it out.',
    incomingPerson: (name: string) => `${name} wants to make sure that nobody reads along.`,
    incomingPersonText: 'You will both look at the same seven emoji, or scan a code.',
    goOn: 'Go on',
    notMine: 'That is not me',
    notNow: 'Not now',
    ready: 'Choose how to compare',
    readyText: 'One of you chooses. The other follows by itself.',
    emoji: 'Compare emoji',
    scan: 'Scan their code',
    scanOwn: 'Scan the other device',
    scanLead: 'Hold the code that the other device shows into the frame.',
    code: 'Show my code',
    codeLabel: 'Code for the other device to scan',
    codeText: 'Scan this with the other device, in Kirana.',
    waiting: 'Waiting for the other device…',
    question: 'Does the other device show the same seven, in the same order?',
    match: 'They match',
    mismatch: 'They do not match',
    scanned: 'Does the other device say that it worked?',
    scannedYes: 'Yes, it worked',
    scannedNo: 'No',
    confirmed: 'Waiting for the other side to say yes…',
    doneOwn: 'Confirmed',
    doneOwnText: 'That device reads your private chats now. Older messages arrive by themselves.',
    doneThis: 'This device reads your private chats now. Older messages arrive by themselves.',
    donePerson: (name: string) => `You have verified ${name}`,
    donePersonText: 'Nobody can read along between you without both of you being told.',
    ended: 'It did not work',
    because: {
      'm.user': 'It was cancelled. You can start again.',
      'm.timeout': 'It took too long. Start again when both devices are open.',
      'm.accepted': 'Another device answered. Go on there.',
      'm.mismatched_sas':
        'The emoji did not match. Nothing was confirmed. Somebody may stand between you: compare again in person, and sign out devices that you do not know.',
      'm.key_mismatch':
        'The keys are not the ones they should be. Nothing was confirmed. Compare again in person.',
      'm.unknown_method': 'The other device cannot do this. Try the emoji.',
      'm.unexpected_message': 'The two devices got out of step. Start again.',
    } as Record<string, string>,
    becauseOther: 'The two devices could not agree. Nothing was confirmed; start again.',
    badCode: 'This is not the code of that device. Nothing was confirmed.',
    seeDevices: 'See your devices',
  },

  person: {
    title: (name: string) => `${name}'s keys`,
    verified: 'Verified',
    verifiedText: (name: string) =>
      `You compared with ${name}. Nobody else can read what you write to each other.`,
    verifiedWhen: (when: string) => `Compared on this device on ${when}.`,
    unverified: 'Not compared yet',
    unverifiedText: (name: string) =>
      `Your chat is sealed already. Comparing makes sure that the keys are really those of ${name}, and not of somebody in between.`,
    changed: (name: string) => `${name}'s keys changed`,
    changedText: (name: string) =>
      `That happens when somebody starts again on a new phone. If you are not sure, ask ${name} in another way.`,
    accept: 'All right',
    broken: (name: string) => `${name} is not who you verified`,
    brokenText: (name: string) =>
      `You compared with ${name} before, and the keys are other ones now. Nothing is sent until you decide: compare again, or go on without being sure.`,
    again: 'Compare again',
    withdraw: 'Go on without',
    withdrawn: (name: string) => `${name} is no longer verified.`,
    none: (name: string) =>
      `${name} has not opened private chats yet. There is nothing to compare.`,
    compare: 'Compare now',
    number: 'Safety number',
    numberText: (name: string) =>
      `${name} sees the same 60 digits on this page, where your name stands. On a call, read them to each other.`,
    needsConfirmed: 'Confirm this device first. Then you can compare with people.',
    needsPerson: 'Only people have keys. A shop is read by its whole team.',
    who: 'Who can read what',
  },

  who: {
    title: 'Who can read what',
    lead: 'In plain words, without promises that cannot be kept.',
    private: 'Private chats',
    privateText: [
      'Only the devices that the people in the chat have confirmed. Messages, photos and file names are sealed on your device and opened on theirs.',
      'The server carries them and cannot read them. Neither can the people who run it.',
    ],
    server: 'What the server sees all the same',
    serverText: [
      'Who writes to whom, when, how often and about how much.',
      'Who is in a group, and who is its admin. Not its name, nor its picture.',
      'Your name, photo, phone number or e-mail address, your devices, and when you were here.',
    ],
    shops: 'Chats with shops, orders and money',
    shopsText: [
      "A shop's whole team reads a chat with the shop, and so can the people who run this server. Orders and payments as well.",
    ],
    device: 'Your devices',
    deviceText: [
      'A device that you confirmed reads everything that you read. Whoever holds it unlocked does, too.',
      'If you lose one, sign it out on another. It gets nothing new from then on. What it has already stays on it.',
    ],
    recovery: 'The recovery key',
    recoveryText: [
      'Whoever has it, and can sign in as you, is you. Without it and without a device, nobody can bring your private chats back; we cannot either.',
    ],
    limits: 'Limits that you should know',
    limitsText: [
      'Who stole the keys from a device can read on until the keys rotate: after 100 messages or 7 days.',
      'Somebody who records everything today and has a large quantum computer one day could read it then.',
      'As long as you have not compared with somebody, you rely on the server having named the right keys at first.',
    ],
  },
};
