import type { Component } from 'svelte';

/** One place of the main navigation, drawn in the tabs below or the rail beside. */
export interface Place {
  readonly href: string;
  readonly label: string;
  readonly icon: Component;
  readonly isCurrent: boolean;
  /** What waits there. */
  readonly count?: number;
  readonly countLabel?: string;
}
