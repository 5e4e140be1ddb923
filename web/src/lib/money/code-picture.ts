/** A code with what it is for above it, as a picture to print or to send. */

import { qrCode } from '#lib/ui/qr.ts';

const WIDTH = 1000;
const EDGE = 80;
const QUIET = 4;
const FONT = 'system-ui, sans-serif';

/** Draws the picture: dark on white, as cameras and printers like it. */
export function drawCode(text: string, title: string, below: string): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = WIDTH + 180;
  const pen = canvas.getContext('2d');
  if (!pen) return canvas;
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = '#1f1b2d';
  pen.textAlign = 'center';
  write(pen, title, 120, 600, 72);
  write(pen, below, 185, 400, 42);
  const grid = qrCode(text);
  const module = Math.floor((WIDTH - 2 * EDGE) / (grid.length + 2 * QUIET));
  const start = Math.round((WIDTH - module * grid.length) / 2);
  grid.forEach((row, y) =>
    row.forEach((dark, x) => {
      if (dark) pen.fillRect(start + x * module, 200 + EDGE + y * module, module, module);
    }),
  );
  return canvas;
}

/** One line, as large as it fits. */
function write(
  pen: CanvasRenderingContext2D,
  text: string,
  y: number,
  weight: number,
  size: number,
): void {
  let px = size;
  do pen.font = `${weight} ${px}px ${FONT}`;
  while (pen.measureText(text).width > WIDTH - 2 * EDGE && (px -= 4) > 16);
  pen.fillText(text, WIDTH / 2, y, WIDTH - 2 * EDGE);
}

/** Saves the picture where the browser saves files. */
export async function savePicture(text: string, title: string, below: string): Promise<void> {
  const canvas = drawCode(text, title, below);
  const picture = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
  if (!picture) return;
  const url = URL.createObjectURL(picture);
  const link = document.createElement('a');
  link.href = url;
  link.download = 'kirana-code.png';
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
