export const links = {
  title: 'Money links',
  make: 'Send by a link',
  somebodyNew: 'Somebody who is not here yet',
  somebodyNewText: 'Send a link. Whoever opens it first has the money.',
  lead: 'You get a link to share. Whoever opens it first has the money, so send it to nobody else.',
  idle: 'Make a link',
  makeDo: (sum: string) => `Put ${sum} into a link`,
  made: 'Your link is ready',
  madeText: (until: string) =>
    `It is shown here only once. Until it is taken you can take the money back; on ${until} it comes back by itself.`,
  code: (sum: string) => `Code for ${sum}`,
  shareTitle: (sum: string) => `${sum} for you`,
  toAll: 'All money links',

  states: {
    open: 'Waiting to be taken',
    taken: 'Taken',
    taken_back: 'You took it back',
    expired: 'Returned',
  },
  takenBy: (name: string) => `Taken by ${name}`,
  until: (when: string) => `Until ${when}`,
  takeBack: 'Take back',
  takenBack: (sum: string) => `${sum} is yours again`,
  none: 'Money for somebody who is not here yet: send a link, and see here what becomes of it.',

  takeTitle: 'Money for you',
  sends: (name: string) => `${name} sends you`,
  join: 'Join and take it',
  joinText: 'You need a phone number or an e-mail address. If you have an account here, sign in.',
  take: (sum: string) => `Put ${sum} into my wallet`,
  took: 'It is in your wallet',
  toWallet: 'Open wallet',
  takeUntil: (when: string) => `It waits for you until ${when}.`,
  cannot: (when: string) =>
    `It cannot be put into your wallet at the moment. It stays here until ${when}; try again later.`,
  own: 'This is your own link. Send it to whoever is to have the money.',
  ended: {
    taken: 'Somebody has taken this already.',
    taken_back: (name: string) => `${name} has taken this back.`,
    expired: (name: string) => `Nobody took this in time, so it went back to ${name}.`,
  },
  nowhere:
    'This link leads nowhere. Perhaps a part of it is missing: open it again as it was sent.',
  toApp: 'Open Kirana',
};
