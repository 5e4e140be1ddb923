import { afterEach, describe, expect, test, vi } from 'vitest';
import { api } from './client.ts';
import { Problem } from './problem.ts';

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(body === undefined ? null : JSON.stringify(body), { status, headers });

/** The network, which is not ours. */
function network(...answers: (Response | Error)[]) {
  const calls: [string, RequestInit][] = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    calls.push([url, init]);
    const next = answers.shift();
    return next instanceof Response ? Promise.resolve(next) : Promise.reject(next ?? new Error());
  });
  return calls;
}

afterEach(() => vi.unstubAllGlobals());

describe('api', () => {
  test('a refusal becomes a problem with its slug and facts', async () => {
    network(
      answer(409, { type: '/problems/out-of-stock', title: 'Gone.', status: 409, available: 2 }),
    );
    const refused = await api.post('/v1/orders', {}).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Problem);
    expect(refused).toMatchObject({ slug: 'out-of-stock', status: 409, facts: { available: 2 } });
    expect((refused as Problem).isPassing).toBe(false);
  });

  test('a gateway that answers with a page is a passing problem', async () => {
    network(new Response('<h1>Bad gateway</h1>', { status: 502, headers: { 'retry-after': '7' } }));
    const refused = (await api.get('/v1/me').catch((error: unknown) => error)) as Problem;
    expect(refused.slug).toBe('server-error');
    expect(refused.isPassing).toBe(true);
    expect(refused.retryAfterMs).toBe(7000);
  });

  test('who acts for a shop and what was confirmed travel as headers', async () => {
    const calls = network(answer(201, { id: 1 }));
    await api.post('/v1/transfers', { a: 1 }, { actingFor: 'shop', confirmation: 'proof' });
    const [, init] = calls[0] as [string, RequestInit];
    const headers = new Headers(init.headers);
    expect(headers.get('kirana-acting-for')).toBe('shop');
    expect(headers.get('kirana-confirmation')).toBe('proof');
    expect(init.body).toBe('{"a":1}');
  });

  test('an empty answer is nothing, and a query leaves out what is not set', async () => {
    const calls = network(answer(202, undefined));
    expect(await api.get('/v1/x', { query: { q: 'tea', after: null, ids: ['a', 'b'] } })).toBe(
      undefined,
    );
    expect(calls[0]?.[0]).toBe('/v1/x?q=tea&ids=a&ids=b');
  });

  test('what was loaded and should be remembered is there without a connection', async () => {
    network(
      answer(200, { n: 1 }),
      new TypeError('failed'),
      new TypeError('failed'),
      new TypeError(),
    );
    expect(await api.get('/v1/shops', { remember: true })).toEqual({ n: 1 });
    await vi.waitFor(async () => {
      expect(await api.get('/v1/shops', { remember: true })).toEqual({ n: 1 });
    });
    await expect(api.get('/v1/never', { remember: true })).rejects.toMatchObject({
      slug: 'offline',
    });
  });
});
