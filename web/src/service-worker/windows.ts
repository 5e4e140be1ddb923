import { self } from '$app/service-worker';

/** The public pages of shops are of this server too, but not of the app. */
export async function appWindows(): Promise<WindowClient[]> {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  return windows.filter(({ url }) => url.startsWith(self.registration.scope));
}
