export { api, call } from './client.ts';
export type { CallOptions, GetOptions } from './client.ts';
export { askConfirmation, setAsker, withConfirmation } from './confirmation.ts';
export type { Question } from './confirmation.ts';
export { forgetAnswers } from './memory.ts';
export { fetchCardPayment, fetchWays, goToPage, pageOf } from './card-payment.ts';
export type { CardPayment, Ways } from './card-payment.ts';
export { download, saveFile } from './download.ts';
export { findPerson } from './people.ts';
export { Problem } from './problem.ts';
export { sayProblem } from './words.ts';

import type { components } from './schema.d.ts';

/** The shapes of the API, generated from its document: `Schema['Order']`. */
export type Schema = components['schemas'];

/** A page of a list; `next` goes back as `after`. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}
