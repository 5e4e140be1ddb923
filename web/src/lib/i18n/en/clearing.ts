/** The operator's own accounts, and what explains what is in them. */

import { plural } from '../locale.ts';

export const clearing = {
  title: 'What is still open',
  lead: 'Each account of this server, explained to the last unit',
  text: 'Each sum here is made up of payments that nothing has cleared yet. When a bank or a provider settles them, they go.',
  none: 'Nothing has passed through an account of this server yet.',
  accounts: {
    200: 'On its way in',
    210: 'On its way out',
    300: 'At the bank',
    310: 'In the cash box',
    410: 'Costs of providers',
    500: 'Unexplained',
  } as Record<number, string>,
  rails: { stripe: 'Stripe', agent: 'Agents', bank: 'Bank' } as Record<string, string>,
  have: (sum: string) => `You have ${sum}`,
  owe: (sum: string) => `You owe ${sum}`,
  cost: (sum: string) => `It cost ${sum}`,
  even: 'Even',
  count: (n: number) => plural(n, { one: 'one payment', other: '# payments' }),
  since: (day: string) => `since ${day}`,
  waits: 'Set aside, moves when it is settled',
};
