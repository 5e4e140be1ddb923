/** The wasm dies of a fault inside it. Whoever runs it has to notice: nothing answers any more. */

/** What the wasm says once it has panicked. */
const DEAD = /\bunreachable\b|RuntimeError|recursive use of an object|null pointer passed to rust/;

export const isDeadly = (message: string): boolean => DEAD.test(message);

/** A panic inside a future never settles its promise: it is heard of only here. */
export function onPanic(told: (why: string) => void): void {
  const hear = (error: unknown, message: string): void => {
    if (error instanceof WebAssembly.RuntimeError || isDeadly(message)) told(message);
  };
  addEventListener('error', (event) => hear(event.error, event.message));
  addEventListener('unhandledrejection', ({ reason }) => hear(reason, String(reason)));
}
