/** Choosing whom to name while one types: which names are offered, and which of them is next. */

import { matching, named, nameBeingTyped } from './mentions.ts';
import type { Card } from './model.ts';

export class Naming {
  readonly #people: () => readonly Card[];
  #typed = $state<string | null>(null);
  #next = $state(0);

  readonly offered: readonly Card[] = $derived.by(() =>
    this.#typed === null ? [] : matching(this.#people(), this.#typed).slice(0, 6),
  );
  readonly next: Card | null = $derived(
    this.offered[Math.min(this.#next, this.offered.length - 1)] ?? null,
  );

  constructor(people: () => readonly Card[]) {
    this.#people = people;
  }

  /** Something was typed, or the caret went elsewhere. */
  look({ value, selectionStart, selectionEnd }: HTMLTextAreaElement): void {
    const typed = selectionStart === selectionEnd ? nameBeingTyped(value, selectionStart) : null;
    if (typed !== this.#typed) this.#next = 0;
    this.#typed = typed;
  }

  stop(): void {
    this.#typed = null;
  }

  /** Whether the key was meant for the names; `choose` is told the one that was taken. */
  key(event: KeyboardEvent, choose: (card: Card) => void): boolean {
    const { next, offered } = this;
    if (!next || event.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined)
      this.#next = (offered.indexOf(next) + step + offered.length) % offered.length;
    else if (event.key === 'Enter' || event.key === 'Tab') choose(next);
    else if (event.key === 'Escape') this.stop();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /** Writes the name into the field, where it was begun. */
  take(field: HTMLTextAreaElement, card: Card): string {
    const { text, caret } = named(field.value, field.selectionStart, card);
    this.stop();
    field.value = text;
    field.focus();
    field.setSelectionRange(caret, caret);
    return text;
  }
}
