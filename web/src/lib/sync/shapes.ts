/**
 * What a private message may hold. Its sender seals what they like and no server looks at it, so its shape is checked
 * where it is opened: what is not of this shape is nothing that this app knows.
 */

import type { Content } from './entries.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
/** It becomes part of an address, so it is one step of a path and no way up. */
const id: Check = (value) => typeof value === 'string' && /^[\w-]{1,64}$/.test(value);
/** A small picture within the message: nothing that a page would fetch from elsewhere. */
const inline: Check = (value) =>
  typeof value === 'string' && /^data:image\/[\w.+-]+;base64,[\w+/=]*$/.test(value);
/** One of those that people choose from, or none. */
const emoji: Check = (value) =>
  typeof value === 'string' && /^[\p{Emoji}\p{Emoji_Component}\u200d]{0,16}$/u.test(value);
const number: Check = (value) => Number.isFinite(value);
const within =
  (least: number, most: number): Check =>
  (value) =>
    typeof value === 'number' && value >= least && value <= most;
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const side = within(1, 100_000);
const seconds = within(0, 1e7);
/** Milliseconds that a calendar knows. */
const time = within(0, 8.64e15);
/** As Intl knows them: with anything else a sum cannot be written down. */
const currency: Check = (value) => typeof value === 'string' && /^[A-Z]{3}$/.test(value);
const yes: Check = (value) => value === true;
const truth: Check = (value) => typeof value === 'boolean';
const anything: Check = () => true;

const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value);

const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const list =
  (check: Check, least = 0): Check =>
  (value) =>
    Array.isArray(value) && value.length >= least && value.every(check);

const named =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check);

const object =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([name, check]) => check(value[name]));

const files = optional(
  named(object({ media_id: id, key: text, size_bytes: count, sha256: text, mime: text })),
);
const saying = {
  reply_to: optional(object({ id, quote: optional(text) })),
  forwarded: optional(yes),
  mentions: optional(list(object({ user_id: id, name: text }))),
  files,
};

const preview = object({ url: text, title: text, text: optional(text), image: optional(inline) });
const pin = object({ id, seq: count });
const photo = object({ media: id, thumb: inline });
const circle = oneOf('everybody', 'admins');
const change = object({
  title: optional(text),
  description: optional(text),
  photo: (value) => value === null || optional(photo)(value),
  pin: optional(pin),
  unpin: optional(id),
  editors: optional(circle),
  add: optional(id),
  remove: optional(list(id)),
  admin: optional(object({ user_id: id, is: truth })),
});

const money = object({ amount_minor: count, currency });
const pictures = {
  ...saying,
  items: list(
    object({
      media: id,
      width: side,
      height: side,
      thumb: optional(inline),
      duration_s: optional(seconds),
    }),
    1,
  ),
  caption: optional(text),
  once: optional(yes),
};

const words: Readonly<Record<string, Check>> = {
  text: object({ ...saying, text, preview: optional(preview) }),
  image: object(pictures),
  video: object(pictures),
  document: object({
    ...saying,
    media: id,
    name: text,
    size_bytes: count,
    pages: optional(count),
    caption: optional(text),
  }),
  product: object({
    ...saying,
    product_id: id,
    variant_id: optional(id),
    snapshot: object({ title: text, price: optional(money), image: optional(id) }),
    text: optional(text),
  }),
};

const shapes: Readonly<Record<string, Check>> = {
  ...words,
  voice: object({
    ...saying,
    media: id,
    duration_s: seconds,
    waveform: optional(list(number)),
    once: optional(yes),
  }),
  location: object({
    ...saying,
    lat: within(-90, 90),
    lon: within(-180, 180),
    name: optional(text),
    address: optional(text),
  }),
  contact: object({
    ...saying,
    people: list(object({ name: text, phones: optional(list(text)), user_id: optional(id) }), 1),
  }),
  poll: object({
    ...saying,
    question: text,
    options: list(text, 2),
    several: optional(yes),
    closes_at: optional(time),
  }),
  vote: object({ target_id: id, options: list(count) }),
  poll_end: object({ target_id: id }),
  opened: object({ target_id: id }),
  reaction: object({ target_id: id, emoji }),
  edit: object({ target_id: id, content: (value) => isOf(words, value) }),
  settings: object({
    title: optional(text),
    description: optional(text),
    photo: optional(photo),
    pins: optional(list(pin)),
    editors: optional(circle),
    timer_s: optional(count),
    list: anything,
    files,
    did: optional(list(change)),
  }),
};

/** The content, or that there is some which this app does not know. */
export const shaped = (content: unknown): Content =>
  isOf(shapes, content) ? (content as Content) : { type: 'unknown' };

function isOf(known: Readonly<Record<string, Check>>, content: unknown): boolean {
  if (!isObject(content) || typeof content.type !== 'string') return false;
  return Object.hasOwn(known, content.type) && known[content.type]!(content);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
