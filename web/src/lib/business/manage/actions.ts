/** What a team does about its shop's face, hours and place. */

import { api } from '#lib/api/index.ts';
import { uuid7 } from '#lib/values/ids.ts';
import type { Point } from '#lib/values/place.ts';
import type { Closure, Greeting, HoursDraft, Opening, Profile, Proposal } from './model.ts';

export interface NewShop {
  readonly id: string;
  readonly name: string;
  readonly category: string;
  readonly handle: string | null;
  readonly country: string;
  readonly currency: string;
  readonly zone: string;
  readonly languages: readonly string[];
}

export const openShop = (shop: NewShop): Promise<Profile> => api.post('/v1/businesses', shop);

type Changes = Partial<
  Pick<
    Profile,
    | 'name'
    | 'handle'
    | 'category'
    | 'about'
    | 'description'
    | 'email'
    | 'phone'
    | 'websites'
    | 'is_listed'
    | 'address'
  > & { readonly logo_id: string | null; readonly cover_id: string | null }
>;

export const editShop = (shopId: string, changes: Changes): Promise<Profile> =>
  api.patch(`/v1/businesses/${shopId}`, changes, { actingFor: shopId });

export const uploadPicture = (file: Blob): Promise<{ id: string }> =>
  api.post('/v1/pictures', file);

/** Reads hours as people type them. Saves nothing. */
export const proposeHours = (
  text: string,
  { country, language, zone }: { country: string; language: string; zone: string },
  signal?: AbortSignal,
): Promise<Proposal> =>
  api.post('/v1/hours-proposals', { text, country, language, zone }, { signal });

export const saveHours = (
  shopId: string,
  { kind, rules, text, week }: HoursDraft,
): Promise<Profile> =>
  api.put(`/v1/businesses/${shopId}/hours`, { kind, rules, text, week }, { actingFor: shopId });

export const addClosure = (
  shopId: string,
  closure: {
    first_on: string;
    last_on: string;
    label: string;
    is_holiday: boolean;
    openings: readonly Opening[];
  },
): Promise<Closure> =>
  api.post(`/v1/businesses/${shopId}/closures`, { id: uuid7(), ...closure }, { actingFor: shopId });

export const removeClosure = (shopId: string, id: string): Promise<void> =>
  api.del(`/v1/businesses/${shopId}/closures/${id}`, { actingFor: shopId });

/** Coordinates from a link, a Plus Code or two numbers. Saves nothing. */
export const findPlace = (text: string, signal?: AbortSignal): Promise<Point> =>
  api.post('/v1/location-proposals', { text }, { signal });

export const savePlace = (
  shopId: string,
  place: Partial<Point> & { accuracy_m?: number | null; note: string; address: string },
): Promise<Profile> => api.put(`/v1/businesses/${shopId}/location`, place, { actingFor: shopId });

export const saveGreeting = (shopId: string, greeting: Greeting): Promise<Greeting> =>
  api.put(`/v1/businesses/${shopId}/greeting`, greeting, { actingFor: shopId });
