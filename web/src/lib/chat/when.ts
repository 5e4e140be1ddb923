/** Times to send something later. Pure. */

import { dayOf, fieldOf, instantOf } from '#lib/values/time.ts';
import type { Place } from '#lib/values/time.ts';

const HOUR_MS = 3_600_000;
const STEP_MS = 5 * 60_000;

interface Offer {
  readonly kind: 'evening' | 'morning';
  readonly at: number;
}

/** This evening, while it is still to come for a while, and tomorrow morning, where the person is. */
export function offersAt(now: number, place: Place): readonly Offer[] {
  const evening = instantOf(`${dayOf(now, place)}T18:00`, place);
  const tomorrow = dayOf(instantOf(`${dayOf(now, place)}T12:00`, place) + 24 * HOUR_MS, place);
  const morning = instantOf(`${tomorrow}T09:00`, place);
  return [
    ...(evening > now + HOUR_MS / 2 ? [{ kind: 'evening' as const, at: evening }] : []),
    { kind: 'morning', at: morning },
  ];
}

/** What stands in the field at first: in an hour, at a round time. */
export const suggestedAt = (now: number, place: Place): string =>
  fieldOf(Math.ceil((now + HOUR_MS) / STEP_MS) * STEP_MS, place);
