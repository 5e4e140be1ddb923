/**
 * The door of the engine. The shell starts it; rooms use `engine()` in the browser after that.
 *
 *     $effect(() => engine().on('order', ({ ref }) => void invalidate(`kirana:order:${ref}`)));
 *     await engine().outbox.add({ id, lane: conv, path: `/v1/conversations/${conv}/messages`, body });
 */

import { deleteDatabase } from './database.ts';
import { Engine } from './engine.ts';

export { connection } from './connection.svelte.ts';
export type { Change, Engine, Receipt } from './engine.ts';
export type {
  Content,
  Entry,
  Fact,
  GroupPhoto,
  LinkPreview,
  MemberChange,
  Mention,
  Photo,
  Pin,
  Quote,
  Ruling,
  Seal,
  SealedFile,
  Settings,
  SettingsChange,
  Words,
} from './entries.ts';
export { aboutOf, isChange, isFact, isOnce, isSealed } from './entries.ts';
export { subjectOf } from './facts.ts';
export type { FactDoubt } from './facts.ts';
export type { Poll, Tally } from './polls.ts';
export type { Sending, Upload } from './outbox.ts';
export { isFull } from './shelf.ts';
export type { Hit } from './shelf.ts';
export type { ForDevice, SealedBody, Sealing, UploadState, Watch } from './sealing.ts';
export { shaped } from './shapes.ts';
export { fold, keepSame, mergeEntries, thingOf } from './timeline.ts';
export type { ChangeItem, FactItem, Item, MessageItem } from './timeline.ts';

let running: Engine | null = null;
let starting: Promise<Engine> | null = null;

/** Starts once; for another person, or after `stopEngine`, anew. */
export async function startEngine(userId: string, shops: readonly string[]): Promise<Engine> {
  if (running && running.userId !== userId) await stopEngine();
  starting ??= Engine.start(userId, shops).then((engine) => (running = engine));
  try {
    const engine = await starting;
    await engine.followShops(shops);
    return engine;
  } catch (error) {
    starting = null;
    throw error;
  }
}

export function engine(): Engine {
  if (!running) throw new Error('The engine is started by the shell, for those who are signed in.');
  return running;
}

/** At signing out: everything of this person leaves the device. */
export async function stopEngine({ forget = false } = {}): Promise<void> {
  const userId = running?.userId;
  running?.stop();
  running = starting = null;
  if (forget && userId) await deleteDatabase(userId);
}

/** One thing for each person or shop, made when it is first asked for, for as long as the engine runs. */
export function perOwner<T>(make: (own: string) => T): (own: string) => T {
  const ofEngines = new WeakMap<Engine, Map<string, T>>();
  return (own) => {
    const all = ofEngines.get(engine()) ?? new Map<string, T>();
    ofEngines.set(engine(), all);
    const one = all.get(own) ?? make(own);
    all.set(own, one);
    return one;
  };
}
