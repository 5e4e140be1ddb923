/** How much is unread, where the browser shows it: before the title of the page, and on the icon of the app. */

interface Badged {
  readonly setAppBadge?: (count: number) => Promise<void>;
}

export class Count {
  #unread = 0;
  #bare = '';
  #shown = '';
  readonly #observer: MutationObserver;

  constructor() {
    this.#observer = new MutationObserver(() => this.#write());
    this.#observer.observe(document.head, { childList: true, subtree: true, characterData: true });
  }

  set(unread: number): void {
    this.#unread = unread;
    this.#write();
    void (navigator as Badged).setAppBadge?.(unread).catch(() => undefined);
  }

  stop(): void {
    this.set(0);
    this.#observer.disconnect();
  }

  /** Each page has a title of its own, and does not know that there is something before it. */
  #write(): void {
    if (document.title !== this.#shown) this.#bare = document.title;
    this.#shown = (this.#unread > 0 ? `(${this.#unread}) ${this.#bare}` : this.#bare).trim();
    if (document.title !== this.#shown) document.title = this.#shown;
  }
}
