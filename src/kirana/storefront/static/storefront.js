// What the public's pages can do better with a script: nothing here is needed to look, ask or buy.
// Forms stay forms: they are sent without leaving the page, and the parts that changed are taken
// from the page that the server answers with.

import * as outbox from './outbox.js';

// Trusted Types: this alone reads text as a page, one of this server, and takes parts of it that hold no script.
const trusted = globalThis.trustedTypes?.createPolicy('kirana-page', { createHTML: (text) => text });
const parse = (text) => new DOMParser().parseFromString(trusted?.createHTML(text) ?? text, 'text/html');
const byId = (id) => document.getElementById(id);
const bar = () => byId('bar');
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** A new id of version 7 (RFC 9562): sending the same message twice says it once. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let now = Date.now();
  for (let i = 5; i >= 0; i--) {
    bytes[i] = now % 256;
    now = Math.floor(now / 256);
  }
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

async function load(url, options = {}) {
  const answer = await fetch(url, { credentials: 'same-origin', ...options });
  const page = parse(await answer.text());
  return { answer, page };
}

/** Put the parts of `page` with these ids where they are here. */
function swap(page, ...ids) {
  for (const id of ids) {
    const next = page.getElementById(id);
    const here = byId(id);
    if (next && here && next.outerHTML !== here.outerHTML) here.replaceWith(next);
  }
  listen();
}

async function refresh(...ids) {
  const { answer, page } = await load(location.href.split('#')[0]);
  if (answer.ok) swap(page, ...ids);
}

// ---- Forms that do not leave the page

document.addEventListener('submit', async (event) => {
  const form = event.target;
  if (form.matches('[data-say]')) return say(event, form);
  if (form.matches('[data-once]')) return once(event, form);
  if (!form.matches('[data-add], [data-cart]')) return;
  event.preventDefault();
  if (form.ariaBusy === 'true') return;
  form.ariaBusy = 'true';
  const isCart = form.matches('[data-cart]');
  const label = document.activeElement?.getAttribute('aria-label');
  try {
    const body = new FormData(form, event.submitter);
    const { answer, page } = await load(form.action, { method: 'POST', body: new URLSearchParams(body) });
    if (!answer.ok) return form.submit();
    swap(page, 'bar', ...(isCart ? ['cart'] : []));
    if (isCart && label) document.querySelector(`[aria-label="${CSS.escape(label)}"]`)?.focus();
    setTimeout(() => bar()?.querySelector('.notice span')?.remove(), 4000);
  } catch {
    form.requestSubmit ? HTMLFormElement.prototype.submit.call(form) : form.submit();
  } finally {
    form.ariaBusy = 'false';
  }
});

/** The second tap on "Place the order" does nothing; the first one shows that it counts. */
function once(event, form) {
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = 'yes';
  event.submitter?.setAttribute('aria-busy', 'true');
  addEventListener('pageshow', () => {
    delete form.dataset.sent;
    event.submitter?.removeAttribute('aria-busy');
  });
}

// ---- Product: steppers, and the price of what is chosen

function stepper(input) {
  const box = document.createElement('span');
  box.className = 'stepper';
  const button = (sign, label, by) => {
    const it = document.createElement('button');
    it.type = 'button';
    it.className = 'round';
    it.textContent = sign;
    it.setAttribute('aria-label', label);
    it.addEventListener('click', () => {
      const value = Math.min(9999, Math.max(1, (Number(input.value) || 1) + by));
      input.value = String(value);
    });
    return it;
  };
  input.replaceWith(box);
  box.append(button('−', input.dataset.less, -1), input, button('+', input.dataset.more, 1));
  input.removeAttribute('data-stepper');
}

document.addEventListener('change', (event) => {
  const form = event.target.closest('form#add');
  if (form && event.target.name === 'variant') {
    const chosen = event.target.matches('select') ? event.target.selectedOptions[0] : event.target;
    const price = byId('price');
    if (!price || !chosen) return;
    price.replaceChildren(Object.assign(document.createElement('b'), { textContent: chosen.dataset.price }));
    if (chosen.dataset.was) {
      price.firstChild.className = 'sale';
      price.append(' ', Object.assign(document.createElement('s'), { textContent: chosen.dataset.was }));
    }
  }
  if (event.target.closest('form[data-town]')) event.target.form.requestSubmit();
});

// ---- Search as one types, more at the end of the shelf

