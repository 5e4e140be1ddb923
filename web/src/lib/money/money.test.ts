import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Problem, setAsker } from '#lib/api/index.ts';
import type { Line, MyMoney, TransferDetails } from './model.ts';
import {
  askedBy,
  availableFor,
  canGiveBack,
  currenciesFor,
  keyedText,
  may,
  readable,
  tell,
  typedAmount,
} from './model.ts';
import { Payment } from './payment.svelte.ts';

const inr = (amount_minor: number) => ({ amount_minor, currency: 'INR' });

const line = (over: Partial<Line>): Line => ({
  line: 1,
  transfer_id: 't1',
  group_id: 't1',
  kind: 'posted',
  purpose: 'send',
  counterparty_id: 'meera',
  is_outgoing: true,
  amount: inr(100),
  posted: inr(-100),
  pending: inr(0),
  balance_after: inr(0),
  on_hold_after: inr(0),
  coming_after: inr(0),
  hold_id: null,
  reverses_id: null,
  ref: null,
  created_at: 0,
  ...over,
});

const hold = line({ transfer_id: 'h', kind: 'pending', purpose: 'purchase', posted: inr(0) });

describe('the keypad', () => {
  test.each([
    ['250', 'INR', 25000],
    ['0.5', 'INR', 50],
    ['5.', 'EUR', 500],
    ['1500', 'JPY', 1500],
    ['1.5', 'KWD', 1500],
  ])('%s %s is %i', (text, currency, minor) => {
    expect(typedAmount(text, currency)?.amount_minor).toBe(minor);
  });

  test.each(['', '0', '0.00', '.'])('"%s" is no amount to send', (text) => {
    expect(typedAmount(text, 'INR')).toBeNull();
  });
});

describe('a code that asks for so much', () => {
  test.each([
    [25000, 'INR', '250'],
    [5, 'INR', '0.05'],
    [1250, 'EUR', '12.5'],
    [1500, 'JPY', '1500'],
    [1500, 'KWD', '1.5'],
  ])('%i of %s is keyed as %s', (amount_minor, currency, text) => {
    expect(keyedText({ amount_minor, currency })).toBe(text);
    expect(typedAmount(text, currency)?.amount_minor).toBe(amount_minor);
    const query = new URLSearchParams({ amount: String(amount_minor), currency });
    expect(askedBy(query)).toEqual({ amount_minor, currency });
  });

  test.each([
    '',
    'amount=0&currency=INR',
    'amount=1.5&currency=INR',
    'amount=5',
    'amount=-5&currency=INR',
    'amount=9007199254740993&currency=INR',
    'amount=5&currency=in',
  ])('"%s" asks for nothing', (query) => {
    expect(askedBy(new URLSearchParams(query))).toBeNull();
  });
});

describe('activity', () => {
  test('what was set aside and then paid is one line', () => {
    const paid = line({ transfer_id: 'p', kind: 'post', hold_id: 'h', purpose: 'purchase' });
    expect(readable([paid, hold])).toEqual([paid]);
    expect(readable([hold])).toEqual([hold]);
  });

  test('what others set aside for one is no line until it is paid', () => {
    expect(readable([{ ...hold, is_outgoing: false }])).toEqual([]);
  });

  test('money set aside has no sign, for it is still there', () => {
    expect(tell(hold, null)).toMatchObject({ tone: 'aside', amount: inr(100) });
    expect(tell(line({}), null)).toMatchObject({ tone: 'out', amount: inr(-100) });
  });
});

describe('what one may do', () => {
  const paid: TransferDetails = {
    id: 't1',
    kind: 'posted',
    payer_id: 'meera',
    payee_id: 'me',
    amount: inr(100),
    way: 'wallet',
    purpose: 'send',
    ref: null,
    hold_id: null,
    reverses_id: null,
    expires_at: null,
    created_at: 0,
    state: 'posted',
    refunded: inr(0),
  };

  test.each<[Partial<TransferDetails>, boolean]>([
    [{}, true],
    [{ purpose: 'request', ref: { kind: 'conversation', id: 'c' } }, true],
    [{ refunded: inr(99) }, true],
    [{ refunded: inr(100) }, false],
    [{ payee_id: 'meera' }, false],
    [{ reverses_id: 't0' }, false],
    [{ purpose: 'top_up' }, false],
    [{ purpose: 'purchase', ref: { kind: 'order', id: 'o' } }, false],
    [{ purpose: 'request', ref: { kind: 'order', id: 'o' } }, false],
    [{ state: 'open' }, false],
  ])('of what came in %o can be given back: %s', (over, expected) => {
    expect(canGiveBack({ ...paid, ...over }, 'me')).toBe(expected);
  });

  test('each mandate includes those before it', () => {
    expect(may({ mandate: 'give_back' }, 'ask')).toBe(true);
    expect(may({ mandate: 'give_back' }, 'spend')).toBe(false);
    expect(may({ mandate: 'nothing' }, 'ask')).toBe(false);
  });
});

