/** Which rows of a long list are drawn: those on the screen and a few around. Pure. */

export interface Span {
  readonly from: number;
  /** The first that is not. */
  readonly to: number;
}

interface View {
  /** How far the list's beginning is above the upper edge of the screen; negative when it is below. */
  readonly top: number;
  readonly height: number;
  readonly row: number;
  readonly count: number;
  /** Rows drawn beyond each edge. */
  readonly beyond: number;
}

export function spanOf({ top, height, row, count, beyond }: View): Span {
  const first = Math.floor(top / row) - beyond;
  // As many wherever it stands: one comes when one goes, and in between nothing has to be done.
  const last = first + Math.ceil(height / row) + 1 + 2 * beyond;
  const from = Math.max(0, Math.min(first, count - 1));
  return { from, to: Math.max(from, Math.min(last, count)) };
}

export interface Placed {
  readonly index: number;
  /** Rows that are left out before it. */
  readonly gap: number;
}

/** The rows that are drawn: those of the span, and one that is held wherever it is. */
export function placed({ from, to }: Span, held: number | null): readonly Placed[] {
  const span = Array.from({ length: to - from }, (_, n) => from + n);
  const isBeside = held !== null && (held < from || held >= to);
  const all = !isBeside ? span : held < from ? [held, ...span] : [...span, held];
  return all.map((index, n) => ({ index, gap: index - (all[n - 1] ?? -1) - 1 }));
}
