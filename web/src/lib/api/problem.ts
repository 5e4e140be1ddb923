/** A refusal by the server (RFC 9457), or one of our own making in its shape. */
export class Problem extends Error {
  readonly slug: string;
  readonly status: number;
  readonly title: string;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(slug: string, status: number, title: string, facts: Record<string, unknown> = {}) {
    super(`${slug}: ${title}`);
    this.name = 'Problem';
    this.slug = slug;
    this.status = status;
    this.title = title;
    this.facts = facts;
  }

  /** Asking again later may work, with the same id. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** Whoever asked is signed out or suspended: the same may pass when they are let in again. */
  get isShutOut(): boolean {
    return this.status === 401 || this.slug === 'account-suspended';
  }

  /** How long the server asks us to wait. */
  get retryAfterMs(): number | null {
    const seconds = this.facts.retry_after_s;
    return typeof seconds === 'number' ? seconds * 1000 : null;
  }

  static offline(): Problem {
    return new Problem('offline', 0, 'There is no connection.');
  }
}

/** Reads a refusal; what is no problem document becomes `server-error` or its status. */
export async function problemFrom(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  const retryAfter = Number(response.headers.get('retry-after') ?? NaN);
  const wait = Number.isFinite(retryAfter) ? { retry_after_s: retryAfter } : {};
  if (typeof body !== 'object' || body === null || !('type' in body)) {
    const slug = response.status >= 500 ? 'server-error' : `status-${response.status}`;
    return new Problem(slug, response.status, response.statusText, wait);
  }
  const { type, title, ...others } = body as Record<string, unknown>;
  const facts = Object.entries(others).filter(([key]) => key !== 'status' && key !== 'instance');
  return new Problem(
    String(type).split('/').at(-1) ?? 'server-error',
    response.status,
    typeof title === 'string' ? title : response.statusText,
    { ...wait, ...Object.fromEntries(facts) },
  );
}
