// What the public's pages can do better with a script: nothing here is needed to look, ask or buy.
// Forms stay forms: they are sent without leaving the page, and the parts that changed are taken
// from the page that the server answers with.

const parse = (text) => new DOMParser().parseFromString(text, 'text/html');
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
const words = panel?.dataset ?? { failed: 'Not sent. Try again', sending: '…', offline: '' };
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
    for (const part of chat.querySelectorAll('#earlier, .log, #connection')) scroller.append(part);
    panel.replaceChildren(closer(), chat);
    chat.querySelector('textarea')?.focus();
    toEnd();
    markRead();
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

const pending = new Map();

function say(event, form) {
  event.preventDefault();
  const text = form.elements.text.value.trim();
  const about = form.elements.about?.value ?? '';
  if (!text && !about) return;
  const id = newId();
  const line = document.createElement('li');
  line.className = 'said mine text waiting';
  line.id = `m-${id}`;
  const bubble = document.createElement('div');
  bubble.className = 'bubble';
  const body = Object.assign(document.createElement('p'), { className: 'words', textContent: text });
  const state = Object.assign(document.createElement('p'), { className: 'when', textContent: words.sending });
  bubble.append(body, state);
  line.append(bubble);
  byId('thread').querySelector('.first')?.remove();
  byId('thread').append(line);
  pending.set(id, { line, fields: { id, text, about }, url: form.action });
  form.elements.text.value = '';
  byId('about-line')?.remove();
  form.elements.text.required = true;
  form.elements.text.focus();
  toEnd();
  deliver();
}

let delivering = false;
/** Send what waits, in order; with no connection, again and again until it is through. */
async function deliver() {
  if (delivering) return;
  delivering = true;
  let pause = 1000;
  while (pending.size) {
    const [id, { line, fields, url }] = pending.entries().next().value;
    try {
      const { answer, page } = await load(url, { method: 'POST', body: new URLSearchParams(fields) });
      if (!answer.ok && answer.status < 500 && answer.status !== 429) {
        refuse(id, line);
        continue;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      pending.delete(id);
      connection('');
      fold(page);
      swap(page, 'bar');
      connect();
      pause = 1000;
    } catch {
      connection(words.offline);
      await Promise.race([wait(pause), new Promise((done) => addEventListener('online', done, { once: true }))]);
      pause = Math.min(pause * 2, 15000);
    }
  }
  delivering = false;
}

function refuse(id, line) {
  const job = pending.get(id);
  pending.delete(id);
  const again = document.createElement('button');
  again.type = 'button';
  again.className = 'retry';
  again.textContent = words.failed;
  again.addEventListener('click', () => {
    again.remove();
    pending.set(id, job);
    deliver();
  });
  line.querySelector('.when').replaceChildren();
  line.querySelector('.bubble').append(again);
}

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
  for (const { line } of pending.values()) thread.append(line);
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
  markRead();
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
      position ??= frame.pos;
    }
    if (frame.t === 'ev' || frame.t === 'resync') {
      position = frame.pos ?? frame.head ?? position;
      ring(frame);
    }
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
listen();
if (byId('thread')) {
  toEnd();
  markRead();
}
connect();
watchOrder();
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  if (byId('thread')) refreshChat().catch(() => {});
  if (byId('order')) refresh('order').catch(() => {});
});
