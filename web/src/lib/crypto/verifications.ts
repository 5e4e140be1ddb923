/** Comparing with another device, by seven emoji or by a code: what is under way, and what may be done next. */

import type { OlmMachine, VerificationRequest } from '@matrix-org/matrix-sdk-crypto-wasm';
import {
  Qr,
  QrCodeScan,
  QrState,
  Sas,
  VerificationMethod,
  VerificationRequestPhase,
} from '@matrix-org/matrix-sdk-crypto-wasm';
import { base64, fromBase64 } from './bytes.ts';
import type { Step, Verification } from './model.ts';
import { idOf, libraryDevice, libraryUser, userName } from './names.ts';
import type { Request } from './outgoing.ts';
import { problems } from './problems.ts';

/** One comparison. */
interface Flow {
  readonly id: string;
  readonly request: VerificationRequest;
  /** All devices of the person that were asked and have not been told who answered. */
  asked: readonly string[];
  sas: Sas | null;
  qr: Qr | null;
  told: string;
}

type ToDevices = Record<string, Record<string, object>>;

interface Means {
  readonly machine: OlmMachine;
  readonly send: (request: Request) => Promise<void>;
  readonly sendToDevices: (
    type: string,
    user: string,
    devices: readonly string[],
    content: object,
  ) => Promise<void>;
  readonly tell: (verification: Verification) => void;
  /** It ended well. */
  readonly done: (verification: Verification) => void;
}

const REQUEST = 'm.key.verification.request';
const CANCEL = 'm.key.verification.cancel';

const methods = (): VerificationMethod[] => [
  VerificationMethod.SasV1,
  VerificationMethod.QrCodeScanV1,
  VerificationMethod.QrCodeShowV1,
  VerificationMethod.ReciprocateV1,
];

export class Verifications {
  readonly #means: Means;
  readonly #flows = new Map<string, Flow>();

  constructor(means: Means) {
    this.#means = means;
  }

  /**
   * Asks these devices of a person. The library asks one; the others get the same words, and the first that answers
   * is the one.
   */
  async askDevices(user: string, devices: readonly string[]): Promise<Verification> {
    const { machine, send, sendToDevices } = this.#means;
    const [first, ...others] = devices;
    const device = first && (await machine.getDevice(libraryUser(user), libraryDevice(first)));
    if (!device) throw problems.unknownDevice();
    const [request, outgoing] = device.requestVerification(methods());
    const { messages } = JSON.parse(outgoing.body) as { messages: ToDevices };
    const words = Object.values(messages[userName(user)] ?? {})[0];
    await send(outgoing);
    if (words) await sendToDevices(REQUEST, user, others, words);
    return this.#begin(request, devices);
  }

  /** Asks all of our own devices. */
  async askOwn(user: string): Promise<Verification> {
    const identity = await this.#means.machine.getIdentity(libraryUser(user));
    if (!identity || !('trustsOurOwnDevice' in identity)) throw problems.unknownDevice();
    const [request, outgoing] = await identity.requestVerification(methods());
    await this.#means.send(outgoing);
    return this.#begin(request);
  }

