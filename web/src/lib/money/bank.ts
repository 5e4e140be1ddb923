/** What an owner's bank says: what is asked of the server, and how it is told. */

import { api, call, type Page, type Schema } from '#lib/api/index.ts';
import { list, reader, t } from '#lib/i18n/index.ts';
import type { Money } from '#lib/values/money.ts';
import { money } from '#lib/values/money.ts';
import { date } from '#lib/values/time.ts';

export type BankImport = Schema['BankImport'];
export type BankLine = Schema['ImportedLine'];
export type BankDay = Schema['BankDay'];
export type ColumnMap = Schema['ColumnMap'];

export const importStatement = (
  id: string,
  file: File,
  actingFor: string | null,
): Promise<BankImport> =>
  call('POST', '/v1/bank-statements', new Blob([file], { type: 'application/octet-stream' }), {
    query: { id, name: file.name.slice(0, 200) },
    actingFor,
  });

export const keepColumns = (
  columns: Partial<ColumnMap>,
  actingFor: string | null,
): Promise<unknown> => api.put('/v1/bank-statements/columns', { columns }, { actingFor });

export const matchLine = (
  id: string,
  lineId: string,
  requestId: string,
  actingFor: string | null,
): Promise<BankLine> =>
  api.post(`/v1/bank-lines/${lineId}/match`, { id, request_id: requestId }, { actingFor });

export const setLineAside = (lineId: string, actingFor: string | null): Promise<BankLine> =>
  api.put(`/v1/bank-lines/${lineId}/set-aside`, undefined, { actingFor });

export const bringLineBack = (lineId: string, actingFor: string | null): Promise<void> =>
  api.del(`/v1/bank-lines/${lineId}/set-aside`, { actingFor });

/** All that the screen shows; of the lines, those that wait for an answer and those that were set aside. */
export async function lookAtBank(options: {
  readonly actingFor: string | null;
  readonly fetch: typeof fetch;
}): Promise<{ imports: BankImport[]; lines: BankLine[]; asides: BankLine[]; days: BankDay[] }> {
  const [imports, lines, asides, days] = await Promise.all([
    api.get<Page<BankImport>>('/v1/bank-statements', { ...options, query: { limit: '5' } }),
    api.get<Page<BankLine>>('/v1/bank-lines', { ...options, query: { is_open: 'true' } }),
    api.get<Page<BankLine>>('/v1/bank-lines', {
      ...options,
      query: { state: 'set_aside', limit: '10' },
    }),
    api.get<Page<BankDay>>('/v1/bank-days', options),
  ]);
  return {
    imports: [...imports.items],
    lines: [...lines.items],
    asides: [...asides.items],
    days: [...days.items],
  };
}

/** What a file brought, in a sentence. */
export function broughtBy(one: BankImport): string {
  if (one.payment_count === 0) return t.bank.none;
  if (one.known_count === one.payment_count) return t.bank.nothingNew;
  const parts = [
    one.matched_count ? t.bank.found(one.matched_count) : '',
    one.open_count ? t.bank.open(one.open_count) : '',
    one.known_count ? t.bank.known(one.known_count) : '',
  ].filter(Boolean);
  const brought = t.bank.brought(one.payment_count);
  return parts.length ? `${brought}: ${list(parts)}` : brought;
}

/** A day as banks write it, in words. A day has no zone. */
export const dayText = (day: string, now: number = Date.now()): string =>
  date(Date.parse(`${day}T12:00:00Z`), now, { zone: 'UTC', locale: reader.formats });

export const leftOf = ({ amount, matched }: BankLine): Money =>
  money(amount.amount_minor - matched.amount_minor, amount.currency);

/** What is asked about a line, where it is no plain unknown one. */
export function questionOf(line: BankLine, sum: (amount: Money) => string): string {
  if (line.state === 'duplicate') return t.bank.state.duplicate;
  if (line.takes_back) return t.bank.state.takenBack;
  if (line.state !== 'amount_differs') return t.bank.state.unknown;
  const left = leftOf(line);
  return left.amount_minor > 0 ? t.bank.state.left(sum(left)) : t.bank.state.over;
}

/** The columns of a CSV file as far as they can be told from its first lines. */
export interface Guess {
  readonly header: readonly string[];
  readonly example: readonly string[];
  readonly map: Partial<ColumnMap>;
}

