/** Whether one can keep something about one's chats here: only confirmed devices can read the notebook. */

import { keys } from '#lib/crypto/index.ts';
import { engine } from '#lib/sync/index.ts';

export const canKeep = (): boolean =>
  keys.status?.device === 'confirmed' && engine().notebook !== null;
