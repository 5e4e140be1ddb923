import { error } from '@sveltejs/kit';
import { dev } from '$app/env';
import type { PageLoad } from './$types';

/** For those who build screens: every primitive on one page. Not there in a built app. */
export const load: PageLoad = () => {
  if (!dev) error(404, 'Not found');
};
