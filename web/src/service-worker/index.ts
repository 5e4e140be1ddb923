/**
 * Keeps the app itself on the device, so that it opens without a connection, and is there for what is pushed while no
 * page is. What the server said is kept by `lib/api` and `lib/sync`, which know whose it is.
 */

import { assets, immutable } from '$app/manifest';
import { version } from '$app/env';
import { resolve } from '$app/paths';
import { self } from '$app/service-worker';
import type { Note } from './telling.ts';
import { sendWaiting } from './sending.ts';
import { pushed, tapped } from './telling.ts';

const CACHE = `app-${version}`;
const PAGE = resolve('/');
const FILES = [
  PAGE,
  ...immutable.map(({ path }) => new URL(path, self.registration.scope).pathname),
  ...assets.map(({ path }) => new URL(path, self.registration.scope).pathname),
].filter((path) => !/[.](br|gz|wasm)$|[/]workers[/]/.test(path));
/**
 * Large and seldom needed, such as the crypto: kept once somebody used it. What a worker loads is in no manifest, so
 * it is known by where it lies.
 */
const isLater = (path: string): boolean =>
  path.startsWith(`${PAGE.replace(/\/$/, '')}/_app/immutable/`) &&
  /[.]wasm$|[/]workers[/]/.test(path);
const KNOWN = new Set(FILES);
/** What is named by its content is as new as any: what the page has loaded of it is not asked for again. */
const howOld = (path: string): RequestCache =>
  path.includes('/_app/immutable/') ? 'default' : 'reload';

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) =>
        cache.addAll(FILES.map((path) => new Request(path, { cache: howOld(path) }))),
      )
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((keys) =>
        Promise.all(keys.filter((key) => key !== CACHE).map((key) => caches.delete(key))),
      )
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate' && url.pathname.startsWith(PAGE.replace(/\/$/, ''))) {
    event.respondWith(page(request));
  } else if (KNOWN.has(url.pathname)) {
    event.respondWith(
      caches.match(url.pathname, { cacheName: CACHE }).then((hit) => hit ?? fetch(request)),
    );
  } else if (isLater(url.pathname)) {
    event.respondWith(kept(request));
  }
});

// The loader of the wasm calls `fetch`, and what a service worker asks for does not pass through itself.
const fromServer = self.fetch.bind(self);
self.fetch = (asked, init) => {
  const request = new Request(asked, init);
  return isLater(new URL(request.url).pathname) ? kept(request) : fromServer(request);
};

/** From the device, or from the server and then on the device. */
async function kept(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const hit = await cache.match(request);
  if (hit) return hit;
  const answer = await fromServer(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

/** The newest page when the server answers soon, else the one on the device: every path is the same page. */
async function page(request: Request): Promise<Response> {
  const kept = caches.match(PAGE, { cacheName: CACHE });
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(3000) });
    return answer.ok ? answer : ((await kept) ?? answer);
  } catch {
    return (await kept) ?? Response.error();
  }
}

self.addEventListener('push', (event) => event.waitUntil(pushed(noteIn(event.data))));
self.addEventListener('sync', (event) => (event as Syncing).waitUntil(sendWaiting()));
self.addEventListener('notificationclick', (event) => event.waitUntil(tapped(event.notification)));

function noteIn(data: PushMessageData | null): Note | null {
  try {
    const { c, p } = data?.json() as Partial<Note>;
    return typeof c === 'string' && typeof p === 'number' ? { c, p } : null;
  } catch {
    return null;
  }
}

/** Not every browser has it, and no types do. */
interface Syncing extends Event {
  readonly waitUntil: (work: Promise<void>) => void;
}
