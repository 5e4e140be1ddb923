import { bank } from './bank.ts';
import { business } from './business.ts';
import { cards } from './cards.ts';
import { catalog } from './catalog.ts';
import { chat } from './chat.ts';
import { clearing } from './clearing.ts';
import { common } from './common.ts';
import { desk } from './desk.ts';
import { direct } from './direct.ts';
import { exchange } from './exchange.ts';
import { groups } from './groups.ts';
import { identity } from './identity.ts';
import { kept } from './kept.ts';
import { keys } from './keys.ts';
import { limits } from './limits.ts';
import { links } from './links.ts';
import { kinds } from './kinds.ts';
import { order } from './order.ts';
import { orders } from './orders.ts';
import { ownCards } from './own-cards.ts';
import { money } from './money.ts';
import { notices } from './notices.ts';
import { manage } from './manage.ts';
import { media } from './media.ts';
import { payouts } from './payouts.ts';
import { privacy } from './privacy.ts';
import { problems } from './problems.ts';
import { receipts } from './receipts.ts';
import { reports } from './reports.ts';
import { shell } from './shell.ts';
import { standing } from './standing.ts';
import { store } from './store.ts';
import { suspensions } from './suspensions.ts';

/** One file per room; add yours here. */
export const en = {
  bank,
  business,
  cards,
  catalog,
  chat,
  clearing,
  common,
  desk,
  direct,
  exchange,
  groups,
  identity,
  kept,
  keys,
  kinds,
  limits,
  links,
  manage,
  media,
  money,
  notices,
  order,
  orders,
  ownCards,
  payouts,
  privacy,
  problems,
  receipts,
  reports,
  shell,
  standing,
  store,
  suspensions,
};
