/**
 * Draws the app's icons (static/icons/*.png) from the mark with the Chromium of the system: `npm run icons`.
 * Their output is committed, so that a build needs no browser.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const out = join(import.meta.dirname, '../static/icons');
const mark = readFileSync(join(out, 'mark.svg'), 'utf8').replace(/<style>.*<\/style>/, '');
const work = mkdtempSync(join(tmpdir(), 'kirana-icons-'));

/** A maskable icon may lose its outer fifth; the others have round corners of their own. */
function draw(name: string, size: number, { maskable = false } = {}): void {
  const share = maskable ? 0.5 : 0.62;
  const page = join(work, 'icon.html');
  writeFileSync(
    page,
    `<style>html,body{margin:0;background:transparent}
     div{width:${size}px;height:${size}px;display:grid;place-items:center;background:#3d37a6;
     border-radius:${maskable ? 0 : size * 0.22}px}
     svg{width:${size * share}px;fill:#fff}</style><div>${mark}</div>`,
  );
  execFileSync(process.env.CHROMIUM ?? 'chromium', [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--hide-scrollbars',
    '--default-background-color=00000000',
    `--window-size=${size},${size}`,
    `--screenshot=${join(out, name)}`,
    `file://${page}`,
  ]);
}

draw('180.png', 180, { maskable: true });
draw('192.png', 192);
draw('512.png', 512);
draw('maskable.png', 512, { maskable: true });
