/** The conversation that a bubble stands in, for what is drawn deep inside one. */

import { createContext } from 'svelte';
import type { Talk } from './talk.svelte.ts';

export const [getTalk, setTalk] = createContext<() => Talk>();
