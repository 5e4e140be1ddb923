/** Voice notes: recording one, and what its sound looks like. */

import { uuid7 } from '#lib/values/ids.ts';
import { remember } from './photos.ts';

const BARS = 48;
const LOOK_EVERY_MS = 60;
const BITS_PER_SECOND = 32_000;
const LONGEST_S = 15 * 60;
/** What phones of either kind play comes first. */
const FORMATS = ['audio/mp4;codecs=mp4a.40.2', 'audio/webm;codecs=opus', 'audio/mp4', 'audio/webm'];

/** A voice note that is ready to go. `waveform` has levels from 0 to 100. */
export interface ReadyVoice {
  readonly media: string;
  readonly file: Blob;
  readonly duration_s: number;
  readonly waveform: readonly number[];
  /** To be heard one time. */
  readonly isOnce?: boolean;
}

export const canRecord = (): boolean =>
  typeof MediaRecorder === 'function' && typeof navigator.mediaDevices?.getUserMedia === 'function';

/** One recording, from the first word to the file. */
export class Recording {
  seconds = $state(0);
  /** What was heard, from 0 to 1, a value for each look. */
  levels = $state.raw<readonly number[]>([]);
  isAtEnd = $state(false);

  readonly #stream: MediaStream;
  readonly #recorder: MediaRecorder;
  readonly #sound: AudioContext;
  readonly #chunks: Blob[] = [];
  readonly #done: Promise<void>;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #from = performance.now();

  private constructor(stream: MediaStream) {
    this.#stream = stream;
    const mimeType = FORMATS.find((format) => MediaRecorder.isTypeSupported(format));
    this.#recorder = new MediaRecorder(stream, {
      ...(mimeType && { mimeType }),
      audioBitsPerSecond: BITS_PER_SECOND,
    });
    this.#recorder.addEventListener('dataavailable', ({ data }) => this.#chunks.push(data));
    this.#done = new Promise((done) => this.#recorder.addEventListener('stop', () => done()));

    this.#sound = new AudioContext();
    const ear = this.#sound.createAnalyser();
    ear.fftSize = 1024;
    this.#sound.createMediaStreamSource(stream).connect(ear);
    const wave = new Float32Array(ear.fftSize);
    this.#timer = setInterval(() => {
      ear.getFloatTimeDomainData(wave);
      this.levels = [...this.levels, loudness(wave)];
      this.seconds = (performance.now() - this.#from) / 1000;
      if (this.seconds >= LONGEST_S) this.#stop();
    }, LOOK_EVERY_MS);
    this.#recorder.start();
  }

  /** Asks for the microphone. Throws when it is refused or there is none. */
  static async begin(): Promise<Recording> {
    return new Recording(
      await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true },
      }),
    );
  }

  /** The file; null when nothing was recorded. */
  async finish(): Promise<ReadyVoice | null> {
    this.#stop();
    await this.#done;
    const file = new Blob(this.#chunks, { type: this.#recorder.mimeType });
    if (file.size === 0) return null;
    const media = uuid7();
    remember(media, file);
    const duration_s = Math.max(0.1, Math.round(this.seconds * 10) / 10);
    return { media, file, duration_s, waveform: waveformOf(this.levels) };
  }

  /** Lets the microphone go, and forgets. */
  cancel(): void {
    this.#stop();
  }

  #stop(): void {
    this.isAtEnd = true;
    clearInterval(this.#timer);
    if (this.#recorder.state !== 'inactive') this.#recorder.stop();
    this.#stream.getTracks().forEach((track) => track.stop());
    if (this.#sound.state !== 'closed') void this.#sound.close();
  }
}

/** How loud a moment is, from 0 to 1: the root of the mean square, as ears hear it. */
export function loudness(wave: Float32Array): number {
  const mean = wave.reduce((sum, value) => sum + value * value, 0) / wave.length;
  return Math.min(1, Math.sqrt(mean) * 3.2);
}

/** At most 48 levels from 0 to 100, the loudest of all reaching 100. */
export function waveformOf(levels: readonly number[], bars = BARS): number[] {
  const count = Math.min(bars, levels.length);
  const peaks = Array.from({ length: count }, (_, bar) => {
    const from = Math.floor((bar * levels.length) / count);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * levels.length) / count));
    return Math.max(...levels.slice(from, to));
  });
  const loudest = Math.max(0.02, ...peaks);
  return peaks.map((peak) => Math.round((peak / loudest) * 100));
}