let typing;
document.addEventListener('input', (event) => {
  const form = event.target.closest('form[data-search]');
  if (!form) return;
  clearTimeout(typing);
  typing = setTimeout(async () => {
    const url = `${form.action}?${new URLSearchParams(new FormData(form))}`;
    const text = event.target.value;
    try {
      const { answer, page } = await load(url);
      if (!answer.ok || event.target.value !== text) return;
      swap(page, 'results');
      if (location.pathname.endsWith('/search')) history.replaceState(null, '', url);
    } catch {
      // Offline: Enter asks the server as without a script.
    }
  }, 180);
});

document.addEventListener('click', async (event) => {
  const more = event.target.closest('a[data-more]');
  const earlier = event.target.closest('a[data-earlier]');
  const chat = event.target.closest('a[data-chat]');
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  if (event.target.closest('[data-print]')) return print();
  if (chat && byId('chat-panel') && !byId('chat')) {
    event.preventDefault();
    return openChat(chat.href, chat);
  }
  if (more) {
    event.preventDefault();
    const { page } = await load(more.href);
    const shown = byId('products');
    const first = page.querySelector('#products > li');
    shown.append(...page.querySelectorAll('#products > li'));
    const next = page.getElementById('more');
    next ? byId('more').replaceWith(next) : byId('more').remove();
    first?.querySelector('a')?.focus({ preventScroll: true });
  }
  if (earlier) {
    event.preventDefault();
    const scroller = document.querySelector('.scroller') ?? document.scrollingElement;
    const height = scroller.scrollHeight;
    const { page } = await load(earlier.href);
    byId('thread').prepend(...page.querySelectorAll('#thread > .said'));
    const next = page.getElementById('earlier');
    next ? byId('earlier').replaceWith(next) : byId('earlier').remove();
    scroller.scrollTop += scroller.scrollHeight - height;
  }
});

// ---- Chat: a panel over the page, what one says at once, what comes live

const panel = byId('chat-panel');
const words = panel?.dataset ?? {};
const chatUrl = () => `/${bar()?.dataset.handle ?? location.pathname.split('/')[1]}/chat`;
let opener = null;

async function openChat(url, from) {
  opener = from;
  panel.replaceChildren(closer(), Object.assign(document.createElement('p'), { className: 'first', textContent: words.loading }));
  panel.showModal();
  try {
    const { answer, page } = await load(url);
    const chat = answer.ok && page.getElementById('chat');
    if (!chat) throw new Error('no chat');
    const scroller = document.createElement('div');
    scroller.className = 'scroller';
    chat.querySelector('.chat-head').after(scroller);
    for (const part of chat.querySelectorAll('#earlier, .log, #typing, #connection')) scroller.append(part);
    panel.replaceChildren(closer(), chat);
    chat.querySelector('textarea')?.focus();
    knowViewer(page);
    settle();
    connect();
  } catch {
    location.href = url;
  }
}

function closer() {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'round panel-close';
  button.setAttribute('aria-label', words.close);
  button.textContent = '✕';
  button.addEventListener('click', () => panel.close());
  return button;
}

panel?.addEventListener('click', (event) => {
  if (event.target === panel) panel.close();
});
panel?.addEventListener('close', async () => {
  panel.replaceChildren();
  opener = byId(opener?.id) ?? opener;
  opener?.focus();
  await refreshBar();
});

/** The bar as it is now, from the lightest page that has it. */
async function refreshBar() {
  if (!bar()) return;
  try {
    const { answer, page } = await load(location.href.split('#')[0].replace(/([?&])notice=\w+/, '$1'));
    if (answer.ok) swap(page, 'bar');
  } catch {
    // It stays as it was.
  }
}

