import type { Schema } from '#lib/api/index.ts';

/** What anybody may see of a user. */
export type Card = Schema['Card'];

/** The person who is signed in, as they see themselves. `acts_for` are the shops whose team they are in. */
export type Me = Schema['Me'];

/** A browser, an app or a program that is signed in. */
export type Device = Schema['Device'];

export type Passkey = Schema['Passkey'];

/** What stands in the way of deleting one's account. */
export type DeletionPlan = Schema['DeletionPlan'];
export type Unsettled = Schema['Unsettled'];

/** What this server is. */
export type Server = Schema['ServerFacts'];

/** Somebody of the demo town whom one may enter as. */
export interface DemoPerson {
  readonly id: string;
  readonly name: string;
  /** What they are there for. */
  readonly line: string;
  readonly photo_id: string | null;
  readonly pin: string;
}
