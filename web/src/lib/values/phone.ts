/** Phone numbers are E.164 (`+919845012345`). The server knows every country's rules; here it is only looks. */

import { toAsciiDigits } from './digits.ts';

/** What a person typed, as E.164, or null when it cannot be one. `00` at the start counts as `+`. */
export function parsePhone(text: string): string | null {
  const plain = toAsciiDigits(text)
    .replace(/[\s().\-–\u00a0\u200e\u200f\u202a-\u202e]/g, '')
    .replace(/^00/, '+');
  return /^\+[1-9]\d{6,14}$/.test(plain) ? plain : null;
}

export const looksLikeEmail = (text: string): boolean =>
  /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text.trim());

/** A code typed or pasted, whatever its script and spaces. */
export const parseCode = (text: string): string => toAsciiDigits(text).replace(/\D/g, '');

const ONE_DIGIT = /^\+(1|7)/;
const TWO_DIGITS = /^\+(2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/** `+91 98450 12345`: country code, then groups that can be read aloud. */
export function formatPhone(e164: string): string {
  const length = ONE_DIGIT.test(e164) ? 2 : TWO_DIGITS.test(e164) ? 3 : 4;
  const rest = e164.slice(length);
  const groups =
    rest.length === 10 && length === 3
      ? [rest.slice(0, 5), rest.slice(5)]
      : (rest.match(/\d{1,3}(?=(?:\d{4})?$)|\d{3}(?=\d)|\d+$/g) ?? [rest]);
  return `${e164.slice(0, length)} ${groups.join(' ')}`;
}
