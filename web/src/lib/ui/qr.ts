/**
 * A QR code for a short link or for bytes: byte mode, versions 1 to 6, error correction M; L where M has no room (107
 * to 134 bytes).
 * Source: ISO/IEC 18004:2015.
 */

/** Error correction words in a block, blocks, data words in a block; version; the two bits that name the level. */
const SHAPES = [
  [10, 1, 16, 1, 0b00],
  [16, 1, 28, 2, 0b00],
  [26, 1, 44, 3, 0b00],
  [18, 2, 32, 4, 0b00],
  [24, 2, 43, 5, 0b00],
  [16, 4, 27, 6, 0b00],
  [18, 2, 68, 6, 0b01],
] as const;

const EXP = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  EXP[i] = EXP[i + 255] = x;
  LOG[x] = i;
  x = (x << 1) ^ (x & 0x80 ? 0x11d : 0);
}
const times = (a: number, b: number): number => (a && b ? EXP[(LOG[a] ?? 0) + (LOG[b] ?? 0)]! : 0);

type Grid = boolean[][];

/** Rows of modules, dark ones true, without the quiet zone of four around them. */
export function qrCode(content: string | Uint8Array): Grid {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const shape = SHAPES.find(([, blocks, words]) => bytes.length + 2 <= blocks * words);
  if (!shape) throw new RangeError('This is too long for a QR code of this size.');
  const [, , , version, level] = shape;
  const size = 17 + 4 * version;
  const fixed = skeleton(size, version > 1);
  const words = codewords(bytes, shape);
  const drawn = MASKS.map((mask, number) => draw(fixed, words, mask, formatBits(level, number)));
  return drawn.reduce((best, next) => (penalty(next) < penalty(best) ? next : best));
}

function codewords(bytes: Uint8Array, [ecLength, blocks, perBlock]: (typeof SHAPES)[number]) {
  const total = blocks * perBlock;
  const bits = `0100${bits8(bytes.length)}${[...bytes].map(bits8).join('')}0000`;
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').slice(0, total * 8);
  const data = (padded.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2));
  for (let i = 0; data.length < total; i++) data.push(i % 2 ? 0x11 : 0xec);

  const groups = Array.from({ length: blocks }, (_, i) =>
    data.slice(i * perBlock, (i + 1) * perBlock),
  );
  const checks = groups.map((group) => remainder(group, ecLength));
  const interleave = (rows: readonly number[][], length: number) =>
    Array.from({ length }, (_, i) => rows.map((row) => row[i] ?? 0)).flat();
  return [...interleave(groups, perBlock), ...interleave(checks, ecLength)];
}

const bits8 = (value: number): string => value.toString(2).padStart(8, '0');

/** Reed-Solomon: what is left of the data divided by the generator of this degree. */
function remainder(data: readonly number[], degree: number): number[] {
  let generator = [1];
  for (let i = 0; i < degree; i++) {
    const next = [...generator, 0];
    generator.forEach((factor, at) => (next[at + 1]! ^= times(factor, EXP[i]!)));
    generator = next;
  }
  const rest = [...data, ...Array<number>(degree).fill(0)];
  for (let i = 0; i < data.length; i++) {
    const lead = rest[i]!;
    generator.forEach((factor, at) => (rest[i + at]! ^= times(factor, lead)));
  }
  return rest.slice(data.length);
}

