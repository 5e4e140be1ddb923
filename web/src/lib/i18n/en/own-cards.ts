/** A shop's own account at Stripe. */
export const ownCards = {
  title: 'Cards, by your own Stripe',
  notSet: 'Not set. Buyers pay by card straight into your account.',
  checking: 'Stripe is being asked…',
  on: (ending: string) => `On · key …${ending}`,
  trial: (ending: string) => `For trying out · key …${ending}`,
  refused: 'Stripe refuses the key',
  lead: 'Buyers pay on Stripe’s page, and the money is on your account there. Kirana never holds it. What a buyer pays is set aside by the bank until you hand the order over.',
  first: 'Make a key at Stripe. What it has to be allowed is ticked already.',
  makeKey: 'Make a key',
  second: 'Copy it, and paste it here.',
  key: 'Key',
  keyHint: 'Begins with rk_live_ or sk_live_. Nobody sees it here again, not even you.',
  connect: 'Connect',
  sure: 'Be paid by card through your own Stripe account',
  given: 'Stripe is asked about the key. It takes a moment.',
  hears: 'Stripe tells Kirana at once when somebody has paid.',
  asks: 'Stripe cannot tell this server when somebody has paid, so Kirana asks it every few minutes.',
  trialText:
    'This is a key for trying out: nobody’s money moves, and yet orders count as paid. Give a live key before you sell.',
  troubles: {
    'key-refused': 'Stripe does not take this key any more. Make a new one, and paste it here.',
    'not-permitted':
      'This key may not do all that is needed. Allow it more at Stripe and ask again, or make a new one: there all is ticked.',
    'key-lost': 'This server cannot open the key any more. Paste it once more.',
  } as Record<string, string>,
  askAgain: 'Ask Stripe again',
  otherKey: 'Give another key',
  end: 'Disconnect',
  endTitle: 'No more cards by your Stripe?',
  endText:
    'Nobody is sent there any more. What is being paid just now goes on; then the key is forgotten. Give money back in Stripe’s dashboard after that.',
  ended: 'Nobody is sent there any more.',
  cases: 'Card payments to look into',
  reasons: {
    'no-key':
      'The key is gone, so Kirana can give nothing back. Do it in Stripe’s dashboard, and say so here.',
    'refund-returned':
      'The card’s bank sent the money back to your Stripe account. You still owe it: give it back in another way.',
    'refund-refused':
      'Stripe refused to give the money back. You still owe it: give it back in another way.',
    disputed:
      'The buyer’s bank took the money back. Answer it in Stripe’s dashboard; if you win, it comes back by itself.',
    'account-frozen': 'The money has come; the operator of this server has stopped your account.',
  } as Record<string, string>,
  done: 'I have given it back',
};
