import { plural } from '../locale.ts';

type Facts = Readonly<Record<string, unknown>>;

/**
 * What a refusal says to a person, by its slug: what happened, what became of their work or money, what to do.
 * A slug that is not here is shown by the title that the server sent.
 */
export const problems: Record<string, string | ((facts: Facts) => string)> = {
  offline: 'There is no connection. Nothing was sent; try again when you are online.',
  'server-error': 'The server made a mistake. Nothing was changed; try again in a moment.',
  'not-signed-in': 'You are signed out on this device. Sign in and try again.',
  'not-found': 'This is no longer here, or it belongs to somebody else.',
  'not-allowed': 'You may not do this here.',
  'rate-limited': ({ retry_after }) =>
    typeof retry_after === 'number' && retry_after > 90
      ? `That was often. Try again in ${plural(Math.ceil(retry_after / 60), { one: '# minute', other: '# minutes' })}.`
      : 'That was often. Wait a moment and try again.',
  'invalid-input': 'Something in the form is not right. Look it over and try again.',
  'id-reused': 'This was sent before with other content. Nothing was changed; start again.',
};
