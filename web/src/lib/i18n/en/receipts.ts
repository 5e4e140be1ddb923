/** Words of receipts, and of checking them. */
export const receipts = {
  title: 'Receipt',
  show: 'Receipt to keep or share',
  download: 'Download receipt',
  share: 'Share',
  fileText:
    'The file is signed by this server. Whoever gets it can have it checked, without an account.',
  state: 'Standing',
  kinds: {
    posted: 'Paid',
    pending: 'Set aside',
    post: 'Paid',
    void: 'Called off',
    expire: 'Called off: its time was over',
  } as Readonly<Record<string, string>>,
  issued: (when: string) => `Issued on ${when}, signed by the server.`,
  sealed: (block: number) => `Sealed in block ${block} of the books:`,
  verify: 'Check a receipt',
  drop: 'Drop the file of a receipt here.',
  choose: 'Choose a file',
  verdicts: {
    valid: 'This receipt is real',
    changed: 'This receipt was changed',
    not_ours: 'This receipt is not from this server',
    books_differ: 'The books say something else now',
  },
  verdictTexts: {
    valid: 'This server gave it, and its books still say the same:',
    changed: 'Something in it is not what this server signed. Do not trust it.',
    not_ours: 'Another server signed it, or nobody did. Check it there, if you trust that server.',
    books_differ:
      'This server signed it, but its books have changed since. Keep the file, and tell the operator.',
  },
  noReceipt: 'This is no receipt',
  noReceiptText: 'A receipt is a small file that ends in .json.',
  blockStands: 'The books still say so',
  blockStandsText: (no: string) =>
    `Block ${no} is in the books as your statement has it: nothing up to it was changed.`,
  blockDiffers: 'The books say something else',
  blockDiffersText: (no: string) =>
    `Block ${no} is not in the books as your statement has it. Keep the statement, and tell the operator.`,
  books: 'The books',
  clean: (block: number) => `Gone through whole, and published up to block ${block}.`,
  findings: (count: number) =>
    count === 0 ? 'Right' : count === 1 ? '1 thing is off' : `${count} things are off`,
  neverChecked: 'The books are gone through once a day. That has not happened yet.',
};
