/** What is done around conversations, besides talking. */

import { api } from '#lib/api/index.ts';
import type { Contact, ProductCard } from './model.ts';

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
