/** A problem in the reader's words: by its slug, else by the title that the server sent. */

import { t } from '#lib/i18n/index.ts';
import { Problem } from './problem.ts';

export function sayProblem(error: unknown): string {
  if (!(error instanceof Problem)) return t.shell.wentWrongBody;
  const known = t.problems[error.slug];
  if (typeof known === 'function') return known(error.facts);
  if (known) return known;
  return error.status >= 500 ? (t.problems['server-error'] as string) : error.title;
}
