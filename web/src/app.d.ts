import type { Me } from '#lib/identity/model.ts';

declare global {
  namespace App {
    interface Error {
      status: number;
      message: string;
      /** The problem's slug, when the server refused. */
      slug?: string;
    }

    interface PageData {
      me?: Me;
    }
  }
}
