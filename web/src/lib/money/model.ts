/** Wallets, statements and requests as they are drawn. Pure. */

import type { Schema } from '#lib/api/index.ts';
import { reader, t } from '#lib/i18n/index.ts';
import { parseAmount } from '#lib/values/amount.ts';
import type { Money } from '#lib/values/money.ts';
import { exponentOf, format, money } from '#lib/values/money.ts';

export type Card = Schema['Card'];
export type Contact = Schema['identity_contacts_Contact'];
export type Wallet = Schema['Wallet'];
export type MyMoney = Schema['MyMoney'];
export type Purse = Schema['Purse'];
export type Line = Schema['StatementLine'];
export type Transfer = Schema['Transfer'];
export type TransferDetails = Schema['TransferDetails'];
export type MoneyRequest = Schema['Request'];
export type Split = Schema['Split'];
export type PaymentAddress = Schema['PaymentAddress'];
export type Claim = Schema['Claim'];
export type MoneyLink = Schema['MoneyLink'];
export type Payout = Schema['Payout'];
export type PayoutCase = Schema['PayoutCase'];
export type PayoutFile = Schema['PayoutFile'];
export type PayoutRule = Schema['PayoutRule'];
export type MyPayouts = Schema['MyPayouts'];
export type StandingOrder = Schema['StandingOrder'];
export type LinkSeen = Schema['LinkSeen'];
export type Offers = Schema['OffersToPay'];
export type Rate = Schema['ExchangeRate'];
export type Quote = Schema['ExchangeQuote'];
export type SaleFee = Schema['SaleFee'];

/** The server's own side of a top-up or a pay-out. */
const OPERATOR = '00000000-0000-0000-0000-000000000000';

export const TASKS = ['send', 'ask', 'cash-in', 'cash-out', 'top-up'] as const;
export type Task = (typeof TASKS)[number];

/** What money is sent for. */
export const GIFTS = ['send', 'tip', 'donation'] as const;
export type Gift = (typeof GIFTS)[number];

export const isGift = (text: string | null): text is Gift =>
  (GIFTS as readonly (string | null)[]).includes(text);

export const isTask = (text: string): text is Task => (TASKS as readonly string[]).includes(text);

export const sum = (amount: Money): string =>
  format(amount, { locale: reader.figures, short: true });

const MANDATES = ['nothing', 'ask', 'give_back', 'spend'] as const;

/** Whether one may go so far with this money: of a shop's, that depends on one's place in the team. */
export const may = (mine: Pick<MyMoney, 'mandate'>, act: (typeof MANDATES)[number]): boolean =>
  MANDATES.indexOf(mine.mandate) >= MANDATES.indexOf(act);

/** What the payee may give back from its receipt. Money of an order goes back from the order, which knows what for. */
const BETWEEN_PEOPLE: readonly string[] = [
  'send',
  'tip',
  'donation',
  'request',
  'cash_in',
  'cash_out',
];

export const canGiveBack = (transfer: TransferDetails, own: string): boolean =>
  transfer.payee_id === own &&
  BETWEEN_PEOPLE.includes(transfer.purpose) &&
  (!transfer.ref || transfer.ref.kind === 'conversation') &&
  transfer.state === 'posted' &&
  transfer.reverses_id === null &&
  transfer.refunded.amount_minor < transfer.amount.amount_minor;

/** The given name is enough where the face is in sight. */
export const shortName = (card: Card): string =>
  card.kind === 'person' ? (card.name.split(/\s/)[0] ?? card.name) : card.name;

/** What the keypad holds (`12.5`) as an amount; null while it is none. */
export function typedAmount(text: string, currency: string): Money | null {
  const read = parseAmount(text, currency, 'en');
  return read.ok && read.minor > 0 ? money(read.minor, currency) : null;
}

/** An amount as the keypad holds it: `250`, `12.5`. */
export function keyedText({ amount_minor, currency }: Money): string {
  const exponent = exponentOf(currency);
  const digits = String(amount_minor).padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  const decimals = digits.slice(digits.length - exponent).replace(/0+$/, '');
  return decimals ? `${whole}.${decimals}` : whole;
}

/** The sum that a code asks for; null when its link says none that could be paid. */
export function askedBy(query: URLSearchParams): Money | null {
  const minor = Number(query.get('amount') ?? '');
  const currency = query.get('currency') ?? '';
  if (!Number.isSafeInteger(minor) || minor < 1 || !/^[A-Z]{3}$/.test(currency)) return null;
  return money(minor, currency);
}

