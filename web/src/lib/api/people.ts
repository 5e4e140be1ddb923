import { parsePhone } from '#lib/values/phone.ts';
import { api } from './client.ts';
import { Problem } from './problem.ts';
import type { Schema } from './index.ts';

/** Somebody by telephone number or handle; null when nobody has it. */
export async function findPerson(text: string): Promise<Schema['Card'] | null> {
  const phone = parsePhone(text);
  const query = phone ? { phone } : { handle: text.trim().replace(/^@/, '').toLowerCase() };
  try {
    return await api.post<Schema['Card']>('/v1/contact-lookups', query);
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 422)) return null;
    throw error;
  }
}
