/** Words as a search compares them: whatever their case and accents, in any script. Pure. */

/** Beginnings of these lengths are in an index; what is asked for beyond them is compared with the text. */
const LENGTHS = [1, 2, 4, 8] as const;
/** Scripts that put no space between words: any two neighbours of a row may be looked for. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々]+/gu;
/**
 * What is left out: accents and points, and what joins letters without being one. Not the vowel signs of Indian
 * scripts, which are letters to those who read them; only the dot below, which many leave out.
 */
const MARKS =
  /\p{Script=Inherited}|[\u0591-\u05c7]|[\u0610-\u061a]|[\u06d6-\u06ed]|\u0640|\u093c|\u09bc|\u0a3c|\u0abc|\u0b3c/gu;
const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/** Text as it is compared. `ß` is `ss`, `ς` is `σ`. */
export const foldText = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(MARKS, '')
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFC');

interface Split {
  readonly spaced: ReadonlySet<string>;
  readonly unspaced: ReadonlySet<string>;
}

function split(text: string): Split {
  const folded = foldText(text);
  const unspaced = new Set(folded.match(UNSPACED) ?? []);
  const spaced = new Set<string>();
  for (const { segment, isWordLike } of segmenter.segment(folded.replace(UNSPACED, ' '))) {
    if (isWordLike) spaced.add(segment);
  }
  return { spaced, unspaced };
}

const start = (word: string, length: number): string => [...word].slice(0, length).join('');

/** What an index has to hold, so that each word is found by its beginning. */
export function keysOf(text: string): ReadonlySet<string> {
  const { spaced, unspaced } = split(text);
  const keys = new Set<string>();
  for (const word of spaced) {
    for (const length of LENGTHS) keys.add(start(word, length));
  }
  for (const row of unspaced) {
    const letters = [...row];
    letters.forEach((letter, n) => {
      keys.add(letter);
      const next = letters[n + 1];
      if (next !== undefined) keys.add(letter + next);
    });
  }
  return keys;
}

export interface Wanted {
  /** Every message that is meant holds all of these. */
  readonly keys: readonly string[];
  /** Whether a text holds what was asked for: each word as the beginning of one. */
  readonly isIn: (text: string) => boolean;
}

/** What a search asks for. Null when there is no word in it. */
export function wanted(words: string): Wanted | null {
  const asked = split(words);
  if (asked.spaced.size + asked.unspaced.size === 0) return null;
  const keys = [...asked.spaced].map((word) => {
    const size = [...word].length;
    return start(word, LENGTHS.findLast((length) => length <= size) ?? 1);
  });
  for (const row of asked.unspaced) keys.push(start(row, 2));
  const isIn = (text: string): boolean => {
    const there = split(text);
    const spaced = [...there.spaced];
    const unspaced = [...there.unspaced];
    return (
      [...asked.spaced].every((word) => spaced.some((one) => one.startsWith(word))) &&
      [...asked.unspaced].every((row) => unspaced.some((one) => one.includes(row)))
    );
  };
  return { keys, isIn };
}

const SPOKEN = new Set(['text', 'caption', 'name', 'address', 'title', 'question', 'options']);

/** All that a person can read in a content of any kind. What it answers is not its own. */
export function spokenOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) return content.map(spokenOf).join('\n');
  if (typeof content !== 'object' || content === null) return '';
  return Object.entries(content)
    .filter(([key, value]) => SPOKEN.has(key) || isGroup(key, value))
    .map(([, value]) => spokenOf(value))
    .filter((text) => text !== '')
    .join('\n');
}

const isGroup = (key: string, value: unknown): boolean =>
  key !== 'reply_to' && key !== 'files' && typeof value === 'object';
