/** A finger on a message: a swipe toward the end of the line answers it, a long press asks what to do. */

import { reader } from '#lib/i18n/index.ts';

const FAR = 56;
const LONG_MS = 450;

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Meant {
  /** Whether anything can be done with it. */
  readonly isOpen: () => boolean;
  readonly onfar: () => void;
  readonly onlong: (at: Point) => void;
}

export class Swipe {
  /** How far it was drawn, in pixels along the line. */
  drag = $state(0);
  readonly #meant: Meant;
  #from: Point | null = null;
  #press: ReturnType<typeof setTimeout> | undefined;

  constructor(meant: Meant) {
    this.#meant = meant;
  }

  /** Far enough to answer when it is let go. */
  get isFar(): boolean {
    return this.drag >= FAR;
  }

  /** To the right on the screen, in pixels. */
  get x(): number {
    return this.drag * toward();
  }

  readonly begin = (event: TouchEvent): void => {
    const touch = event.touches[0];
    if (!touch || event.touches.length > 1 || !this.#meant.isOpen()) return;
    const at = { x: touch.clientX, y: touch.clientY };
    this.#from = at;
    this.#press = setTimeout(() => {
      this.#from = null;
      this.#meant.onlong(at);
    }, LONG_MS);
  };

  readonly move = (event: TouchEvent): void => {
    const touch = event.touches[0];
    if (!touch || !this.#from) return;
    const x = (touch.clientX - this.#from.x) * toward();
    const y = Math.abs(touch.clientY - this.#from.y);
    if (Math.abs(x) > 8 || y > 8) clearTimeout(this.#press);
    if (y > 24 && this.drag === 0) this.#from = null;
    else this.drag = Math.max(0, Math.min(FAR * 1.3, x - 12));
  };

  readonly end = (): void => {
    clearTimeout(this.#press);
    if (this.isFar) this.#meant.onfar();
    this.drag = 0;
    this.#from = null;
  };
}

const toward = (): number => (reader.direction === 'rtl' ? -1 : 1);
