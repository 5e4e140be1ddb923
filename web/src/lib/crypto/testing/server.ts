/**
 * A key server in memory, for tests: it behaves as the server's contract says, and can be told to misbehave. It
 * checks no signatures; that the client does is what the tests are about.
 */

type Json = Record<string, unknown>;
interface Keyed extends Json {
  signatures?: Record<string, Record<string, string>>;
}

interface DeviceOf {
  keys: Keyed | null;
  oneTime: Map<string, unknown>;
  fallback: Map<string, { key: unknown; isUsed: boolean }>;
  inbox: { n: number; sender: string; type: string; content: unknown }[];
  n: number;
  isDehydrated: boolean;
}

interface PersonOf {
  devices: Map<string, DeviceOf>;
  master: Keyed | null;
  selfSigning: Keyed | null;
  userSigning: Keyed | null;
  /** Signatures that this person made on others' master keys. */
  signed: Map<string, Record<string, Record<string, string>>>;
  rev: number;
  backups: { version: string; algorithm: string; auth_data: unknown; rooms: Rooms; etag: number }[];
  secrets: Map<string, string[]>;
  dehydrated: { device_id: string; device_data: unknown } | null;
}

type Rooms = Record<string, { sessions: Record<string, Json> }>;

const idOf = (name: string): string => name.slice(1, -':kirana'.length);
const nameOf = (id: string): string => `@${id}:kirana`;

export class Refusal extends Error {
  constructor(
    readonly slug: string,
    readonly status: number,
    readonly facts: Json = {},
  ) {
    super(slug);
  }
}

export class KeyServer {
  readonly #people = new Map<string, PersonOf>();
  readonly #transactions = new Set<string>();
  #version = 0;
  /** Every request, `METHOD path`, as it came. */
  readonly log: string[] = [];
  /** Bodies as they came, so that a test can look for what must not be there. */
  readonly bodies: string[] = [];
  isOffline = false;
  /** A hostile server changes an answer here. */
  tamper: ((path: string, answer: Json, asker: string) => Json) | null = null;
  /** Replacing an identity asks for this confirmation. */
  confirmation = 'confirmed';
  /** The server's clock less the real one. */
  skewMs = 0;

  /** The `fetch` of one session. */
  as(user: string, device: string): (path: string, init: RequestInit) => Promise<Response> {
    return (path, init) => {
      if (this.isOffline) return Promise.reject(new TypeError('offline'));
      const body = typeof init.body === 'string' ? init.body : undefined;
      this.log.push(`${init.method ?? 'GET'} ${path}`);
      if (body !== undefined) this.bodies.push(body);
      const date = new Date(Date.now() + this.skewMs).toUTCString();
      try {
        const url = new URL(path, 'http://kirana.test');
        const sent = body === undefined ? {} : (JSON.parse(body) as Json);
        const confirmation = (init.headers as Record<string, string>)['kirana-confirmation'];
        const answer = this.#answer(init.method ?? 'GET', url, sent, user, device, confirmation);
        const told = this.tamper ? this.tamper(url.pathname, answer, user) : answer;
        return Promise.resolve(Response.json(told, { headers: { date } }));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const { slug, status, facts } = error;
        const problem = { type: `/problems/${slug}`, title: slug, status, ...facts };
        return Promise.resolve(Response.json(problem, { status, headers: { date } }));
      }
    };
  }

  revOf(user: string): number {
    return this.#person(user).rev;
  }

  deviceIds(user: string): string[] {
    return [...this.#person(user).devices.keys()];
  }

  /** What waits for a device, as a `td` frame. */
  waiting(user: string, device: string): { n: number; items: DeviceOf['inbox'] } {
    const { inbox, n } = this.#device(user, device);
    return { n, items: [...inbox] };
  }

  revoke(user: string, device: string): void {
    const person = this.#person(user);
    person.devices.delete(device);
    person.rev += 1;
  }

  /** A hostile server's own: any device under any name. */
  plant(user: string, device: string, keys: Keyed, oneTime: Json): void {
    const planted = this.#device(user, device);
    planted.keys = keys;
    for (const [id, key] of Object.entries(oneTime)) planted.oneTime.set(id, key);
    this.#person(user).rev += 1;
  }

  /** The last write of a secret broke. */
  breakSecret(user: string, name: string): void {
    const values = this.#person(user).secrets.get(name);
    if (values) values[0] = 'AAAA';
  }

  #person(user: string): PersonOf {
    let person = this.#people.get(user);
    if (!person) {
      person = {
        devices: new Map(),
        master: null,
        selfSigning: null,
        userSigning: null,
        signed: new Map(),
        rev: 0,
        backups: [],
        secrets: new Map(),
        dehydrated: null,
      };
      this.#people.set(user, person);
    }
    return person;
  }

