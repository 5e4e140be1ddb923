import type { Schema } from '#lib/api/index.ts';
import { api } from '#lib/api/index.ts';

export type Privacy = Schema['Privacy'];

export const setPrivacy = (change: Partial<Privacy>): Promise<Privacy> =>
  api.patch('/v1/privacy', change);
