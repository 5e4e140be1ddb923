import { plural } from '../locale.ts';
import { told } from './told.ts';

export const standing = {
  title: 'Coming payments',
  plan: 'Plan payments',
  planFor: (name: string) => `Plan payments to ${name}`,
  amount: 'Amount',
  howOften: 'How often',
  rhythms: { once: 'Once', week: 'Weekly', month: 'Monthly' },
  firstOn: 'First payment on',
  onceOn: 'On',
  end: 'Until when',
  ends: { never: 'No end', count: 'Number', date: 'Date' },
  endsAfter: 'How many payments',
  endsOn: 'Last day',
  shortMonths: 'In shorter months it is paid on the last day.',
  howText:
    'It is paid in the morning of that day, from your wallet. You can pause or end it at any time.',
  makeDo: {
    once: (sum: string, name: string, day: string) => `Pay ${sum} to ${name} on ${day}`,
    week: (sum: string, name: string, day: string) =>
      `Pay ${sum} to ${name} every week from ${day}`,
    month: (sum: string, name: string, day: string) =>
      `Pay ${sum} to ${name} every month from ${day}`,
  },
  idle: 'Plan it',
  made: 'Planned',
  every: { once: 'Once', week: 'Every week', month: 'Every month' },
  next: (day: string) => `next on ${day}`,
  times: (n: number) => plural(n, { one: '# payment', other: '# payments' }),
  until: (day: string) => `until ${day}`,
  paused: 'Paused',
  ended: 'Over',
  paid: (day: string) => `Paid on ${day}`,
  missedOnce: (day: string, why: string) =>
    `Not paid on ${day}: ${why} It is tried once more the next day.`,
  missed: (day: string, why: string) => `Left out, for ${day}: ${why}`,
  because: told.because,
  otherwise: told.otherwise,
  changeAmount: 'Change amount',
  changeText: (sum: string, name: string) =>
    `${name} is paid ${sum} now. Another amount holds from the next payment on.`,
  newAmount: 'New amount',
  changeTo: (sum: string, name: string) => `Pay ${name} ${sum} from now on`,
  amountChanged: (sum: string) => `${sum} from the next payment on`,
  pause: 'Pause',
  resume: 'Go on',
  stop: 'End',
  stopSure: 'Yes, end it',
  changed: { pause: 'Paused', resumption: 'Goes on', end: 'Nothing more will be paid' },
  none: 'Rent, pocket money, a club’s fee: choose somebody under Send, and plan what is paid by itself.',
};
