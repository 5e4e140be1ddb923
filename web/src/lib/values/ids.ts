/** Ids are UUIDv7 (RFC 9562): the client names what it creates, so every create is safe to repeat. */

let lastMs = 0;
let counter = 0;

/** A new id. Ids made in one tab sort in the order they were made. */
export function uuid7(now: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  if (now > lastMs) {
    lastMs = now;
    counter = (((bytes[6] ?? 0) & 0x07) << 8) | (bytes[7] ?? 0);
  } else if (++counter > 0xfff) {
    lastMs += 1;
    counter = 0;
  }
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(lastMs / 2 ** (8 * (5 - i))) & 0xff;
  bytes[6] = 0x70 | (counter >> 8);
  bytes[7] = counter & 0xff;
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A number of 0–359 from an id: the tint that a shop, person or product always has. */
export function hueOf(id: string): number {
  let hash = 2166136261;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 16777619);
  // Ids and names that are nearly alike should not look alike.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % 360;
}

/** What stands for a name where no photo is: its first letter, whole even if it takes two code units. */
export function initialOf(name: string): string {
  const found = [...new Intl.Segmenter().segment(name.trim())].find(({ segment }) =>
    /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(segment),
  );
  return found ? found.segment.toLocaleUpperCase() : '·';
}
