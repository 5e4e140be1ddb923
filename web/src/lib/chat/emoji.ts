/** All emoji with the words they are found by. Only characters: what they look like is the device's own matter. */

export interface Emoji {
  readonly char: string;
  readonly name: string;
  readonly words: string;
}

export interface EmojiGroup {
  readonly name: string;
  readonly emoji: readonly Emoji[];
}

/** Loaded when they are first looked at. */
export async function loadEmoji(): Promise<readonly EmojiGroup[]> {
  const [{ default: known }, { default: words }] = await Promise.all([
    import('unicode-emoji-json/data-by-emoji.json'),
    import('emojilib/dist/emoji-en-US.json'),
  ]);
  const groups = new Map<string, Emoji[]>();
  for (const [char, { name, group }] of Object.entries(known)) {
    const more = (words as Readonly<Record<string, readonly string[]>>)[char] ?? [];
    const found = [name, ...more].join(' ').replaceAll('_', ' ').toLowerCase();
    const others = groups.get(group) ?? [];
    others.push({ char, name, words: found });
    groups.set(group, others);
  }
  return [...groups].map(([name, emoji]) => ({ name, emoji }));
}

/** Those that have every word, or a word that begins like it; named so before described so. */
export function searchEmoji(groups: readonly EmojiGroup[], text: string): readonly Emoji[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  const begins = (where: string, word: string): boolean => ` ${where}`.includes(` ${word}`);
  const all = groups.flatMap(({ emoji }) => emoji);
  const found = all.filter(({ words }) => wanted.every((word) => begins(words, word)));
  const named = found.filter(({ name }) => wanted.every((word) => begins(name, word)));
  return [...named, ...found.filter((one) => !named.includes(one))];
}

const KEY = 'kirana.emoji.';
const MOST_RECENT = 24;

/** Those that were chosen last on this device, by this person. */
export function recentEmoji(userId: string): readonly string[] {
  const kept = localStorage.getItem(KEY + userId);
  return kept === null ? [] : kept.split(' ');
}

export function rememberEmoji(userId: string, char: string): void {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(KEY) && key !== KEY + userId) localStorage.removeItem(key);
  }
  const others = recentEmoji(userId).filter((one) => one !== char);
  localStorage.setItem(KEY + userId, [char, ...others].slice(0, MOST_RECENT).join(' '));
}

const EMOJI =
  /^(?:\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3|\p{Emoji_Presentation}|\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier}|\u200D))/u;

/** One to three emoji and nothing else: they are shown large. */
export function isLarge(text: string): boolean {
  // Most begin with a letter: they need not be taken apart.
  if (text.length > 60 || !EMOJI.test(text.trimStart())) return false;
  const signs = [...new Intl.Segmenter().segment(text.replace(/\s+/g, ''))];
  return (
    signs.length >= 1 && signs.length <= 3 && signs.every(({ segment }) => EMOJI.test(segment))
  );
}
