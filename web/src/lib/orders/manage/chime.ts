/** Two soft notes for a new order. Made here, so nothing is loaded; silent until the page was touched once. */

const KEY = 'kirana.chime';

export const isChimeOn = (): boolean => localStorage.getItem(KEY) !== 'off';

export const setChime = (isOn: boolean): void => localStorage.setItem(KEY, isOn ? 'on' : 'off');

let context: AudioContext | null = null;

export function chime(): void {
  if (!isChimeOn() || typeof AudioContext === 'undefined') return;
  context ??= new AudioContext();
  if (context.state === 'suspended') void context.resume();
  for (const [i, pitch] of [587.33, 880].entries()) {
    const start = context.currentTime + i * 0.16;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.type = 'sine';
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.12, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.5);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.55);
  }
}
