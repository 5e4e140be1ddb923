export { api, call } from './client.ts';
export type { CallOptions, GetOptions } from './client.ts';
export { askConfirmation, setAsker, withConfirmation } from './confirmation.ts';
export type { Question } from './confirmation.ts';
export { forgetAnswers } from './memory.ts';
export { Problem } from './problem.ts';
export { sayProblem } from './words.ts';

/** A page of a list; `next` goes back as `after`. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}
