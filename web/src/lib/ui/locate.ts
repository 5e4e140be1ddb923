import type { Point } from '#lib/values/place.ts';

/** Where this device is, to so many meters; or why it does not say. */
export type Located =
  | { readonly point: Point; readonly accuracyM: number }
  | { readonly why: 'unable' | 'refused' | 'failed' };

const DENIED = 1;

/** Asks the device, which asks the person the first time. Never rejects. */
export function locate(): Promise<Located> {
  if (!('geolocation' in navigator) || !isSecureContext) return Promise.resolve({ why: 'unable' });
  return new Promise((done) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const point = { lat: coords.latitude, lon: coords.longitude };
        done({ point, accuracyM: coords.accuracy });
      },
      ({ code }) => done({ why: code === DENIED ? 'refused' : 'failed' }),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 10_000 },
    );
  });
}