const NAMES: readonly (readonly [keyof ColumnMap, RegExp])[] = [
  ['booked_on', /^(booking|posting|transaction|txn|value)?\s*(date|datum|tag|fecha|data)|buchung/i],
  ['came', /credit|deposit|haben|gutschrift|paid in|money in|cr[eé]dito|entrada/i],
  ['went', /debit|withdraw|soll|lastschrift|paid out|money out|d[eé]bito|sa[ií]da/i],
  ['amount', /amount|betrag|umsatz|importe|montant|valor|sum/i],
  ['counterparty', /name|payer|counterparty|auftraggeber|beneficiary|zahlungs/i],
  ['text', /narrat|descri|detail|remark|verwendung|memo|particular|text|purpose|hist[oó]r/i],
  ['reference', /ref|utr|chq|cheque/i],
];
const DAYS: readonly (readonly [RegExp, string])[] = [
  [/^\d{4}-\d\d-\d\d$/, '%Y-%m-%d'],
  [/^\d\d?\.\d\d?\.\d{4}$/, '%d.%m.%Y'],
  [/^\d\d?\.\d\d?\.\d\d$/, '%d.%m.%y'],
  [/^\d\d?\/\d\d?\/\d{4}$/, '%d/%m/%Y'],
  [/^\d\d?\/\d\d?\/\d\d$/, '%d/%m/%y'],
  [/^\d\d?-\d\d?-\d{4}$/, '%d-%m-%Y'],
  [/^\d\d?-[A-Za-z]{3}-\d{4}$/, '%d-%b-%Y'],
  [/^\d\d? [A-Za-z]{3} \d{4}$/, '%d %b %Y'],
];
export const DAY_FORMATS: readonly { readonly value: string; readonly label: string }[] = [
  { value: '%Y-%m-%d', label: '2026-11-30' },
  { value: '%d/%m/%Y', label: '30/11/2026' },
  { value: '%d-%m-%Y', label: '30-11-2026' },
  { value: '%d.%m.%Y', label: '30.11.2026' },
  { value: '%m/%d/%Y', label: '11/30/2026' },
  { value: '%d/%m/%y', label: '30/11/26' },
  { value: '%d.%m.%y', label: '30.11.26' },
  { value: '%d-%b-%Y', label: '30-Nov-2026' },
  { value: '%d %b %Y', label: '30 Nov 2026' },
];

export function guessColumns(bytes: Uint8Array): Guess | null {
  const { text, encoding } = decoded(bytes);
  const lines = text.split(/\r?\n/).slice(0, 60);
  const found = ([',', ';', '\t', '|'] as const)
    .map((delimiter) => {
      const rows = lines.map((line) => cellsOf(line, delimiter));
      const width = Math.max(...rows.map((row) => row.length));
      return { delimiter, rows, width, at: rows.findIndex((row) => row.length === width) };
    })
    .toSorted((a, b) => b.width - a.width)[0];
  if (!found || found.width < 2) return null;
  const header = found.rows[found.at] ?? [];
  const example = found.rows[found.at + 1] ?? [];
  const map: Partial<ColumnMap> = {
    delimiter: found.delimiter,
    encoding,
    lines_before_header: found.at,
  };
  const taken = new Set<string>();
  for (const [field, pattern] of NAMES) {
    const column = header.find((name) => pattern.test(name) && !taken.has(name));
    if (column === undefined) continue;
    taken.add(column);
    Object.assign(map, { [field]: column });
  }
  const cell = (name: string | null | undefined) => example[header.indexOf(name ?? '')] ?? '';
  const day = cell(map.booked_on);
  map.date_format = DAYS.find(([pattern]) => pattern.test(day))?.[1] ?? '%d/%m/%Y';
  const sums = [map.amount, map.came, map.went].map(cell);
  map.decimal = sums.some((one) => /,\d{1,2}$/.test(one)) ? ',' : '.';
  return { header, example, map };
}

function decoded(bytes: Uint8Array): { text: string; encoding: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' };
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), encoding: 'cp1252' };
  }
}

/** A line as cells: quotes may hold the delimiter. */
function cellsOf(line: string, delimiter: string): string[] {
  const cells = [''];
  let quoted = false;
  for (const char of line) {
    if (char === '"') quoted = !quoted;
    else if (char === delimiter && !quoted) cells.push('');
    else cells[cells.length - 1] += char;
  }
  return cells.map((cell) => cell.trim());
}
