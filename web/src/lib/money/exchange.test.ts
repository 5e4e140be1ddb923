import { describe, expect, it } from 'vitest';
import { tellFee, tellRate, typedPercent, typedRate } from './exchange.ts';

describe('a rate', () => {
  it.each([
    ['0.0098', '0.0098'],
    ['0,0098', '0.0098'],
    [' 88 ', '88'],
    ['.5', '0.5'],
    ['٠٫٠٠٩٨', '0.0098'],
    ['०.५', '0.5'],
  ])('typed as %j is %j', (typed, rate) => {
    expect(typedRate(typed)).toBe(rate);
  });

  it.each([
    '',
    '0',
    '0.000',
    '-1',
    '1e3',
    '1.2.3',
    '1,2,3',
    'one',
    '0.0000000000001',
    '1234567890',
  ])('is not %j', (typed) => {
    expect(typedRate(typed)).toBeNull();
  });

  it('is told with all its decimals', () => {
    expect(tellRate({ pay: 'IDR', get: 'KWD', rate: '0.0000188' })).toBe('1 IDR = 0.0000188 KWD');
  });
});

describe('a fee', () => {
  it.each([
    ['1.5', 15_000],
    ['0', 0],
    ['100', 1_000_000],
    ['2,9', 29_000],
    ['0.0001', 1],
  ])('of %j percent is %d millionths', (typed, ppm) => {
    expect(typedPercent(typed)).toBe(ppm);
  });

  it.each(['', '101', '-1', '1.00001', 'x'])('is not %j percent', (typed) => {
    expect(typedPercent(typed)).toBeNull();
  });

  it.each([
    [{ fixed_minor: 300, ppm: 20_000, low_minor: 0, high_minor: null }, '2% + €3'],
    [{ fixed_minor: 0, ppm: 15_000, low_minor: 0, high_minor: null }, '1.5%'],
    [{ fixed_minor: 300, ppm: 0, low_minor: 0, high_minor: null }, '€3'],
  ])('is told: %j', (fee, told) => {
    expect(tellFee({ currency: 'EUR', sale: 'wallet', fee })).toBe(told);
  });
});