/** Finders, timing, the alignment pattern; null where data goes, false where the format goes. */
function skeleton(size: number, hasAlignment: boolean): (boolean | null)[][] {
  const grid = Array.from({ length: size }, () => Array<boolean | null>(size).fill(null));
  const set = (row: number, column: number, dark: boolean) => {
    if (grid[row]?.[column] !== undefined) grid[row][column] = dark;
  };
  for (const [top, left] of [
    [0, 0],
    [0, size - 7],
    [size - 7, 0],
  ] as const) {
    for (let r = -1; r <= 7; r++) {
      for (let c = -1; c <= 7; c++) {
        const ring = Math.max(Math.abs(r - 3), Math.abs(c - 3));
        set(top + r, left + c, ring !== 2 && ring < 4);
      }
    }
  }
  for (let i = 8; i < size - 8; i++) {
    set(6, i, i % 2 === 0);
    set(i, 6, i % 2 === 0);
  }
  if (hasAlignment) {
    for (let r = -2; r <= 2; r++) {
      for (let c = -2; c <= 2; c++) {
        set(size - 7 + r, size - 7 + c, Math.max(Math.abs(r), Math.abs(c)) !== 1);
      }
    }
  }
  formatPlaces(size)
    .flat()
    .forEach(([row, column]) => set(row, column, false));
  set(size - 8, 8, true);
  return grid;
}

/** Where each bit of the format stands, the highest first; twice. */
function formatPlaces(size: number): (readonly [number, number])[][] {
  return Array.from({ length: 15 }, (_, i) => [
    i < 6 ? [8, i] : i < 8 ? [8, i + 1] : i === 8 ? [7, 8] : [14 - i, 8],
    i < 7 ? [size - 1 - i, 8] : [8, size - 15 + i],
  ]);
}

const MASKS: readonly ((row: number, column: number) => boolean)[] = [
  (r, c) => (r + c) % 2 === 0,
  (r) => r % 2 === 0,
  (_, c) => c % 3 === 0,
  (r, c) => (r + c) % 3 === 0,
  (r, c) => ((r >> 1) + Math.floor(c / 3)) % 2 === 0,
  (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0,
  (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
];

function draw(
  fixed: readonly (readonly (boolean | null)[])[],
  words: readonly number[],
  mask: (row: number, column: number) => boolean,
  format: number,
): Grid {
  const size = fixed.length;
  const grid: Grid = fixed.map((row) => row.map((dark) => dark ?? false));
  const bits = words.map(bits8).join('');
  let next = 0;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    const isUp = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step++) {
      const row = isUp ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (fixed[row]?.[column] !== null) continue;
        grid[row]![column] = (bits[next++] === '1') !== mask(row, column);
      }
    }
  }
  formatPlaces(size).forEach((places, i) => {
    for (const [row, column] of places) grid[row]![column] = ((format >> (14 - i)) & 1) === 1;
  });
  return grid;
}

/** The level, the mask, ten bits of BCH (0x537), all turned by 0x5412. */
function formatBits(level: number, mask: number): number {
  const data = (level << 3) | mask;
  let rest = data << 10;
  for (let bit = 14; bit >= 10; bit--) if ((rest >> bit) & 1) rest ^= 0x537 << (bit - 10);
  return ((data << 10) | rest) ^ 0x5412;
}

/** How hard it is to read: runs, blocks of four, what looks like a finder, and too much of one color. */
function penalty(grid: Grid): number {
  const lines = [...grid, ...grid.map((_, c) => grid.map((row) => row[c] ?? false))].map((line) =>
    line.map(Number).join(''),
  );
  const runs = lines.flatMap((line) => line.match(/0{5,}|1{5,}/g) ?? []);
  const finders = lines.flatMap((line) => line.match(/(?=10111010000|00001011101)/g) ?? []);
  let blocks = 0;
  for (let r = 1; r < grid.length; r++) {
    for (let c = 1; c < grid.length; c++) {
      const dark = grid[r]![c];
      if (dark === grid[r - 1]![c] && dark === grid[r]![c - 1] && dark === grid[r - 1]![c - 1])
        blocks++;
    }
  }
  const darkShare = grid.flat().filter(Boolean).length / grid.length ** 2;
  return (
    runs.reduce((sum, run) => sum + run.length - 2, 0) +
    blocks * 3 +
    finders.length * 40 +
    Math.floor(Math.abs(darkShare * 100 - 50) / 5) * 10
  );
}
