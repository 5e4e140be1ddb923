/** The shop that was looked at last on this device. */

const KEY = 'kirana.shop';

export const lastShop = (): string | null => localStorage.getItem(KEY);

export const rememberShop = (id: string): void => localStorage.setItem(KEY, id);
