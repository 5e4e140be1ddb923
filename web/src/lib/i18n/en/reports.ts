import { plural } from '../locale.ts';

/** Reporting what somebody wrote, and the operator's side of it. */
export const reports = {
  report: 'Report',
  title: (name: string) => `Report ${name}`,
  why: 'Why',
  reasons: {
    spam: 'Spam or advertising',
    abuse: 'Insults or hate',
    threat: 'A threat, or somebody is in danger',
    fraud: 'Fraud',
    other: 'Something else',
  },
  which: (n: number) => `Show these messages (up to ${n})`,
  seen: (name: string) =>
    `The people who run this server will read exactly these messages, that ${name} sent them and when, and that you report them. If a message has photos or files, they can open those too. They see nothing else of this chat, and ${name} is not told.`,
  proof: 'A message is shown as it was first sent, with a proof that nobody can invent or change.',
  block: (name: string) => `Block ${name} as well`,
  send: (n: number) =>
    plural(n, { one: 'Show # message to the operator', other: 'Show # messages to the operator' }),
  sent: 'The operator has it now.',
  sentAndBlocked: (name: string) => `The operator has it now, and ${name} is blocked.`,
  operator: 'Operator',
  inbox: 'Reports',
  inboxLead: 'What people have shown to you',
  none: 'Nobody has reported anything.',
  noneClosed: 'No report was closed yet.',
  state: 'Which reports',
  open: 'Open',
  closed: 'Closed',
  by: (reporter: string) => `Reported by ${reporter}`,
  noReason: 'No reason given',
  proven: 'Proven: these words were sent from this account.',
  sentAt: (when: string) => `Sent ${when}`,
  reportedAt: (when: string) => `Reported ${when}`,
  note: 'What became of it',
  noteHint: 'Only operators see this.',
  close: 'Close',
  closedNow: 'The report is closed.',
  closedWith: (when: string) => `Closed ${when}`,
  gone: 'Somebody who is no longer here',
};
