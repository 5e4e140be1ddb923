import { describe, expect, test } from 'vitest';
import { placeOf } from './codes.ts';

const HERE = ['http://192.168.1.4:8000', 'https://town.example'];
const ID = '0198c2f4-7a10-7cc1-9d3e-3f6a5b7c8d9e';

describe('a code of this server', () => {
  test.each([
    ['https://town.example/app/u/ravi', 'u/ravi'],
    ['https://town.example/app/u/RAVI', 'u/ravi'],
    [`https://town.example/app/u/${ID}`, `u/${ID}`],
    ['  http://192.168.1.4:8000/app/u/ravi\n', 'u/ravi'],
    ['https://town.example/app/pay/to/ravi', 'pay/to/ravi'],
    [`https://town.example/app/pay/to/${ID}`, `pay/to/${ID}`],
    [
      'https://town.example/app/pay/to/ravi?amount=25000&currency=INR&next=evil',
      'pay/to/ravi?amount=25000&currency=INR',
    ],
    ['https://town.example/app/pay/to/ravi?amount=1e9&currency=INR', 'pay/to/ravi'],
    ['https://town.example/app/pay/to/ravi?amount=250&currency=rupees', 'pay/to/ravi'],
    ['https://town.example/ashas-kirana', 'shops/ashas-kirana'],
    ['https://town.example/ashas-kirana/p/rice?from=poster', 'shops/ashas-kirana'],
  ])('%s leads to %s', (text, place) => {
    expect(placeOf(text, HERE)).toBe(place);
  });
});

describe('nothing of ours', () => {
  test.each([
    '',
    'Hello',
    'ravi',
    'https://town.example.evil.example/app/u/ravi',
    'https://evil.example/app/u/ravi',
    'https://town.example@evil.example/app/u/ravi',
    'http://town.example/app/u/ravi',
    'https://town.example:444/app/u/ravi',
    'javascript:alert(1)//https://town.example/app/u/ravi',
    'upi://pay?pa=asha@bank',
    'WIFI:S:town;T:WPA;P:secret;;',
  ])('%s', (text) => {
    expect(placeOf(text, HERE)).toBeNull();
  });

  test.each([
    'https://town.example/',
    'https://town.example/app',
    'https://town.example/app/you',
    'https://town.example/app/you/deletion',
    'https://town.example/app/u/',
    'https://town.example/app/u/..',
    'https://town.example/app/u/ravi/more',
    'https://town.example/app/u/%2e%2e%2fyou',
    'https://town.example/app/pay/to/',
    'https://town.example/app/pay/to/a/b',
    'https://town.example/v1/me',
    'https://town.example/media/abc',
    'https://town.example//evil.example',
  ])('on this server: %s', (text) => {
    expect(placeOf(text, HERE)).toBeNull();
  });
});