  #device(user: string, id: string): DeviceOf {
    const { devices } = this.#person(user);
    let device = devices.get(id);
    if (!device) {
      device = {
        keys: null,
        oneTime: new Map(),
        fallback: new Map(),
        inbox: [],
        n: 0,
        isDehydrated: false,
      };
      devices.set(id, device);
    }
    return device;
  }

  #answer(
    method: string,
    url: URL,
    body: Json,
    user: string,
    device: string,
    confirmation: string | undefined,
  ): Json {
    const [, , area, one, two] = url.pathname.split('/').map(decodeURIComponent);
    const person = this.#person(user);
    switch (area) {
      case 'device-keys':
        return this.#upload(user, this.#device(user, device), body);
      case 'key-queries':
        return this.#query(user, body);
      case 'key-claims':
        return this.#claim(body);
      case 'device-messages': {
        const mine = this.#device(user, device);
        if (method === 'PUT') return this.#deliver(user, device, one!, url, body);
        if (method === 'POST') {
          mine.inbox = mine.inbox.filter(({ n }) => n > (body.n as number));
          return {};
        }
        const after = Number(url.searchParams.get('after') ?? 0);
        const items = mine.inbox.filter(({ n }) => n > after).slice(0, 50);
        const hasMore = mine.inbox.some(({ n }) => n > (items.at(-1)?.n ?? after));
        return { items, n: items.at(-1)?.n ?? after, has_more: hasMore, ...this.#counts(mine) };
      }
      case 'cross-signing-keys': {
        const master = body.master_key as Keyed;
        const isNew =
          person.master && JSON.stringify(person.master.keys) !== JSON.stringify(master.keys);
        if (isNew && confirmation !== this.confirmation) {
          throw new Refusal('confirmation-required', 403, { challenge: 'challenge' });
        }
        person.master = master;
        person.selfSigning = body.self_signing_key as Keyed;
        person.userSigning = body.user_signing_key as Keyed;
        person.rev += 1;
        return {};
      }
      case 'key-signatures':
        return this.#sign(user, body);
      case 'key-backups':
        return this.#backups(person, method, one, two, body, url);
      case 'secrets': {
        const values = person.secrets.get(one!) ?? [];
        if (method === 'PUT') {
          person.secrets.set(one!, [body.ciphertext as string, ...values].slice(0, 2));
          return {};
        }
        const value = values[url.searchParams.get('previous') === 'true' ? 1 : 0];
        if (value === undefined) throw new Refusal('not-found', 404);
        return { ciphertext: value };
      }
      case 'dehydrated-devices': {
        const id = one?.replaceAll('-', '+').replaceAll('_', '/') ?? '';
        if (method === 'PUT') {
          if (person.dehydrated) person.devices.delete(person.dehydrated.device_id);
          person.dehydrated = { device_id: id, device_data: body.device_data };
          const kept = this.#device(user, id);
          kept.isDehydrated = true;
          return this.#upload(user, kept, body);
        }
        if (!person.dehydrated) throw new Refusal('not-found', 404);
        if (two === 'device-messages') {
          const after = Number(url.searchParams.get('after') ?? 0);
          const { inbox } = this.#device(user, id);
          return { items: inbox.filter(({ n }) => n > after), has_more: false };
        }
        return person.dehydrated;
      }
    }
    throw new Refusal('not-found', 404);
  }

  #upload(user: string, device: DeviceOf, body: Json): Json {
    if (body.device_keys && !device.keys) {
      device.keys = body.device_keys as Keyed;
      this.#person(user).rev += 1;
    }
    for (const [id, key] of Object.entries((body.one_time_keys ?? {}) as Json)) {
      device.oneTime.set(id, key);
    }
    for (const [id, key] of Object.entries((body.fallback_keys ?? {}) as Json)) {
      device.fallback.clear();
      device.fallback.set(id, { key, isUsed: false });
    }
    return this.#counts(device);
  }

  #counts(device: DeviceOf): Json {
    const isUnused = [...device.fallback.values()].some(({ isUsed }) => !isUsed);
    return {
      one_time_key_counts: { signed_curve25519: device.oneTime.size },
      unused_fallback_key_types: isUnused ? ['signed_curve25519'] : [],
    };
  }

  #query(asker: string, body: Json): Json {
    const answer = {
      device_keys: {} as Record<string, Json>,
      failures: {},
      master_keys: {} as Json,
      self_signing_keys: {} as Json,
      user_signing_keys: {} as Json,
      devices_rev: {} as Record<string, number>,
    };
    for (const name of Object.keys(body.device_keys as Json)) {
      const user = idOf(name);
      const person = this.#person(user);
      const devices = [...person.devices].filter(([, { keys }]) => keys !== null);
      answer.device_keys[name] = Object.fromEntries(
        devices.map(([id, { keys }]) => [id, structuredClone(keys)]),
      );
      answer.devices_rev[user] = person.rev;
      if (!person.master) continue;
      const theirs = this.#person(asker).signed.get(name) ?? {};
      answer.master_keys[name] = merge(person.master, asker === user ? {} : theirs);
      answer.self_signing_keys[name] = person.selfSigning;
      if (asker === user) answer.user_signing_keys[name] = person.userSigning;
    }
    return answer;
  }

  #claim(body: Json): Json {
    const asked = body.one_time_keys as Record<string, Record<string, string>>;
    const given: Record<string, Record<string, Json>> = {};
    for (const [name, devices] of Object.entries(asked)) {
      for (const id of Object.keys(devices)) {
        const device = this.#device(idOf(name), id);
        const [first] = device.oneTime;
        const [fallback] = device.fallback;
        if (first) device.oneTime.delete(first[0]);
        else if (fallback) fallback[1].isUsed = true;
        else continue;
        const [key, value] = first ?? [fallback![0], fallback![1].key];
        (given[name] ??= {})[id] = { [key]: value };
      }
    }
    return { one_time_keys: given, failures: {} };
  }

  #deliver(user: string, device: string, txn: string, url: URL, body: Json): Json {
    const id = `${device} ${txn}`;
    if (this.#transactions.has(id)) return {};
    this.#transactions.add(id);
    const type = url.searchParams.get('type')!;
    for (const [name, devices] of Object.entries(body.messages as Record<string, Json>)) {
      for (const [to, content] of Object.entries(devices)) {
        const targets = to === '*' ? this.deviceIds(idOf(name)) : [to];
        for (const target of targets) {
          const inbox = this.#person(idOf(name)).devices.get(target);
          inbox?.inbox.push({ n: ++inbox.n, sender: nameOf(user), type, content });
        }
      }
    }
    return {};
  }

  #sign(signer: string, body: Json): Json {
    for (const [name, objects] of Object.entries(body as Record<string, Record<string, Keyed>>)) {
      const person = this.#person(idOf(name));
      for (const [id, { signatures = {} }] of Object.entries(objects)) {
        const device = person.devices.get(id);
        if (device?.keys) device.keys = merge(device.keys, signatures);
        else if (idOf(name) === signer && person.master) {
          person.master = merge(person.master, signatures);
        } else {
          const mine = this.#person(signer).signed;
          mine.set(name, { ...mine.get(name), ...signatures });
        }
      }
      person.rev += 1;
    }
    return { failures: {} };
  }

  #backups(
    { backups }: PersonOf,
    method: string,
    version: string | undefined,
    keys: string | undefined,
    body: Json,
    _url: URL,
  ): Json {
    if (method === 'POST') {
      const made = { algorithm: body.algorithm as string, auth_data: body.auth_data, rooms: {} };
      backups.push({ version: String(++this.#version), ...made, etag: 0 });
      return { version: String(this.#version) };
    }
    const latest = backups.at(-1);
    if (!latest) throw new Refusal('not-found', 404);
    const count = Object.values(latest.rooms).reduce(
      (sum, { sessions }) => sum + Object.keys(sessions).length,
      0,
    );
    if (version === 'latest') {
      const { algorithm, auth_data } = latest;
      return { version: latest.version, algorithm, auth_data, etag: String(latest.etag), count };
    }
    if (version !== latest.version) {
      throw new Refusal('wrong-version', 409, { version: latest.version });
    }
    if (method === 'DELETE') {
      backups.pop();
      return {};
    }
    if (keys === undefined) throw new Refusal('not-found', 404);
    if (method === 'PUT') {
      for (const [room, { sessions }] of Object.entries(body.rooms as Rooms)) {
        Object.assign((latest.rooms[room] ??= { sessions: {} }).sessions, sessions);
      }
      latest.etag += 1;
      return { count, etag: String(latest.etag) };
    }
    return { rooms: latest.rooms };
  }
}

function merge(keyed: Keyed, more: Record<string, Record<string, string>>): Keyed {
  const signatures: Record<string, Record<string, string>> = { ...keyed.signatures };
  for (const [user, theirs] of Object.entries(more)) {
    signatures[user] = { ...signatures[user], ...theirs };
  }
  return { ...keyed, signatures };
}
