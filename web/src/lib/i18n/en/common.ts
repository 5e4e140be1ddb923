import { plural } from '../locale.ts';

/** Words that any screen may need. */
export const common = {
  add: 'Add',
  another: 'One more',
  back: 'Back',
  cancel: 'Cancel',
  change: 'Change',
  clear: 'Clear',
  close: 'Close',
  copied: 'Copied',
  copy: 'Copy',
  delete: 'Delete',
  deleteDigit: 'Delete the last digit',
  digits: (n: number) => plural(n, { one: '# digit', other: '# digits' }),
  done: 'Done',
  edit: 'Edit',
  fewer: 'One less',
  more: 'More',
  next: 'Next',
  notNow: 'Not now',
  optional: 'optional',
  remove: 'Remove',
  retry: 'Try again',
  save: 'Save',
  saved: 'Saved',
  search: 'Search',
  selected: (n: number) => plural(n, { one: '# selected', other: '# selected' }),
  undo: 'Undo',
  amount: {
    empty: 'Type an amount.',
    notANumber: 'This is not an amount.',
    tooManyDecimals: (n: number) =>
      n === 0
        ? 'This currency has no decimals.'
        : plural(n, {
            one: 'This currency has one decimal.',
            other: 'This currency has # decimals.',
          }),
    tooLarge: 'This is more than can be written here.',
  },
};
