import { createContext } from 'svelte';
import type { Moves } from './moves.svelte.ts';

/** The moves of the board, shared with the order beside it. */
export const [getMoves, setMoves] = createContext<Moves>();
