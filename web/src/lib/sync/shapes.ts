/**
 * What a private message may hold. Its sender seals what they like and no server looks at it, so its shape is checked
 * where it is opened: what is not of this shape is nothing that this app knows.
 */

import type { Content } from './entries.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
/** A small picture within the message: nothing that a page would fetch from elsewhere. */
const inline: Check = (value) =>
  typeof value === 'string' && /^data:image\/[\w.+-]+;base64,[\w+/=]*$/.test(value);
const number: Check = (value) => Number.isFinite(value);
const yes: Check = (value) => value === true;
const anything: Check = () => true;

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

const saying = {
  reply_to: optional(object({ id: text, quote: optional(text) })),
  forwarded: optional(yes),
  mentions: optional(list(object({ user_id: text, name: text }))),
  files: optional(
    named(object({ media_id: text, key: text, size_bytes: number, sha256: text, mime: text })),
  ),
};

const money = object({ amount_minor: number, currency: text });
const pictures = {
  ...saying,
  items: list(
    object({
      media: text,
      width: number,
      height: number,
      thumb: optional(inline),
      duration_s: optional(number),
    }),
    1,
  ),
  caption: optional(text),
};

const words: Readonly<Record<string, Check>> = {
  text: object({ ...saying, text }),
  image: object(pictures),
  video: object(pictures),
  document: object({
    ...saying,
    media: text,
    name: text,
    size_bytes: number,
    pages: optional(number),
    caption: optional(text),
  }),
  product: object({
    ...saying,
    product_id: text,
    variant_id: optional(text),
    snapshot: object({ title: text, price: optional(money), image: optional(text) }),
    text: optional(text),
  }),
};

const shapes: Readonly<Record<string, Check>> = {
  ...words,
  voice: object({ ...saying, media: text, duration_s: number, waveform: optional(list(number)) }),
  location: object({
    ...saying,
    lat: number,
    lon: number,
    name: optional(text),
    address: optional(text),
  }),
  contact: object({
    ...saying,
    people: list(object({ name: text, phones: optional(list(text)), user_id: optional(text) }), 1),
  }),
  poll: object({
    ...saying,
    question: text,
    options: list(text, 2),
    several: optional(yes),
    closes_at: optional(number),
  }),
  vote: object({ target_id: text, options: list(number) }),
  poll_end: object({ target_id: text }),
  reaction: object({ target_id: text, emoji: text }),
  edit: object({ target_id: text, content: (value) => isOf(words, value) }),
  settings: object({
    title: optional(text),
    description: optional(text),
    timer_s: optional(number),
    list: anything,
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
