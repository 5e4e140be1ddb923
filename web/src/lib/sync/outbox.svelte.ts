/** The outbox of a page: what waits is drawn. */

import type { Sending } from './outbox.ts';
import { OutboxCore } from './outbox.ts';

export class Outbox extends OutboxCore {
  items = $state.raw<readonly Sending[]>([]);
  progress = $state.raw<Readonly<Record<string, number>>>({});
}
