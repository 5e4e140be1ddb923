/** What is set in a private conversation, for all in it: sealed, so that whom to believe is decided here. Pure. */

import type { Entry, Pin, Ruling, Settings, SettingsChange } from '#lib/sync/index.ts';
import type { Conversation } from './model.ts';

export const MOST_PINS = 3;

const NONE: Settings = {};

/**
 * The settings that hold, as far as this device could read them. In a group those of an admin; those of somebody else
 * only if an admin said before that everybody may, and they cannot say that themselves.
 */
export function settingsOf({
  form,
  settings,
  admin_settings,
}: Pick<Conversation, 'form' | 'settings' | 'admin_settings'>): Settings {
  const latest = saidIn(settings);
  if (form !== 'group') return latest ?? NONE;
  if (latest && !isMembers(settings)) return latest;
  const ruling = isMembers(admin_settings) ? null : saidIn(admin_settings);
  if (!ruling) return NONE;
  const isLater = (settings?.seq ?? 0) > (admin_settings?.seq ?? 0);
  if (!latest || !isLater || ruling.editors !== 'everybody') return ruling;
  return { ...latest, editors: ruling.editors, list: undefined };
}

/** What is known after these were said. */
export function following(
  { form, settings, admin_settings }: Conversation,
  said: Entry,
): Pick<Conversation, 'settings' | 'admin_settings'> {
  if (form !== 'group' || !isMembers(said)) return { settings: said, admin_settings: null };
  return { settings: said, admin_settings: admin_settings ?? settings };
}

/**
 * What holds of what the server tells and what this device has read before: the newer of each. What was made up is
 * nothing.
 */
export function newest(told: Ruling, kept: Ruling): Ruling {
  const ruled = isMembers(kept.settings) ? kept.admin_settings : kept.settings;
  return {
    settings: later(told.settings, kept.settings),
    admin_settings: later(told.admin_settings, ruled),
  };
}

const later = (told: Entry | null, kept: Entry | null): Entry | null => {
  const isUseless = told === null || told.seal?.state === 'refused';
  return isUseless || (kept?.seq ?? 0) > told.seq ? kept : told;
};

/** They are there, and this device cannot read them yet. */
export const isClosed = (settings: Entry | null): boolean =>
  settings?.ct !== undefined && settings.body === undefined;

/** One may change what all see. Admins may; others where the server and an admin's sealed word allow it. */
export function mayEdit(conversation: Conversation): boolean {
  const { kind, form, state, role, editors } = conversation;
  if (kind !== 'private' || state !== 'joined') return false;
  if (form !== 'group' || role === 'admin') return true;
  return editors === 'everybody' && settingsOf(conversation).editors === 'everybody';
}

export const mayWrite = ({ form, role, writers }: Conversation): boolean =>
  form !== 'group' || role === 'admin' || writers === 'everybody';

/** With this done to them, whatever others did meanwhile. */
export function changed(settings: Settings, change: SettingsChange): Settings {
  const { title, description, photo, pin, unpin, editors } = change;
  return {
    ...settings,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(photo !== undefined && { photo: photo ?? undefined, files: undefined }),
    ...(editors !== undefined && { editors }),
    ...((pin ?? unpin) !== undefined && { pins: pinned(settings.pins ?? [], pin, unpin) }),
  };
}

function pinned(pins: readonly Pin[], pin?: Pin, unpin?: string): readonly Pin[] {
  const others = pins.filter(({ id }) => id !== pin?.id && id !== unpin);
  return [...others, ...(pin ? [pin] : [])].slice(-MOST_PINS);
}

const isMembers = (settings: Entry | null): boolean =>
  settings?.seal?.state === 'open' && settings.seal.isMembers === true;

function saidIn(settings: Entry | null): Settings | null {
  const body = settings?.body;
  return body && 'type' in body && body.type === 'settings' ? body : null;
}
