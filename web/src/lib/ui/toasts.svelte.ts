/** What the screen does not show already, said for a moment: a thing done that can be undone, or did not work. */

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'calm' | 'wrong';
  readonly undo?: () => void;
}

const SHOWN_MS = 5000;
const WRONG_MS = 8000;

class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  add(
    text: string,
    { undo, tone = 'calm' }: { undo?: () => void; tone?: Toast['tone'] } = {},
  ): void {
    const shown: Toast = { id: this.#next++, text, tone, undo };
    this.list = [...this.list.slice(-1), shown];
    this.resume(shown);
  }

  /** While it is looked at or reached by keyboard, it stays. */
  hold(toast: Toast): void {
    clearTimeout(this.#timers.get(toast.id));
  }

  resume(toast: Toast): void {
    const time = toast.tone === 'wrong' ? WRONG_MS : SHOWN_MS;
    this.#timers.set(
      toast.id,
      setTimeout(() => this.remove(toast), time),
    );
  }

  remove(toast: Toast): void {
    clearTimeout(this.#timers.get(toast.id));
    this.#timers.delete(toast.id);
    this.list = this.list.filter((other) => other.id !== toast.id);
  }
}

export const toasts = new Toasts();

/** `toast('Label removed', { undo })`; for what failed: `toast(sayProblem(error), { tone: 'wrong' })`. */
export const toast = toasts.add.bind(toasts);