// With a keyboard, Enter sends and Shift+Enter begins a line; with a thumb, the button sends.
document.addEventListener('keydown', (event) => {
  const isText = event.target.matches?.('[data-say] textarea');
  if (!isText || event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  if (!matchMedia('(pointer: fine)').matches) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

// ---- What is said: written down first, then sent until the shop has it

let viewer = bar()?.dataset.user ?? '';
const handleHere = () => bar()?.dataset.handle ?? '';

function knowViewer(page) {
  viewer = page.getElementById('bar')?.dataset.user ?? viewer;
}

function say(event, form) {
  event.preventDefault();
  const text = form.elements.text.value.trim();
  const about = form.elements.about?.value ?? '';
  if (!text && !about) return;
  const title = about ? byId('about-line').textContent.trim() : '';
  outbox.keep({ id: newId(), handle: handleHere(), by: viewer, text, about, title, at: Date.now(), isRefused: false });
  form.elements.text.value = '';
  outbox.keepDraft(viewer, handleHere(), '');
  byId('about-line')?.remove();
  form.elements.text.required = true;
  form.elements.text.focus();
  showUnsent(words.sending);
  toEnd();
  hurry();
}

document.addEventListener('input', (event) => {
  if (!event.target.matches?.('[data-say] textarea')) return;
  outbox.keepDraft(viewer, handleHere(), event.target.value);
  tellTyping();
});

/** The conversation is on the screen: what was written and not sent belongs to it, too. */
function settle() {
  const field = document.querySelector('[data-say] textarea');
  if (field && !field.value) field.value = outbox.draft(viewer, handleHere());
  showUnsent(words.waiting);
  toEnd();
  markRead();
}

/** Every message that the shop does not have yet, at the end of the conversation. */
function showUnsent(state) {
  markBar();
  const thread = byId('thread');
  if (!thread || !document.querySelector('[data-say]')) return;
  const unsent = outbox.list(viewer, handleHere());
  for (const message of unsent) {
    let line = byId(`m-${message.id}`);
    if (line && !line.matches('.waiting, .refused')) {
      outbox.drop(message.id); // It has arrived; only the answer got lost.
      continue;
    }
    if (!line) line = draw(message, state);
    else if (line.matches('.refused') !== message.isRefused) line.replaceWith((line = draw(message, state)));
    thread.append(line);
  }
  if (unsent.length) thread.querySelector('.first')?.remove();
}

function draw(message, state) {
  const make = (tag, className, textContent) => Object.assign(document.createElement(tag), { className, textContent });
  const line = make('li', `said mine text ${message.isRefused ? 'refused' : 'waiting'}`, '');
  line.id = `m-${message.id}`;
  const bubble = make('div', 'bubble', '');
  if (message.title) bubble.append(make('p', 'quiet', message.title));
  if (message.text) bubble.append(make('p', 'words own', message.text));
  if (message.isRefused) bubble.append(againButton(message));
  else bubble.append(make('p', 'when', state));
  line.append(bubble);
  return line;
}

function againButton(message) {
  const again = document.createElement('button');
  again.type = 'button';
  again.className = 'retry';
  again.textContent = words.failed;
  again.addEventListener('click', () => {
    outbox.keep({ ...message, at: Date.now(), isRefused: false });
    showUnsent(words.sending);
    hurry();
  });
  return again;
}

/** Where the conversation is closed, its button says that something waits. */
function markBar() {
  const button = byId('chat-button');
  const waits = !byId('thread') && outbox.list(viewer, handleHere()).length > 0;
  const mark = button?.querySelector('.waits');
  if (!button || waits === Boolean(mark)) return;
  if (mark) return mark.remove();
  const count = Object.assign(document.createElement('b'), { className: 'count waits', title: words.waiting });
  count.append(
    Object.assign(document.createElement('span'), { className: 'hidden-text', textContent: words.waiting }),
    Object.assign(document.createElement('span'), { ariaHidden: 'true', textContent: '…' }),
  );
  button.append(count);
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30000;
const PATIENCE_MS = 30000;
const PASSING = [408, 425, 429];

let isDelivering = false;
let wake = () => {};
/** Something was said, or the network is back: try at once. */
function hurry() {
  wake();
  deliver();
}

/** Send what waits, in order; with no connection, again and again until it is through. */
async function deliver() {
  if (isDelivering) return;
  isDelivering = true;
  let pause = FIRST_WAIT_MS;
  try {
    for (;;) {
      const next = outbox.list(viewer).find((it) => !it.isRefused);
      if (!next) break;
      try {
        await alone(() => send(next.id));
        connection('');
        pause = FIRST_WAIT_MS;
      } catch (error) {
        connection(words.offline);
        for (const state of document.querySelectorAll('.said.waiting .when')) state.textContent = words.waiting;
        const rest = error.retryMs || pause * (0.5 + Math.random() / 2);
        await Promise.race([wait(rest), new Promise((done) => (wake = done))]);
        pause = Math.min(pause * 2, LONGEST_WAIT_MS);
      }
    }
  } finally {
    isDelivering = false;
  }
}

/** One tab at a time, where the browser can say so; the message's id keeps it single anyway. */
const alone = (work) => (navigator.locks ? navigator.locks.request('kirana.storefront.outbox', work) : work());

async function send(id) {
  const message = outbox.find(id);
  if (!message || message.isRefused) return; // Another tab was faster.
  await becomeSomebody(message.handle);
  const { handle, text, about } = message;
  const { answer, page } = await load(`/${handle}/chat`, {
    method: 'POST',
    body: new URLSearchParams({ id, text, about }),
    signal: AbortSignal.timeout?.(PATIENCE_MS),
  });
  if (answer.status >= 500 || PASSING.includes(answer.status)) {
    const after = Number(answer.headers.get('Retry-After'));
    throw Object.assign(new Error(String(answer.status)), { retryMs: Math.min(after * 1000, LONGEST_WAIT_MS) });
  }
  // Only the shop's own page with this message on it says that it has arrived.
  if (!page.getElementById(`m-${id}`)) {
    if (answer.ok && !page.getElementById('bar')) throw new Error('not our page');
    outbox.keep({ ...message, isRefused: true });
    return showUnsent(words.waiting);
  }
  outbox.drop(id);
  knowViewer(page);
  if (handle === handleHere()) {
    fold(page);
    swap(page, 'bar');
  }
  connect();
}

/**
 * A stranger becomes a guest before the first word leaves: if the answer to it gets lost, the one who asks again
 * is the one who asked.
 */
async function becomeSomebody(handle) {
  if (viewer) return;
  knowViewer((await load(`/${handle}/chat`)).page);
  if (viewer) return;
  const id = newId();
  const answer = await fetch('/v1/guests', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ id, device_id: newId(), language: document.documentElement.lang }),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  viewer = (await answer.json()).user.id;
}

addEventListener('online', hurry);
addEventListener('storage', (event) => {
  if (!outbox.isUnsent(event.key)) return;
  markBar();
  if (!byId('thread')) return;
  if (event.newValue === null) refreshChat().catch(() => {});
  else showUnsent(words.sending);
});

function connection(text) {
  const line = byId('connection');
  if (line && line.textContent !== text) line.textContent = text ?? '';
}

/** Take the conversation in as the server has it; what still waits stays at its end. */
function fold(page) {
  const thread = byId('thread');
  const next = page.getElementById('thread');
  if (!thread || !next) return;
  const atEnd = isAtEnd();
  for (const line of next.querySelectorAll('.said')) {
    const here = byId(line.id);
    if (!here && line.matches('.theirs')) showTyping(false);
    if (!here) thread.append(line);
    else if (here.innerHTML !== line.innerHTML) here.replaceWith(line);
  }
  const shown = new Set([...next.querySelectorAll('.said.order')].map((it) => it.id));
  if (shown.size) {
    const oldest = next.querySelector('.said')?.id;
    let isOld = true;
    for (const line of [...thread.querySelectorAll('.said')]) {
      if (line.id === oldest) isOld = false;
      if (!isOld && line.matches('.order') && !shown.has(line.id)) line.remove();
    }
  }
  for (const line of thread.querySelectorAll('.waiting, .refused')) if (!outbox.find(line.id.slice(2))) line.remove();
  showUnsent(words.waiting);
  if (next.querySelector('.said')) thread.querySelector('.first')?.remove();
  thread.dataset.latest = next.dataset.latest;
  if (atEnd) toEnd();
}

const scroller = () => document.querySelector('.scroller') ?? document.scrollingElement;
const isAtEnd = () => scroller().scrollHeight - scroller().scrollTop - scroller().clientHeight < 120;
const toEnd = () => requestAnimationFrame(() => scroller().scrollTo({ top: scroller().scrollHeight }));

async function refreshChat() {
  const { answer, page } = await load(chatUrl());
  if (!answer.ok) return;
  fold(page);
  knowViewer(page);
  if (!bar().dataset.user) swap(page, 'bar');
  markRead();
  connect();
}

function markRead() {
  const seq = Number(byId('thread')?.dataset.latest ?? 0);
  const conversation = bar()?.dataset.conversation;
  if (!seq || !conversation || document.hidden) return;
  fetch(`/v1/conversations/${conversation}/receipts`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ delivered_seq: seq, read_seq: seq }),
  }).catch(() => {});
}

