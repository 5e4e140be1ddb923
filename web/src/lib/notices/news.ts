/** What somebody is told by itself, outside of chats: its words, and the screen that it leads to. Pure. */

import { resolve } from '$app/paths';
import type { Schema } from '#lib/api/index.ts';
import { told } from '#lib/i18n/en/told.ts';
import { format } from '#lib/values/money.ts';

export type News = Schema['Notice'];

interface Said {
  readonly title: string;
  readonly text: string;
}

/** `name` is what the other one is called; null when that is not known. */
export function sayNews(news: News, name: string | null, locale: string): Said {
  const { kind, amount, why } = news;
  const sum = amount ? format(amount, { locale, short: true }) : '';
  const who = name ?? told.somebody;
  const because = told.because[why] ?? told.otherwise;
  switch (kind) {
    case 'link.returned':
      return { title: told.returned, text: told.returnedText(sum) };
    case 'standing_order.refused':
      return { title: told.missed(sum, who), text: told.missedText(because) };
    case 'standing_order.left_out':
      return { title: told.leftOut(sum, who), text: told.leftOutText(because) };
    case 'review.needed':
      return { title: told.waits, text: told.waitsText(sum, who) };
    case 'review.released':
      return { title: told.released, text: told.releasedText(sum, who) };
    case 'review.rejected':
      return { title: told.sentBack, text: told.rejectedText(sum, who) };
    case 'review.expired':
      return { title: told.sentBack, text: told.expiredText(sum, who) };
    case 'payout.settled':
      return { title: told.arrived, text: told.arrivedText(sum) };
    case 'payout.failed':
      return { title: told.cameBack, text: told.cameBackText(sum) };
    case 'address.changed':
      return { title: told.address, text: told.addressText };
    case 'books.broken':
      return { title: told.broken, text: told.brokenText };
    default:
      return { title: told.news, text: sum };
  }
}

/** The screen that it is about, without whose. */
export function placeOf({ kind, subject_id }: News): string {
  switch (kind) {
    case 'link.returned':
      return resolve('pay/links');
    case 'standing_order.refused':
    case 'standing_order.left_out':
      return resolve('pay/coming');
    case 'review.needed':
      return resolve('operator/payments');
    case 'review.released':
    case 'review.rejected':
    case 'review.expired':
      return resolve(`pay/transfers/${subject_id}`);
    case 'payout.settled':
    case 'payout.failed':
      return resolve('pay/out');
    case 'address.changed':
      return resolve('pay/addresses');
    case 'books.broken':
      return resolve('operator/money');
    default:
      return resolve('pay');
  }
}
