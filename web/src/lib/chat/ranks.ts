/** The order of the conversations in the list, kept without sorting all of them again at each change. Pure. */

export interface Ranked {
  readonly id: string;
  readonly active_at: number;
  readonly pinned_at?: number | null;
}

/** What is not pinned comes after everything that is; the latest first. No two are equal. */
export function compare(a: Ranked, b: Ranked): number {
  return (
    pinnedAt(a) - pinnedAt(b) || b.active_at - a.active_at || (a.id < b.id ? -1 : +(a.id > b.id))
  );
}

const pinnedAt = ({ pinned_at }: Ranked): number => pinned_at ?? Number.MAX_SAFE_INTEGER;

/** The list without what is no longer so, and with what is so now, each in its place. */
export function rerank<T extends Ranked>(
  list: readonly T[],
  before: readonly T[],
  now: readonly T[],
): readonly T[] {
  const next = [...list];
  for (const one of before) {
    const index = placeOf(next, one);
    if (next[index]?.id === one.id) next.splice(index, 1);
  }
  for (const one of now) next.splice(placeOf(next, one), 0, one);
  return next;
}

function placeOf(list: readonly Ranked[], one: Ranked): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(list[middle]!, one) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
