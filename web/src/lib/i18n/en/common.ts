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
  scan: {
    title: 'Scan a code',
    camera: 'What the camera sees',
    lead: 'Hold the code of a person, a shop or a payment into the frame.',
    choosePhoto: 'Choose a photo',
    noneInPhoto: 'There is no code in this photo. Try one that shows it large and sharp.',
    noReader: 'The scanner could not be loaded. Try again when you are online.',
    noCamera: 'The camera cannot be used',
    because: {
      denied:
        'This page may not use the camera. Allow it in the settings of your browser, or choose a photo of the code.',
      missing: 'This device has no camera. Choose a photo of the code instead.',
      busy: 'Something else is using the camera. Close it and come back, or choose a photo of the code.',
      insecure:
        'Your browser gives the camera to pages with https only. Choose a photo of the code instead.',
    },
  },
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
  pinLabel: 'The pin. Arrow keys move it by five meters, with Shift by fifty.',
};
