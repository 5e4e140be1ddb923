import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loudness, waveformOf } from './voice.svelte.ts';

const levels = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { maxLength: 2000 });

test('a waveform is what the server takes, however long one spoke', () => {
  fc.assert(
    fc.property(levels, (heard) => {
      const bars = waveformOf(heard);
      expect(bars.length).toBe(Math.min(48, heard.length));
      expect(bars.every((bar) => Number.isInteger(bar) && bar >= 0 && bar <= 100)).toBe(true);
    }),
  );
});

test('the loudest moment is the highest bar, and no moment is left out', () => {
  const heard = Array.from({ length: 1000 }, () => 0.1);
  heard[777] = 0.5;
  const bars = waveformOf(heard);
  expect(bars.indexOf(100)).toBe(Math.floor((777 / 1000) * 48));
  expect(bars.filter((bar) => bar === 20)).toHaveLength(47);
});

test('silence is drawn low, not blown up', () => {
  expect(Math.max(...waveformOf([0, 0.001, 0]))).toBeLessThanOrEqual(5);
});

test('loudness goes from silence to full', () => {
  expect(loudness(new Float32Array(64))).toBe(0);
  expect(loudness(new Float32Array(64).fill(1))).toBe(1);
});
