/** Files: how large, and how far. */

import { reader } from '#lib/i18n/index.ts';

/** How large a file is, in the reader's way of writing numbers. */
export function sizeText(bytes: number): string {
  const [value, unit] =
    bytes < 1_000_000 ? [bytes / 1000, 'kilobyte'] : [bytes / 1_000_000, 'megabyte'];
  return new Intl.NumberFormat(reader.formats, {
    style: 'unit',
    unit,
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value);
}

/** How much of something is done, from 0 to 1. */
export const percent = (part: number): string =>
  new Intl.NumberFormat(reader.formats, { style: 'percent', maximumFractionDigits: 0 }).format(
    part,
  );
