/** What is done around conversations, besides talking. */

import { api, Problem } from '#lib/api/index.ts';
import { parsePhone } from '#lib/values/phone.ts';
import type { Card, Contact, ProductCard } from './model.ts';

/** Somebody by telephone number or handle; null when nobody has it. */
export async function findPerson(text: string): Promise<Card | null> {
  const phone = parsePhone(text);
  const query = phone ? { phone } : { handle: text.trim().replace(/^@/, '').toLowerCase() };
  try {
    return await api.post<Card>('/v1/contact-lookups', query);
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 422)) return null;
    throw error;
  }
}

export const blockPerson = (id: string): Promise<void> => api.put(`/v1/blocks/${id}`);

export const saveContact = (id: string): Promise<Contact> => api.put(`/v1/contacts/${id}`, {});

export async function searchProducts(
  shopId: string,
  words: string,
): Promise<readonly ProductCard[]> {
  const page = await api.get<{ items: readonly ProductCard[] }>(
    `/v1/businesses/${shopId}/products`,
    { query: { q: words, status: 'published' }, remember: words === '' },
  );
  return page.items;
}
