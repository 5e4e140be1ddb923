import { format, money } from '#lib/values/money.ts';
import { exact } from '#lib/values/time.ts';
import { plural, reader } from '../locale.ts';

type Facts = Readonly<Record<string, unknown>>;

/**
 * What a refusal says to a person, by its slug: what happened, what became of their work or money, what to do.
 * A slug that is not here is shown by the title that the server sent.
 */
export const problems: Record<string, string | ((facts: Facts) => string)> = {
  offline: 'There is no connection. Nothing was sent; try again when you are online.',
  'server-error': 'The server made a mistake. Nothing was changed; try again in a moment.',
  'not-signed-in': 'You are signed out on this device. Sign in and try again.',
  'not-found': 'This is no longer here, or it belongs to somebody else.',
  'account-suspended': ({ reason }) =>
    `The people who run this server have suspended this account: ${String(reason)}`,
  'business-suspended':
    'The people who run this server have suspended this shop. Nothing was ordered.',
  'reminded-already': 'You reminded them within the last day. Give them a little time.',
  'not-allowed': 'You may not do this here.',
  'only-admins-write': 'Only admins write in this group.',
  'stale-settings': 'Somebody else changed this at the same moment. Try again.',
  'rate-limited': ({ retry_after_s }) =>
    typeof retry_after_s === 'number' && retry_after_s > 90
      ? `That was often. Try again in ${plural(Math.ceil(retry_after_s / 60), { one: '# minute', other: '# minutes' })}.`
      : 'That was often. Wait a moment and try again.',
  'statement-refused': ({ sentence }) => String(sentence),
  'line-explained': 'All of this bank line is explained already.',
  'invalid-input': 'Something in the form is not right. Look it over and try again.',
  'address-invalid': 'This is neither a phone number nor an e-mail address.',
  'delivery-unavailable': ({ kind }) =>
    kind === 'phone'
      ? 'This server cannot send codes to phones. Use an e-mail address.'
      : 'This server cannot send codes by e-mail. Use a phone number.',
  'too-many-pinned': 'Five chats are pinned already. Unpin one first.',
  'not-proven': 'This cannot be proven, so it was not reported.',
  'both-unconfirmed':
    'This device and the other one are both not confirmed, so neither could vouch for the other. Confirm one with the recovery key first.',
  'claim-open': 'It is said to be paid already. Whether it came has to be answered first.',
  'bank-reference-used':
    'A payment with this reference of the bank was received before. Look whether it is the same.',
  'wrong-code': 'This code is wrong or too old. Look again, or ask for a new one.',
  'handle-invalid': 'A handle has 3 to 30 letters a to z, digits and single dashes.',
  'handle-taken': 'Somebody else has this handle.',
  'name-missing': 'Type a name of at most 75 characters.',
  'pin-not-set': 'Choose a PIN first.',
  'weak-pin': 'Choose 4 to 6 digits that are not all the same and not a run like 1234.',
  'wrong-pin': ({ tries_left, retry_after_s }) => {
    if (typeof retry_after_s === 'number') return wait(retry_after_s);
    return typeof tries_left === 'number'
      ? plural(tries_left, {
          one: 'This is not your PIN. One more try.',
          other: 'This is not your PIN. # more tries.',
        })
      : 'This is not your PIN.';
  },
  'pin-locked': ({ retry_after_s }) =>
    typeof retry_after_s === 'number' ? wait(retry_after_s) : 'Too many wrong PINs. Wait a while.',
  'passkey-refused': 'This passkey could not be checked. Try again, or use a code.',
  'last-address': 'This is your only way to sign in. Add another one first.',
  'not-a-picture': 'This file is no picture that can be shown. Use a JPEG, PNG or WebP.',
  'picture-too-large': 'This picture is too large. The limit is 20 MB.',
  'price-changed': 'The price changed in the meantime. Nothing was ordered; look at the new total.',
  'out-of-stock': ({ available }) =>
    typeof available === 'number' && available > 0
      ? plural(available, { one: 'Only # is left.', other: 'Only # are left.' })
      : 'This is sold out.',
  'not-for-sale': 'This is not sold here any more.',
  'cart-empty': 'There is nothing in the cart.',
  'cart-full': 'The cart is full. Order this first, then go on.',
  'below-minimum': 'This is below what the shop delivers. Add something, or pick it up.',
  'method-unavailable': 'The shop does not hand over goods this way any more. Choose another.',
  'address-needed': 'Say where to bring it.',
  'contact-needed': ({ field }) =>
    field === 'name' ? 'Say who it is for.' : 'Leave a phone number with its country code.',
  'insufficient-funds': 'There is not enough money for this. Nothing was moved.',
  'limit-exceeded': ({ window, left_minor, currency, renews_at, left_count }) => {
    const left =
      typeof left_minor === 'number' && typeof currency === 'string' && left_count !== 0
        ? format(money(left_minor, currency), { locale: reader.figures, short: true })
        : null;
    const when =
      typeof renews_at === 'number' ? ` There is more from ${exact(renews_at, here())}.` : '';
    if (window === 'transfer')
      return `One payment may be up to ${left ?? 'less'}. Nothing was moved.`;
    if (window === 'balance')
      return `Your wallet can take ${left ?? 'no'} more. Nothing was moved.`;
    if (window === 'new_payee')
      return `To somebody new you can pay ${left ?? 'no more'} for now. Nothing was moved.${when}`;
    return left === null
      ? `You have made as many payments as you may for now. Nothing was moved.${when}`
      : `You can pay ${left} more for now. Nothing was moved.${when}`;
  },
  'payee-cannot-receive': 'They cannot be paid this at the moment. Nothing was moved.',
  'quote-expired': 'This offer is over. Ask for a new one; nothing was moved.',
  'exchange-short': ({ left_minor, currency }) =>
    typeof left_minor === 'number' && left_minor > 0 && typeof currency === 'string'
      ? `Only ${format(money(left_minor, currency), { locale: reader.figures, short: true })} can be had here at the moment. Nothing was moved.`
      : 'This currency has run out here for the moment. Nothing was moved.',
  'needs-review':
    'The people who run this server look at payments like this first. Send it from the chat: there it can wait for them. Nothing was moved.',
  'no-rate': 'These currencies are not exchanged here.',
  'proof-too-new': ({ until }) =>
    typeof until === 'number'
      ? `Your PIN is new. To keep you safe, larger payments wait until ${exact(until, here())}. Nothing was moved.`
      : 'Your PIN is new. To keep you safe, larger payments wait for a day. Nothing was moved.',
  'address-too-new': ({ until }) =>
    typeof until === 'number'
      ? `This address is new. To keep you safe, money can go there from ${exact(until, here())}. Nothing was moved.`
      : 'This address is new. To keep you safe, money can go there later. Nothing was moved.',
  'payout-not-agreed': 'For so much, another operator has to agree first. Nothing was moved.',
  'payout-under-way': 'It is on its way to the bank already.',
  'payout-account-missing': 'Say first which account of yours pays: under “How pay-outs are made”.',
  'nothing-to-pay-out': 'Nothing waits that may go to the bank now.',
  'over-refund': 'Less than that is left to give back. Nothing was moved.',
  'hold-resolved': 'This was paid out or sent back already. Nothing was moved now.',
  'hold-expired': 'The money was set aside for too long and went back to the payer.',
  'request-ended': 'This request is over. Nothing was paid.',
  'account-frozen': 'The operator has stopped payments of this wallet for now. Nothing was moved.',
  'account-closed': 'This wallet is closed. Nothing was moved.',
  'way-off': 'The operator has switched this way to pay off. Nothing was moved.',
  'confirmation-wrong': 'The confirmation took too long. Confirm again; nothing was moved yet.',
  'refund-not-covered': 'The wallet of the shop does not hold enough to give this back.',
  'illegal-move': 'The order has moved on in the meantime. It is shown as it is now.',
  'own-shop': 'A shop cannot buy from itself.',
  'too-much': 'This is more than one order may cost. Order it in parts.',
  'business-closed': 'This shop has closed for good.',
  'product-gone': 'This is no longer sold.',
  'account-not-settled':
    'Something came up that has to be settled first. Nothing was deleted; it is listed here.',
  'wrong-recovery-key': 'This is not your recovery key. Nothing was changed; look again.',
  'bad-recovery-key': 'This is no recovery key: it has 13 groups of four letters and digits.',
  'recovery-outdated':
    'This recovery key is from before your keys were replaced. Use the newer one.',
  'no-recovery': 'No recovery key was ever made for you. Use another device.',
  'unconfirmed-device': 'Confirm this device first. Nothing was sent.',
  'waiting-for-devices':
    'They have no confirmed device yet. Try again when they have opened Kirana.',
  'unknown-device':
    'That device has no keys yet, or is signed out. Open Kirana there and try again.',
  'verification-gone': 'That comparison has ended. Start again.',
  'not-reachable': 'This person cannot be reached here.',
  'no-devices': 'They cannot talk in private here: a shop and a guest have no keys.',
  'request-pending':
    'They have not accepted you yet. Up to three messages without files can be sent until then.',
  'identity-changed':
    'The keys of somebody you verified have changed. Nothing was sent. Verify them again, or go on without.',
  'members-changed':
    'The server names other people for this chat than before. Nothing was sent to anybody.',
  'kind-changed':
    'The server says that this chat is of another kind than before. To be safe, it is not opened.',
  'not-admin': 'Only an admin may change this. Nothing was changed.',
  'not-listed': 'You are not in this group any more.',
  'group-full': 'The group is full.',
  'last-admin': 'Make somebody else an admin first.',
  'video-unreadable': 'This is no video that browsers play. Send MP4 or WebM.',
  'damaged-file': 'This file is damaged or was changed on its way. It is not shown.',
  'source-changed': 'The file has changed since you chose it. Choose it again.',
  'notebook-full':
    'You keep 1,000 stars and folders already, and there is no room for more. Take a star away first.',
  'secrets-missing': 'Your keys are still on their way from your other device.',
  'keys-not-ready': 'The keys are being opened. Try again in a moment.',
  'id-reused': 'This was sent before with other content. Nothing was changed; start again.',
};

function wait(seconds: number): string {
  const time =
    seconds > 90
      ? plural(Math.ceil(seconds / 60), { one: '# minute', other: '# minutes' })
      : plural(seconds, { one: '# second', other: '# seconds' });
  return `Too many wrong PINs. Try again in ${time}.`;
}

const here = () => ({ locale: reader.formats });
