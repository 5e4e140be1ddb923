// What a visitor wrote and the shop does not have yet, kept on this device: neither a reload nor a lost
// connection loses it. Each message is an entry of its own, so that two tabs never write over each other.
// The storage may be full or forbidden: then a message is kept as long as the page.

const UNSENT = 'kirana.storefront.unsent.';
const DRAFT = 'kirana.storefront.draft.';
const DAY_MS = 24 * 3600 * 1000;
/** Older words may have lost their sense: they go out only when their writer says so again. */
const FRESH_MS = DAY_MS;
const KEPT_MS = 7 * DAY_MS;

const onPage = new Map();

function put(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
    onPage.delete(key);
  } catch {
    onPage.set(key, value);
  }
}

function remove(key) {
  onPage.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // It is forbidden, so nothing is there.
  }
}

function get(key) {
  if (onPage.has(key)) return onPage.get(key);
  try {
    const value = JSON.parse(localStorage.getItem(key));
    return typeof value?.text === 'string' && Number.isFinite(value.at) ? value : null;
  } catch {
    return null;
  }
}

function keys(prefix) {
  let stored = [];
  try {
    stored = Object.keys(localStorage);
  } catch {
    // It is forbidden.
  }
  return [...new Set([...stored, ...onPage.keys()])].filter((key) => key.startsWith(prefix));
}

/** Whether a change that another tab made to the storage is about messages. */
export const isUnsent = (key) => key === null || key.startsWith(UNSENT);

/** `{id, handle, by, text, about, title, at, isRefused}`: `by` nobody yet is ''; `at` in milliseconds. */
export const keep = (message) => put(UNSENT + message.id, message);

export const drop = (id) => remove(UNSENT + id);

export const find = (id) => get(UNSENT + id);

/**
 * What `viewer` wrote and what nobody in particular wrote, the oldest first; in one shop, if one is named.
 * What another person wrote on this device is neither shown nor sent.
 */
export function list(viewer, handle) {
  return keys(UNSENT)
    .map(get)
    .filter((it) => it && (it.by === '' || it.by === viewer) && (!handle || it.handle === handle))
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

/** Begun and not said, in this shop. */
export function draft(viewer, handle) {
  const found = get(DRAFT + handle);
  return found && (found.by === '' || found.by === viewer) ? found.text : '';
}

export function keepDraft(viewer, handle, text) {
  if (text.trim()) put(DRAFT + handle, { by: viewer, text, at: Date.now() });
  else remove(DRAFT + handle);
}

/** Let go of what is too old; what waited too long to be sent without asking is for its writer to decide. */
export function tidy(now = Date.now()) {
  for (const key of [...keys(UNSENT), ...keys(DRAFT)]) {
    const it = get(key);
    if (!it || now - it.at > KEPT_MS) remove(key);
    else if (key.startsWith(UNSENT) && now - it.at > FRESH_MS && !it.isRefused) put(key, { ...it, isRefused: true });
  }
}