// ---- Live: the socket rings, the page is read again

let socket = null;
let position = null;
let attempts = 0;
let isPolling = false;

function connect() {
  if (socket || isPolling || !bar()?.dataset.user) return;
  const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/socket`;
  let isWelcome = false;
  try {
    socket = new WebSocket(url);
  } catch {
    return poll();
  }
  socket.addEventListener('open', () => socket.send(JSON.stringify({ t: 'hello', ...(position === null ? {} : { pos: position }) })));
  socket.addEventListener('message', ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.t === 'welcome') {
      isWelcome = true;
      attempts = 0;
      if (position === null) ring({ k: 'message' }); // What came between the page and the socket.
      position ??= frame.pos;
    }
    if (frame.t === 'ev' || frame.t === 'resync') {
      position = frame.pos ?? frame.head ?? position;
      ring(frame);
    }
    const isTheirs = frame.user !== viewer && frame.conv === bar()?.dataset.conversation;
    if (frame.k === 'typing' && isTheirs) showTyping(true);
    if (frame.t === 'rcpt' && isTheirs) ring({ k: 'message' });
  });
  socket.addEventListener('close', async () => {
    socket = null;
    attempts += 1;
    if (!isWelcome && attempts >= 3) return poll();
    await wait(Math.min(30000, 500 * 2 ** attempts) * (0.5 + Math.random()));
    connect();
  });
}

/** Where no socket gets through: ask, and let the server answer when there is something. */
async function poll() {
  isPolling = true;
  for (;;) {
    try {
      const after = position ?? 0;
      const answer = await fetch(`/v1/stream?after=${after}&wait_s=${position === null ? 0 : 20}`);
      if (answer.status === 401) break;
      if (!answer.ok) throw new Error(String(answer.status));
      const news = await answer.json();
      const isFirst = position === null;
      position = news.pos;
      if (!isFirst) news.frames.forEach(ring);
      if (isFirst || news.has_more) continue;
    } catch {
      await wait(5000 * (0.5 + Math.random()));
    }
  }
  isPolling = false;
}

const TYPING_AGAIN_MS = 4000;
const TYPING_HOLDS_MS = 6000;
let toldTypingAt = 0;
/** The shop sees that one writes, while a socket is open. */
function tellTyping() {
  const conv = bar()?.dataset.conversation;
  if (!conv || socket?.readyState !== WebSocket.OPEN || Date.now() - toldTypingAt < TYPING_AGAIN_MS) return;
  toldTypingAt = Date.now();
  socket.send(JSON.stringify({ t: 'typing', conv }));
}

let typingEnds = null;
function showTyping(isTyping) {
  clearTimeout(typingEnds);
  const line = byId('typing');
  if (!line) return;
  const atEnd = isAtEnd();
  line.textContent = isTyping ? words.typing : '';
  line.hidden = !isTyping;
  if (isTyping) typingEnds = setTimeout(() => showTyping(false), TYPING_HOLDS_MS);
  if (isTyping && atEnd) toEnd();
}

const due = new Set();
let soon = null;
/** Something changed: look at it again, once for many rings. */
function ring(frame) {
  if (['message', 'fact', 'deletion', 'change', 'conversation'].includes(frame.k)) due.add('chat');
  if (frame.k === 'order') due.add('order');
  if (frame.k === 'cart') due.add('bar');
  if (frame.t === 'resync') ['chat', 'order', 'bar'].forEach((it) => due.add(it));
  if (frame.k === 'fact') due.add('order');
  soon ??= setTimeout(async () => {
    soon = null;
    const kinds = [...due];
    due.clear();
    try {
      if (kinds.includes('order') && byId('order')) await refresh('order', 'bar');
      if (kinds.includes('chat')) byId('thread') ? await refreshChat() : await refreshBar();
      else if (kinds.includes('bar') && !byId('cart')) await refreshBar();
    } catch {
      // The next ring tries again.
    }
  }, 120);
}

// An order's link may be open where nobody is signed in: then look every few seconds.
async function watchOrder() {
  while (byId('order')?.matches('[data-live]')) {
    await wait(socket ? 20000 : 4000);
    if (document.hidden) continue;
    try {
      await refresh('order');
    } catch {
      // Offline: it is shown as it was.
    }
  }
}

// ---- Begin

function listen() {
  markBar();
  for (const input of document.querySelectorAll('input[data-stepper]')) stepper(input);
}

const form = document.querySelector('form[data-town]');
form?.querySelector('button')?.classList.add('hidden-text');
for (const button of document.querySelectorAll('[data-print]')) button.hidden = false;
if (location.search.includes('notice=')) {
  const clean = new URL(location.href);
  clean.searchParams.delete('notice');
  history.replaceState(null, '', clean);
  setTimeout(() => bar()?.querySelector('.notice span')?.remove(), 4000);
}
outbox.tidy();
listen();
if (byId('thread')) settle();
connect();
deliver();
watchOrder();
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  hurry();
  if (byId('thread')) refreshChat().catch(() => {});
  if (byId('order')) refresh('order').catch(() => {});
});
