import { redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { lastShop } from '#lib/business/manage/last.ts';
import type { PageLoad } from './$types';

/** To the shop that was looked at last; those who have none are shown the way to one. */
export const load: PageLoad = async ({ parent }) => {
  const { me } = await parent();
  const last = lastShop();
  const shop = me.acts_for.find(({ id }) => id === last) ?? me.acts_for[0];
  if (shop) redirect(307, resolve(`my-shop/${shop.id}`));
};
