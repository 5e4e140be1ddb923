import { business } from './business.ts';
import { catalog } from './catalog.ts';
import { chat } from './chat.ts';
import { common } from './common.ts';
import { identity } from './identity.ts';
import { keys } from './keys.ts';
import { kinds } from './kinds.ts';
import { order } from './order.ts';
import { orders } from './orders.ts';
import { money } from './money.ts';
import { notices } from './notices.ts';
import { manage } from './manage.ts';
import { media } from './media.ts';
import { privacy } from './privacy.ts';
import { problems } from './problems.ts';
import { reports } from './reports.ts';
import { shell } from './shell.ts';
import { store } from './store.ts';

/** One file per room; add yours here. */
export const en = {
  business,
  catalog,
  chat,
  common,
  identity,
  keys,
  kinds,
  manage,
  media,
  money,
  notices,
  order,
  orders,
  privacy,
  problems,
  reports,
  shell,
  store,
};