const BY_REGION: Readonly<Record<string, string>> = {
  AE: 'AED',
  AR: 'ARS',
  BD: 'BDT',
  BR: 'BRL',
  CH: 'CHF',
  CO: 'COP',
  EG: 'EGP',
  GB: 'GBP',
  ID: 'IDR',
  IN: 'INR',
  JP: 'JPY',
  KE: 'KES',
  MX: 'MXN',
  NG: 'NGN',
  PH: 'PHP',
  PK: 'PKR',
  SA: 'SAR',
  SG: 'SGD',
  TH: 'THB',
  US: 'USD',
  ZA: 'ZAR',
};
const BY_ZONE: Readonly<Record<string, string>> = {
  'Asia/Kolkata': 'INR',
  'Asia/Calcutta': 'INR',
  'America/Sao_Paulo': 'BRL',
  'America/Mexico_City': 'MXN',
  'Asia/Dubai': 'AED',
  'Asia/Tokyo': 'JPY',
  'Africa/Nairobi': 'KES',
  'Europe/London': 'GBP',
};

/** The currencies to choose from, the likeliest first: one's own, then what the place suggests. */
export function currenciesFor(
  mine: MyMoney,
  { zone, preferred, task }: { zone: string | null; preferred: string | null; task: Task },
): string[] {
  const wallets = mine.items
    .filter(({ is_closed }) => !is_closed)
    .toSorted((a, b) => b.available.amount_minor - a.available.amount_minor)
    .map(({ currency }) => currency);
  const floats = mine.floats.map(({ currency }) => currency);
  const region = new Intl.Locale(reader.figures).region;
  const likely = BY_ZONE[zone ?? ''] ?? BY_REGION[region ?? ''] ?? 'EUR';
  const known = task === 'cash-in' ? floats : wallets;
  const isBound = task === 'send' || task === 'cash-out' || task === 'cash-in';
  const others = isBound ? [] : [likely, ...floats, ...Object.values(BY_REGION).sort(), 'EUR'];
  const all = [...new Set([...known, ...others])];
  if (all.length === 0) return [preferred ?? likely];
  return preferred && (all.includes(preferred) || !isBound)
    ? [...new Set([preferred, ...all])]
    : all;
}

/** What is free to be used for it; null where nothing of one's own is used. */
export function availableFor(mine: MyMoney, task: Task, currency: string): Money | null {
  if (task === 'ask' || task === 'top-up') return null;
  if (task === 'cash-in') {
    return mine.floats.find((one) => one.currency === currency) ?? money(0, currency);
  }
  const wallet = mine.items.find((one) => one.currency === currency);
  return wallet?.available ?? money(0, currency);
}

/**
 * The lines worth reading: what was set aside is one line until it is paid or goes back, and what went back
 * without ever having been paid is told once.
 */
export function readable(lines: readonly Line[]): Line[] {
  const resolved = new Set(lines.flatMap(({ hold_id }) => hold_id ?? []));
  return lines.filter((line) => {
    if (line.kind === 'pending') return !resolved.has(line.transfer_id) && line.is_outgoing;
    if (line.posted.amount_minor !== 0) return true;
    if (line.purpose === 'link_taken') return false;
    return line.is_outgoing;
  });
}

/** What is in a link, and has not been taken. */
export const isOfLink = (line: Line): boolean =>
  line.ref?.kind === 'link' && line.posted.amount_minor === 0;

/** What a line says: its title, a second line, and the sum with its sign. */
export interface Told {
  readonly title: string;
  readonly text: string;
  readonly amount: Money;
  readonly tone: 'in' | 'out' | 'aside';
}

export function tell(line: Line, other: Card | null): Told {
  const name =
    line.counterparty_id === OPERATOR ? t.money.operator : (other?.name ?? t.money.operator);
  const what = t.money.purposes[line.purpose] ?? line.purpose;
  if (isOfLink(line)) {
    const text =
      line.kind === 'pending'
        ? t.links.states.open
        : line.purpose === 'taken_back'
          ? t.links.states.taken_back
          : t.money.wentBack;
    return { title: t.money.purposes.link!, text, amount: line.amount, tone: 'aside' };
  }
  if (line.kind === 'pending') {
    return { title: name, text: t.money.setAside, amount: line.amount, tone: 'aside' };
  }
  if (line.posted.amount_minor === 0) {
    return { title: name, text: t.money.wentBack, amount: line.amount, tone: 'aside' };
  }
  const text = line.reverses_id ? t.money.purposes.refund! : what;
  return {
    title: name,
    text,
    amount: line.posted,
    tone: line.posted.amount_minor > 0 ? 'in' : 'out',
  };
}

/** Everybody whose face is needed. */
export function peopleOf(lines: readonly Line[], requests: readonly MoneyRequest[] = []): string[] {
  const ids = [
    ...lines.map(({ counterparty_id }) => counterparty_id),
    ...requests.flatMap(({ asker_id, payer_id }) => [asker_id, payer_id ?? OPERATOR]),
  ];
  return [...new Set(ids)].filter((id) => id !== OPERATOR);
}
