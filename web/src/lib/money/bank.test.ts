import { describe, expect, it } from 'vitest';
import { type BankImport, broughtBy, guessColumns } from './bank.ts';

const guess = (text: string) => guessColumns(new TextEncoder().encode(text));

const brought = (counts: Partial<BankImport>) =>
  broughtBy({
    id: '1',
    name: 'a',
    format: 'camt',
    line_count: 0,
    payment_count: 0,
    known_count: 0,
    matched_count: 0,
    open_count: 0,
    from_on: null,
    to_on: null,
    warnings: [],
    created_at: 0,
    ...counts,
  });

describe('what a file brought', () => {
  it('is a sentence', () => {
    expect(brought({ payment_count: 12, matched_count: 9, open_count: 2, known_count: 1 })).toBe(
      '12 payments in the file: 9 found, 2 to look at, and 1 was known',
    );
  });

  it('may be nothing new, or nothing at all', () => {
    expect(brought({ payment_count: 2, known_count: 2 })).toBe('Nothing new: all of it was known.');
    expect(brought({})).toBe('Nobody paid you in this file.');
  });
});

describe('the columns of a CSV file', () => {
  it('are told from an Indian bank’s header below its letterhead', () => {
    const found = guess(
      'Some Bank Ltd\nAccount,123\n\n' +
        'Txn Date,Narration,Ref No,Withdrawal,Deposit\n30/11/2026,"UPI, Ravi",41,,250.00\n',
    );

    expect(found?.map).toEqual({
      booked_on: 'Txn Date',
      text: 'Narration',
      reference: 'Ref No',
      went: 'Withdrawal',
      came: 'Deposit',
      date_format: '%d/%m/%Y',
      decimal: '.',
      delimiter: ',',
      encoding: 'utf-8',
      lines_before_header: 3,
    });
  });

  it('are told from a German bank’s', () => {
    const found = guess('Buchungstag;Name;Verwendungszweck;Betrag\n30.11.2026;Ravi;Tee;1.250,00\n');

    expect(found?.map).toMatchObject({
      booked_on: 'Buchungstag',
      amount: 'Betrag',
      counterparty: 'Name',
      text: 'Verwendungszweck',
      date_format: '%d.%m.%Y',
      decimal: ',',
      delimiter: ';',
    });
  });

  it('are none of what is no table', () => {
    expect(guess('Hello\nthere')).toBeNull();
  });
});
