/** The way to the key endpoints. Bodies and answers pass as text, untouched: signatures are over them. */

import { Problem, problemFrom } from '#lib/api/problem.ts';

export type Fetch = (path: string, init: RequestInit) => Promise<Response>;

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

export class Server {
  readonly #fetch: Fetch;
  /** The server's clock less ours, in milliseconds, from the last answer. */
  skewMs = 0;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  async text(method: Method, path: string, body?: string, confirmation?: string): Promise<string> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (confirmation) headers['kirana-confirmation'] = confirmation;
    let response: Response;
    try {
      response = await this.#fetch(path, { method, headers, body, credentials: 'same-origin' });
    } catch {
      throw Problem.offline();
    }
    const date = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(date)) this.skewMs = date - Date.now();
    if (!response.ok) throw await problemFrom(response);
    return (await response.text()) || '{}';
  }

  async json<T>(method: Method, path: string, body?: unknown): Promise<T> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    return JSON.parse(await this.text(method, path, sent)) as T;
  }

  /** Null when there is none. */
  async find<T>(path: string): Promise<T | null> {
    try {
      return await this.json<T>('GET', path);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }
}
