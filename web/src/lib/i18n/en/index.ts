import { common } from './common.ts';
import { identity } from './identity.ts';
import { problems } from './problems.ts';
import { shell } from './shell.ts';

/** One file per room; add yours here. */
export const en = { common, identity, problems, shell };
