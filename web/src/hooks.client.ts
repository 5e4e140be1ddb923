import type { HandleClientError } from '@sveltejs/kit/hooks';
import { Problem, sayProblem } from '#lib/api/index.ts';
import { t } from '#lib/i18n/index.ts';

/** A refusal that reached a page's `load` is drawn by `+error.svelte`, in the reader's words. */
export const handleError: HandleClientError = ({ kind, error }) => {
  if (kind === 'app') return error;
  if (kind === 'framework') return error;
  if (error instanceof Problem) {
    return { status: error.status || 503, message: sayProblem(error), slug: error.slug };
  }
  console.error(error);
  return { status: 500, message: t.shell.wentWrongBody };
};
