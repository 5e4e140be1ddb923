/** What a scanned code means: a place in this app, or nothing of ours. Never a way out of it. */

const HANDLE = /^[a-z0-9](?:[a-z0-9]|-(?!-)){1,28}[a-z0-9]$/;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** What the server itself keeps under its root, beside the shops. */
const OURS = new Set(['app', 'media', 'orders', 'static', 'v1']);

export const isUserId = (text: string): boolean => ID.test(text);

/**
 * The place within the app that a code leads to: a person (`/app/u/…`), a payment (`/app/pay/to/…`, perhaps of so much) or a shop's page
 * (`/…`) of this server, which is known by its `origins`. Null for every other text.
 */
export function placeOf(text: string, origins: readonly string[]): string | null {
  const url = parsed(text.trim());
  if (!url || !origins.includes(url.origin)) return null;
  const [first = '', second = '', third = '', ...more] = url.pathname.split('/').slice(1);
  const isWho = (who: string): boolean => isUserId(who) || HANDLE.test(who.toLowerCase());
  if (first === 'app') {
    if (second === 'u' && isWho(third) && more.length === 0) return `u/${third.toLowerCase()}`;
    const [who = ''] = more;
    const isPaying = second === 'pay' && third === 'to' && more.length === 1;
    return isPaying && isWho(who) ? `pay/to/${who.toLowerCase()}${amountOf(url)}` : null;
  }
  const handle = first.toLowerCase();
  return HANDLE.test(handle) && !OURS.has(handle) ? `shops/${handle}` : null;
}

/** How much is to be paid, in minor units, where a code says so; nothing else of its query is taken over. */
function amountOf({ searchParams }: URL): string {
  const amount = searchParams.get('amount') ?? '';
  const currency = searchParams.get('currency') ?? '';
  const isOne = /^[1-9][0-9]{0,15}$/.test(amount) && /^[A-Z]{3}$/.test(currency);
  return isOne ? `?amount=${amount}&currency=${currency}` : '';
}

function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