  /** Somebody asks us. */
  async heard(sender: string, flowId: string): Promise<void> {
    const user = idOf(sender);
    if (user === null || this.#flows.has(flowId)) return;
    const request = this.#means.machine.getVerificationRequest(libraryUser(user), flowId);
    if (request && !request.isCancelled()) await this.#begin(request);
  }

  list(): Verification[] {
    return [...this.#flows.values()].map(snapshot);
  }

  async step(id: string, step: Step): Promise<Verification> {
    const flow = this.#flows.get(id);
    if (!flow) throw problems.verificationGone();
    const { send } = this.#means;
    const { request } = flow;
    switch (step.do) {
      case 'accept':
        await this.#send(request.acceptWithMethods(methods()));
        break;
      case 'emoji': {
        const started = await request.startSas();
        if (started) {
          this.#adopt(flow, started[0]);
          await send(started[1]);
        }
        break;
      }
      case 'code': {
        const qr = await request.generateQrCode();
        if (qr) this.#adopt(flow, qr);
        break;
      }
      case 'scan': {
        const bytes = new Uint8ClampedArray(fromBase64(step.code));
        const qr = await request.scanQrCode(QrCodeScan.fromBytes(bytes));
        this.#adopt(flow, qr);
        await this.#send(qr.reciprocate());
        break;
      }
      case 'confirm':
        if (flow.sas) for (const one of await flow.sas.confirm()) await send(one);
        else await this.#send(flow.qr?.confirmScanning());
        break;
      case 'mismatch':
        await this.#send(flow.sas?.cancelWithCode('m.mismatched_sas') ?? request.cancel());
        break;
      case 'cancel':
        await this.#send(request.cancel());
        break;
    }
    await this.#look(flow);
    return snapshot(flow);
  }

  /** Something came in: see what has become of each. */
  async lookAtAll(): Promise<void> {
    for (const flow of [...this.#flows.values()]) await this.#look(flow);
  }

  async #begin(request: VerificationRequest, asked: readonly string[] = []): Promise<Verification> {
    const flow: Flow = { id: request.flowId, request, asked, sas: null, qr: null, told: '' };
    this.#flows.set(flow.id, flow);
    request.registerChangesCallback(() => this.#look(flow));
    await this.#look(flow);
    return snapshot(flow);
  }

  #adopt(flow: Flow, found: Sas | Qr): void {
    if (found instanceof Sas) {
      if (flow.sas) return;
      flow.sas = found;
    } else {
      if (flow.qr) return;
      flow.qr = found;
    }
    found.registerChangesCallback(() => this.#look(flow));
  }

  async #look(flow: Flow): Promise<void> {
    if (!this.#flows.has(flow.id)) return;
    await this.#release(flow);
    const found = flow.request.getVerification();
    if (found instanceof Sas && !flow.sas) {
      this.#adopt(flow, found);
      if (!found.weStarted()) await this.#send(found.accept());
    } else if (found instanceof Qr) {
      this.#adopt(flow, found);
    }
    const now = snapshot(flow);
    const text = JSON.stringify(now);
    if (text === flow.told) return;
    flow.told = text;
    const hasEnded = now.phase === 'done' || now.phase === 'cancelled';
    if (hasEnded) this.#flows.delete(flow.id);
    this.#means.tell(now);
    if (now.phase === 'done') this.#means.done(now);
  }

  /** One device answered for the person: the others need not ask any more. */
  async #release(flow: Flow): Promise<void> {
    const { request, asked } = flow;
    if (asked.length < 2) return;
    const code = request.isCancelled() ? (request.cancelInfo?.cancelCode() ?? 'm.user') : null;
    const by = request.otherDeviceId?.toString();
    if (code === null && !request.isReady()) return;
    flow.asked = [];
    const others = asked.filter((device) => code !== null || device !== by);
    const content = {
      transaction_id: flow.id,
      code: code ?? 'm.accepted',
      reason: 'Another device answered.',
    };
    const user = idOf(request.otherUserId.toString()) ?? '';
    await this.#means.sendToDevices(CANCEL, user, others, content);
  }

  async #send(request: Request | undefined): Promise<void> {
    if (request) await this.#means.send(request);
  }
}

function snapshot(flow: Flow): Verification {
  const { request } = flow;
  const emoji = flow.sas?.canBePresented() ? (flow.sas.emoji() ?? null) : null;
  const showsCode = flow.qr?.state() === QrState.Created;
  const theirs = request.theirSupportedMethods ?? [];
  const info = flow.sas?.cancelInfo() ?? flow.qr?.cancelInfo() ?? request.cancelInfo;
  return {
    id: flow.id,
    user: idOf(request.otherUserId.toString()) ?? '',
    device: request.otherDeviceId?.toString() ?? null,
    isOwn: request.isSelfVerification(),
    weStarted: request.weStarted(),
    phase: phaseOf(flow),
    emoji: emoji && emoji.map(({ symbol, description }) => ({ symbol, description })),
    code: showsCode && flow.qr ? base64(new Uint8Array(flow.qr.toBytes())) : null,
    canScan: theirs.includes(VerificationMethod.QrCodeShowV1),
    cancelled: info?.cancelCode() ?? null,
  };
}

function phaseOf({ request, sas, qr }: Flow): Verification['phase'] {
  const hasEnded = sas?.isCancelled() || qr?.isCancelled() || request.isCancelled();
  if (hasEnded || request.timedOut()) return 'cancelled';
  if (sas?.isDone() || qr?.isDone() || request.isDone()) return 'done';
  if (sas) {
    if (sas.haveWeConfirmed()) return 'confirmed';
    return sas.canBePresented() ? 'compare' : 'started';
  }
  switch (qr?.state()) {
    case QrState.Scanned:
      return 'scanned';
    case QrState.Confirmed:
    case QrState.Reciprocated:
      return 'confirmed';
  }
  switch (request.phase()) {
    case VerificationRequestPhase.Ready:
      return 'ready';
    case VerificationRequestPhase.Transitioned:
      return qr ? 'ready' : 'started';
    default:
      return request.weStarted() ? 'asked' : 'incoming';
  }
}