describe('currencies', () => {
  const mine: MyMoney = {
    items: ['EUR', 'INR'].map((currency, index) => ({
      owner_id: 'me',
      currency,
      balance: { amount_minor: index * 10, currency },
      available: { amount_minor: index * 10, currency },
      on_hold: { amount_minor: 0, currency },
      coming: { amount_minor: 0, currency },
      is_frozen: false,
      is_closed: false,
    })),
    tier: 'unverified',
    floats: [],
    mandate: 'spend',
    stopped: null,
  };
  const options = { zone: 'Asia/Kolkata', preferred: null };

  test('one sends what one has, the fullest wallet first', () => {
    expect(currenciesFor(mine, { ...options, task: 'send' })).toEqual(['INR', 'EUR']);
    expect(availableFor(mine, 'send', 'INR')).toEqual(inr(10));
  });

  test('the other side’s currency comes first only if one has it', () => {
    const preferring = (preferred: string) =>
      currenciesFor(mine, { ...options, preferred, task: 'send' });
    expect(preferring('EUR')).toEqual(['EUR', 'INR']);
    expect(preferring('JPY')).toEqual(['INR', 'EUR']);
  });

  test('without a wallet one can still ask, in the currency of the place', () => {
    const nothing: MyMoney = {
      items: [],
      tier: 'unverified',
      floats: [],
      mandate: 'spend',
      stopped: null,
    };
    expect(currenciesFor(nothing, { ...options, task: 'ask' })[0]).toBe('INR');
    expect(availableFor(nothing, 'ask', 'INR')).toBeNull();
  });
});

describe('a payment', () => {
  beforeEach(() => void vi.stubGlobal('navigator', { onLine: true }));
  afterEach(() => void vi.unstubAllGlobals());

  test('a second tap while the first is under way sends nothing', async () => {
    const payment = new Payment<string>();
    const send = vi.fn((id: string) => Promise.resolve(id));
    const [first, second] = await Promise.all([
      payment.run('Send', send),
      payment.run('Send', send),
    ]);
    expect(send).toHaveBeenCalledTimes(1);
    expect([first, second]).toEqual([payment.id, null]);
    expect(await payment.run('Send', send)).toBeNull();
    expect(send).toHaveBeenCalledTimes(1);
  });

  test('when the answer is lost, the very same act is tried again with the same id', async () => {
    const payment = new Payment<string>();
    const sent: string[] = [];
    const lost = (id: string) => {
      sent.push(id);
      return Promise.reject(Problem.offline());
    };
    await payment.run('Send ₹250', lost);
    expect(payment.state).toBe('unsure');
    await payment.run('Send ₹300', (id) => Promise.resolve(`other ${id}`));
    expect(sent).toHaveLength(2);
    expect(new Set(sent)).toEqual(new Set([payment.id]));
  });

  test('without a network nothing was sent, and the amount may be changed', async () => {
    vi.stubGlobal('navigator', { onLine: false });
    const payment = new Payment<string>();
    await payment.run('Send', () => Promise.reject(Problem.offline()));
    expect(payment.state).toBe('ready');
    expect(payment.error).toContain('needs a connection');
  });

  test('after a final refusal the next try has an id of its own', async () => {
    const payment = new Payment<string>();
    const before = payment.id;
    await payment.run('Send', () =>
      Promise.reject(new Problem('insufficient-funds', 409, 'Not enough')),
    );
    expect(payment.state).toBe('ready');
    expect(payment.id).not.toBe(before);
  });

  test('a confirmation that is given up leaves everything as it was', async () => {
    const stop = setAsker(() => Promise.resolve(null));
    const payment = new Payment<string>();
    const before = payment.id;
    await payment.run('Send', () =>
      Promise.reject(new Problem('confirmation-required', 403, '', { challenge: 'c' })),
    );
    stop();
    expect([payment.state, payment.error, payment.id]).toEqual(['ready', null, before]);
  });
});
