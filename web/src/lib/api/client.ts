/**
 * The one way to the server: same origin, cookie session, JSON, `Problem` for every refusal.
 *
 *     const me = await api.get<Me>('/v1/me');
 *     await api.post('/v1/orders', order, { actingFor: shopId, confirmation: id });
 */

import { remembered, remember } from './memory.ts';
import { Problem, problemFrom } from './problem.ts';

type Query = Readonly<
  Record<string, string | number | boolean | readonly string[] | null | undefined>
>;

export interface CallOptions {
  readonly query?: Query;
  /** Act as this shop. */
  readonly actingFor?: string | null;
  /** A confirmation given by PIN or passkey for exactly this call. */
  readonly confirmation?: string;
  readonly signal?: AbortSignal;
  /** Only in place of what has this tag; null: only where there is nothing yet. */
  readonly match?: string | null;
  /** SvelteKit's own fetch inside `load`. */
  readonly fetch?: typeof fetch;
}

export interface GetOptions extends CallOptions {
  /** Keep the answer on this device, and give it again when there is no connection. */
  readonly remember?: boolean;
}

export const api = {
  async get<T>(path: string, { remember: keep = false, ...options }: GetOptions = {}): Promise<T> {
    const key = `${options.actingFor ?? ''} ${withQuery(path, options.query)}`;
    try {
      const answer = await call<T>('GET', path, undefined, options);
      if (keep) void remember(key, answer);
      return answer;
    } catch (error) {
      if (!keep || !(error instanceof Problem) || error.slug !== 'offline') throw error;
      const known = await remembered<T>(key);
      if (known === undefined) throw error;
      return known;
    }
  },
  /** The answer that was kept of it, without asking again. */
  known: <T>(path: string, options: Pick<CallOptions, 'query' | 'actingFor'> = {}) =>
    remembered<T>(`${options.actingFor ?? ''} ${withQuery(path, options.query)}`).catch(
      () => undefined,
    ),
  post: <T = void>(path: string, body?: unknown, options?: CallOptions) =>
    call<T>('POST', path, body, options),
  put: <T = void>(path: string, body?: unknown, options?: CallOptions) =>
    call<T>('PUT', path, body, options),
  patch: <T = void>(path: string, body?: unknown, options?: CallOptions) =>
    call<T>('PATCH', path, body, options),
  del: <T = void>(path: string, options?: CallOptions) =>
    call<T>('DELETE', path, undefined, options),
};

/** Any method, for the outbox. A `Blob` goes as it is, anything else as JSON. */
export async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  options: CallOptions = {},
): Promise<T> {
  const headers = new Headers({ accept: 'application/json' });
  if (options.actingFor) headers.set('kirana-acting-for', options.actingFor);
  if (options.confirmation) headers.set('kirana-confirmation', options.confirmation);
  if (options.match === null) headers.set('if-none-match', '*');
  else if (options.match !== undefined) headers.set('if-match', `"${options.match}"`);
  const isRaw = body instanceof Blob;
  if (body !== undefined) {
    headers.set(
      'content-type',
      isRaw ? body.type || 'application/octet-stream' : 'application/json',
    );
  }
  const send = options.fetch ?? fetch;
  let response: Response;
  try {
    response = await send(withQuery(path, options.query), {
      method,
      headers,
      body: body === undefined ? undefined : isRaw ? body : JSON.stringify(body),
      credentials: 'same-origin',
      signal: options.signal,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw Problem.offline();
  }
  if (!response.ok) throw await problemFrom(response);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

function withQuery(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue;
    for (const one of typeof value === 'object' ? value : [value]) params.append(key, String(one));
  }
  const text = params.toString();
  return text ? `${path}${path.includes('?') ? '&' : '?'}${text}` : path;
}
