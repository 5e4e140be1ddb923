import { api, Problem } from '#lib/api/index.ts';
import type { Product, Variant } from '#lib/catalog/model.ts';
import { engine } from '#lib/sync/index.ts';
import { uuid7 } from '#lib/values/ids.ts';

/** The conversation with a shop; begins it where there is none. */
export async function conversationWith(shopId: string): Promise<string> {
  const body = { id: uuid7(), kind: 'business', with_id: shopId };
  try {
    return (await api.post<{ id: string }>('/v1/conversations', body)).id;
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.slug !== 'conversation-exists') throw problem;
    return problem.facts.conversation_id as string;
  }
}

/** Sends the product with a question, as a message that survives a lost connection. Answers where. */
export async function askAbout(
  product: Product,
  variant: Variant | undefined,
  words: string,
): Promise<string> {
  const conversation = await conversationWith(product.business_id);
  const price = variant?.price_now ?? product.price_from;
  const image = variant?.picture_id ?? product.pictures[0]?.id;
  const body = {
    type: 'product',
    product_id: product.id,
    ...(variant && { variant_id: variant.id }),
    ...(words && { text: words }),
    snapshot: { title: product.name, ...(price && { price }), ...(image && { image }) },
  };
  const id = uuid7();
  await engine().outbox.add({
    id,
    lane: conversation,
    path: `/v1/conversations/${conversation}/messages`,
    body: { id, body },
  });
  return conversation;
}
