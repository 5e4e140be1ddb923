import { redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import type { PageLoad } from './$types';

const STEPS = ['place', 'hours', 'product', 'done'] as const;

export const load: PageLoad = ({ params }) => {
  const step = STEPS.find((one) => one === params.step);
  if (!step) redirect(307, resolve(`my-shop/${params.shop}`));
  const at = STEPS.indexOf(step);
  return { step, number: at + 3, next: STEPS[at + 1] ?? 'done' };
};
