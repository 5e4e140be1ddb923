import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAmount, writeDecimals } from './amount.ts';
import { toAsciiDigits } from './digits.ts';
import { hueOf, initialOf, uuid7 } from './ids.ts';
import { exponentOf, format, formatParts, money, toDecimal, total } from './money.ts';
import { formatPhone, parseCode, parsePhone } from './phone.ts';
import { moved, readPoint } from './place.ts';
import { ago, dayName, duration, lastMonths, monthName, shortWhen } from './time.ts';

const minor = (text: string, currency = 'INR', locale = 'en') => {
  const read = parseAmount(text, currency, locale);
  return read.ok ? read.minor : read.why;
};

describe('money', () => {
  test('decimals come from ISO 4217, where Intl has another opinion too', () => {
    expect(exponentOf('IDR')).toBe(2);
    expect(format(money(123450, 'IDR'), { locale: 'en' })).toContain('1,234.50');
    expect(format(money(1500, 'JPY'), { locale: 'en' })).toBe('¥1,500');
    expect(format(money(1500, 'KWD'), { locale: 'en' })).toContain('1.500');
  });

  test('a whole amount may be written short, a broken one never loses its decimals', () => {
    expect(format(money(25000, 'INR'), { locale: 'en-IN', short: true })).toBe('₹250');
    expect(format(money(25050, 'INR'), { locale: 'en-IN', short: true })).toBe('₹250.50');
    expect(format(money(12000000, 'INR'), { locale: 'en-IN' })).toBe('₹1,20,000.00');
  });

  test('the largest amounts are written exactly', () => {
    const huge = money(Number.MAX_SAFE_INTEGER, 'EUR');
    expect(toDecimal(huge)).toBe('90071992547409.91');
    expect(format(huge, { locale: 'en' })).toBe('€90,071,992,547,409.91');
  });

  test('the parts put together are the whole', () => {
    for (const locale of ['en-IN', 'de', 'ar-EG', 'hi', 'pt-BR']) {
      const amount = money(-123456, 'EUR');
      const parts = formatParts(amount, { locale });
      expect(parts.map((part) => part.text).join('')).toBe(format(amount, { locale }));
      expect(parts.filter((part) => part.kind === 'sign')).toHaveLength(1);
    }
  });

  test.each([
    ['hi-IN', 123456789, 'INR', '₹12,34,567.89', '.05'],
    ['pt-BR', 123456789, 'BRL', 'R$ 1.234.567,89', ',05'],
    ['ar-EG', 123456789, 'EGP', '١٬٢٣٤٬٥٦٧٫٨٩ ج.م.', '٫٠٥'],
    ['de-DE', 123456789, 'EUR', '1.234.567,89 €', ',05'],
    ['ja-JP', 1234567, 'JPY', '￥1,234,567', '.05'],
  ])('%s writes money as people there do', (locale, amount, currency, text, decimals) => {
    const written = format(money(amount, currency), { locale });
    expect(written.replace(/\u200f/g, '').replace(/\s/g, ' ')).toBe(text);
    expect(writeDecimals('05', locale)).toBe(decimals);
  });

  test('adding two currencies is refused', () => {
    expect(() => total([money(1, 'INR'), money(1, 'EUR')], 'INR')).toThrow(TypeError);
  });
});

describe('typed amounts', () => {
  test.each([
    ['250', 25000],
    ['12.5', 1250],
    ['12,50', 1250],
    ['1,200', 120000],
    ['1,20,000.50', 12000050],
    ['1.200,50', 120050],
    ['0,5', 50],
    ['.5', 50],
    ['5.', 500],
    ['١٢٠٫٥', 12050],
    ['१२०', 12000],
    ['１２', 1200],
    ["1'200.05", 120005],
  ])('%s is read as %i', (text, expected) => {
    expect(minor(text)).toBe(expected);
  });

  test('one point followed by three digits means what the locale means', () => {
    expect(minor('1.200', 'EUR', 'de')).toBe(120000);
    expect(minor('1.200', 'EUR', 'en')).toBe('too-many-decimals');
    expect(minor('1.200', 'KWD', 'en')).toBe(1200);
    expect(minor('0.500', 'KWD', 'de')).toBe(500);
  });

  test.each([
    ['', 'empty'],
    ['  ', 'empty'],
    ['12.345', 'too-many-decimals'],
    ['-5', 'not-a-number'],
    ['1e5', 'not-a-number'],
    ['1,2,3', 'not-a-number'],
    ['1.2.3,4,5', 'not-a-number'],
    ['.', 'not-a-number'],
    ['99999999999999999', 'too-large'],
  ])('%s is refused: %s', (text, why) => {
    expect(minor(text)).toBe(why);
  });

  test('a yen has no decimals', () => {
    expect(minor('12.5', 'JPY')).toBe('too-many-decimals');
  });

  test('what is written is read back, in every locale and currency', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10 ** 12 }),
        fc.constantFrom('INR', 'EUR', 'JPY', 'KWD', 'IDR'),
        fc.constantFrom('en', 'en-IN', 'de', 'ar-EG', 'hi', 'pt-BR', 'fr'),
        (amount, currency, locale) => {
          const text = formatParts(money(amount, currency), { locale })
            .filter((part) => part.kind === 'digits')
            .map((part) => part.text)
            .join('');
          expect(minor(text, currency, locale)).toBe(amount);
        },
      ),
    );
  });
});

