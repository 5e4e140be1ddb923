/** Starred messages: which ones is kept in the notebook, what they say never. */

import { api, Problem } from '#lib/api/index.ts';
import type { Entry } from '#lib/sync/index.ts';
import { engine } from '#lib/sync/index.ts';
import { canKeep } from './kept.ts';
import type { Found } from './model.ts';

export interface Star {
  readonly id: string;
  readonly conv: string;
  readonly seq: number;
  /** When it was said. */
  readonly ts: number;
}

const PREFIX = 'star/';

export const isStarred = (id: string): boolean =>
  canKeep() && (engine().notebook?.get(PREFIX + id) ?? null) !== null;

/** The latest messages first. */
export const listStars = (): readonly Star[] =>
  (engine().notebook?.list(PREFIX) ?? [])
    .flatMap(([id, value]) => (isPlace(value) ? [{ id, ...value }] : []))
    .sort((a, b) => b.ts - a.ts);

export async function star({ id, conv, seq, ts }: Star): Promise<void> {
  await engine().notebook?.write({ [PREFIX + id]: { conv, seq, ts } });
}

export async function unstar(...ids: readonly string[]): Promise<void> {
  await engine().notebook?.write(Object.fromEntries(ids.map((id) => [PREFIX + id, null])));
}

/** What was starred, as it reads now; `gone` when it was deleted or has disappeared. Raises: a passing problem. */
export async function readStarred({ id, conv, seq }: Star): Promise<Found | 'gone'> {
  const here = await engine().look(id);
  if (here) return here;
  interface Page {
    readonly items: readonly Entry[];
    readonly about: readonly Entry[];
  }
  let page: Page;
  try {
    const query = { around: seq, limit: 1 };
    page = await api.get<Page>(`/v1/conversations/${conv}/messages`, { query });
  } catch (error) {
    if (error instanceof Problem && error.slug === 'not-found') return 'gone';
    throw error;
  }
  const message = page.items.find((entry) => entry.id === id);
  const isGone = message?.k !== 'message' || message.hidden || !hasContent(message);
  if (isGone) return 'gone';
  const [opened, ...about] = await engine().open([message, ...page.about]);
  return { message: opened ?? message, about };
}

const hasContent = ({ body, ct, expires_at = Infinity }: Entry): boolean =>
  (body !== undefined || ct !== undefined) && expires_at > engine().now();

function isPlace(value: unknown): value is Omit<Star, 'id'> {
  const { conv, seq, ts } = (value ?? {}) as Partial<Star>;
  return typeof conv === 'string' && typeof seq === 'number' && typeof ts === 'number';
}
