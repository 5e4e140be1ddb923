import { api } from '#lib/api/index.ts';
import type { Device } from '#lib/identity/model.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('kirana:devices');
  return { devices: await api.get<Device[]>('/v1/devices', { fetch, remember: true }) };
};