test('digits of every script on the basic plane are read', () => {
  for (let code = 0; code < 0x10000; code++) {
    const sign = String.fromCharCode(code);
    if (/\p{Nd}/u.test(sign)) expect(toAsciiDigits(sign)).toMatch(/^[0-9]$/);
  }
  expect(toAsciiDigits('०१२३४५६७८९')).toBe('0123456789');
});

describe('time', () => {
  const place = { locale: 'en-GB', zone: 'Asia/Kolkata' };
  const now = Date.parse('2026-03-03T12:00:00+05:30');

  test('a list says the hour today, then the day, then the date', () => {
    expect(shortWhen(Date.parse('2026-03-03T09:05:00+05:30'), now, place)).toBe('9:05');
    expect(shortWhen(Date.parse('2026-03-02T23:59:00+05:30'), now, place)).toBe('Yesterday');
    expect(shortWhen(Date.parse('2026-02-27T10:00:00+05:30'), now, place)).toBe('Friday');
    expect(shortWhen(Date.parse('2026-01-05T10:00:00+05:30'), now, place)).toBe('5 Jan');
    expect(shortWhen(Date.parse('2024-01-05T10:00:00+05:30'), now, place)).toBe('5 Jan 2024');
  });

  test('days are those of the zone', () => {
    const justAfterMidnightInIndia = Date.parse('2026-03-03T00:10:00+05:30');
    expect(dayName(justAfterMidnightInIndia, now, place)).toBe('Today');
    expect(dayName(justAfterMidnightInIndia, now, { ...place, zone: 'America/New_York' })).toBe(
      'Yesterday',
    );
  });

  test('ages are short', () => {
    expect(ago(now - 20_000, now, place)).toBe('now');
    expect(ago(now - 5 * 60_000, now, place)).toBe('5 min ago');
    expect(duration(127)).toBe('2:07');
    expect(duration(3661)).toBe('1:01:01');
  });
});

describe('phones', () => {
  test('what people type becomes E.164, or nothing', () => {
    expect(parsePhone('+91 98450-12345')).toBe('+919845012345');
    expect(parsePhone('0049 (89) 123456')).toBe('+4989123456');
    expect(parsePhone('+٩٧١ ٥٠ ١٢٣ ٤٥٦٧')).toBe('+971501234567');
    expect(parsePhone('98450 12345')).toBeNull();
    expect(parseCode(' १२३ 456 ')).toBe('123456');
  });

  test('numbers are grouped, and nothing is lost', () => {
    expect(formatPhone('+919845012345')).toBe('+91 98450 12345');
    fc.assert(
      fc.property(fc.stringMatching(/^\+[1-9]\d{6,14}$/), (number) => {
        expect(formatPhone(number).replace(/ /g, '')).toBe(number);
      }),
    );
  });
});

describe('ids', () => {
  test('ids of one tab are version 7, unique and in order, even within a millisecond', () => {
    const ids = Array.from({ length: 9000 }, () => uuid7(1_700_000_000_000));
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
  });

  test('a name has an initial in any script', () => {
    expect(initialOf('asha')).toBe('A');
    expect(initialOf('  «रवि»')).toBe('र');
    expect(initialOf('')).toBe('·');
    expect(hueOf('x')).toBe(hueOf('x'));
  });
});

describe('the pin', () => {
  test('moves by meters, east and north', () => {
    const there = moved({ lat: 60, lon: 10 }, 111.32, 111.32);
    expect(there.lat).toBeCloseTo(60.001, 5);
    expect(there.lon).toBeCloseTo(10.002, 5);
  });

  test('stays on the globe', () => {
    expect(moved({ lat: 89.9999, lon: 179.9999 }, 1000, 1000).lat).toBe(90);
    expect(Math.abs(moved({ lat: 0, lon: 179.9999 }, 1000, 0).lon)).toBeLessThanOrEqual(180);
  });

  test('is read from two numbers, latitude first', () => {
    expect(readPoint('12.9716, 77.5946')).toEqual({ lat: 12.9716, lon: 77.5946 });
    expect(readPoint(' -33 151.2 ')).toEqual({ lat: -33, lon: 151.2 });
    for (const text of ['', '12.9716', '95, 10', '10, 181', 'here, there', '1,2,3']) {
      expect(readPoint(text)).toBeNull();
    }
  });
});

test('months are counted where one lives', () => {
  const newYear = Date.UTC(2030, 11, 31, 20);
  expect(lastMonths(newYear, 3, { locale: 'en', zone: 'UTC' })).toEqual([
    '2030-12',
    '2030-11',
    '2030-10',
  ]);
  expect(lastMonths(newYear, 2, { locale: 'en', zone: 'Asia/Kolkata' })).toEqual([
    '2031-01',
    '2030-12',
  ]);
  expect(monthName('2031-01', { locale: 'en-GB', zone: 'America/New_York' })).toBe('January 2031');
});
