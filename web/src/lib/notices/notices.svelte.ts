/** Whether this browser tells of new messages while no page is open. */

import { api } from '#lib/api/index.ts';
import type { Schema } from '#lib/api/index.ts';
import { readStanding, writeStanding } from '#lib/api/standing.ts';
import type { Standing } from '#lib/api/standing.ts';

type Obstacle = 'insecure' | 'install' | 'unsupported' | 'denied';
type Who = Pick<Standing, 'user' | 'device' | 'shops'>;

const PUT_OFF = 'kirana.notices.later';
const HAS_SENT = 'kirana.notices.hasSent';
const LATER_MS = 30 * 24 * 3600 * 1000;

class Notices {
  standing = $state.raw<Standing | null>(null);
  /** Why it cannot be switched on. */
  obstacle = $state<Obstacle | null>(null);
  #hasSent = $state(localStorage.getItem(HAS_SENT) !== null);
  #putOffAt = $state(Number(localStorage.getItem(PUT_OFF)) || 0);

  readonly isOn = $derived(this.standing?.isOn === true && this.obstacle === null);
  /** They wrote to somebody, so there is an answer to wait for; and were not asked for a while. */
  readonly mayAsk = $derived(
    this.#hasSent &&
      this.standing?.isOn === false &&
      this.obstacle === null &&
      Date.now() - this.#putOffAt > LATER_MS,
  );

  /** At each start. A subscription that the browser renewed, or the server forgot, is told again. */
  async begin(who: Who): Promise<void> {
    const kept = await readStanding();
    const known = kept?.user === who.user ? kept : null;
    this.obstacle = obstacleOf();
    const { isOn = false, showsWords = true } = known ?? {};
    await this.#write({ ...who, isOn, showsWords });
    if (this.isOn) await this.#subscribe(who.device);
  }

  /** Asks the browser, which asks the person. False when they said no, or it has no service. */
  async turnOn(): Promise<boolean> {
    if (!this.standing) return false;
    if ((await Notification.requestPermission()) !== 'granted') {
      this.obstacle = obstacleOf();
      this.putOff();
      return true;
    }
    if (!(await this.#subscribe(this.standing.device))) return false;
    await this.#write({ ...this.standing, isOn: true });
    return true;
  }

  async turnOff(): Promise<void> {
    if (!this.standing) return;
    await this.#write({ ...this.standing, isOn: false });
    await api.del(`/v1/push-subscriptions/${this.standing.device}`);
    const registration = await navigator.serviceWorker.ready;
    await (await registration.pushManager.getSubscription())?.unsubscribe();
  }

  async showWords(showsWords: boolean): Promise<void> {
    if (this.standing) await this.#write({ ...this.standing, showsWords });
  }

  /** From now on there is an answer to wait for. */
  sent(): void {
    if (this.#hasSent) return;
    localStorage.setItem(HAS_SENT, 'yes');
    this.#hasSent = true;
  }

  putOff(): void {
    this.#putOffAt = Date.now();
    localStorage.setItem(PUT_OFF, String(this.#putOffAt));
  }

  /** The permission may have been changed in the browser meanwhile. */
  look(): void {
    this.obstacle = obstacleOf();
  }

  async #write(standing: Standing): Promise<void> {
    await writeStanding(standing);
    this.standing = standing;
  }

  async #subscribe(device: string): Promise<boolean> {
    try {
      const { push_key } = await api.get<Schema['ServerFacts']>('/v1/server');
      const registration = await navigator.serviceWorker.ready;
      const wanted = { userVisibleOnly: true, applicationServerKey: push_key };
      const made = await registration.pushManager.subscribe(wanted).catch(async () => {
        // It was made for another key: a server that was set up anew.
        await (await registration.pushManager.getSubscription())?.unsubscribe();
        return registration.pushManager.subscribe(wanted);
      });
      const { endpoint, keys = {} } = made.toJSON();
      const { p256dh, auth } = keys;
      await api.put(`/v1/push-subscriptions/${device}`, { endpoint, p256dh, auth });
      return true;
    } catch (error) {
      console.warn('Notifications could not be switched on:', error);
      return false;
    }
  }
}

function obstacleOf(): Obstacle | null {
  if (!globalThis.isSecureContext) return 'insecure';
  const isComplete =
    'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;
  if (!isComplete) return /iPhone|iPad/.test(navigator.userAgent) ? 'install' : 'unsupported';
  return Notification.permission === 'denied' ? 'denied' : null;
}

export const notices = new Notices();
