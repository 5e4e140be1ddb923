/**
 * Names as they stand inside the library and inside signatures. They have the shape that Matrix gives them; `kirana`
 * is a literal and never the host, so they survive a move to another one.
 *
 * Many calls of the library consume the objects they are given, so these make a new one each time.
 */

import { DeviceId, RoomId, UserId } from '@matrix-org/matrix-sdk-crypto-wasm';

const SUFFIX = ':kirana';

export const userName = (id: string): string => `@${id}${SUFFIX}`;
export const conversationName = (id: string): string => `!${id}${SUFFIX}`;
export const eventName = (id: string): string => `$${id}`;

/** The user or conversation behind a name; null when it is none of ours. */
export const idOf = (name: string): string | null =>
  /^[@!].+:kirana$/.test(name) ? name.slice(1, -SUFFIX.length) : null;

export const libraryUser = (id: string): UserId => new UserId(userName(id));
export const libraryUsers = (ids: Iterable<string>): UserId[] => [...ids].map(libraryUser);
export const libraryRoom = (id: string): RoomId => new RoomId(conversationName(id));
export const libraryDevice = (id: string): DeviceId => new DeviceId(id);
