/** Videos on their way to a message: how long, how large, and a first look. They go as they are. */

import { uuid7 } from '#lib/values/ids.ts';
import type { ReadyItem } from './photos.ts';
import { draw, remember, THUMB } from './photos.ts';

export const MAX_VIDEO_BYTES = 64 * 1024 * 1024;
const POSTER_LETTERS = 3000;
const POSTER_SIDES = [160, 128, 96, 72, 48];
const PATIENCE_MS = 20_000;

/** Throws when the file is no video that this browser can play. */
export async function prepareVideo(file: Blob): Promise<ReadyItem> {
  const media = uuid7();
  const video = document.createElement('video');
  video.muted = video.playsInline = true;
  video.preload = 'auto';
  video.src = remember(media, file);
  try {
    await until(video, 'loadeddata');
    const duration_s = await durationOf(video);
    await seek(video, Math.min(1, duration_s / 3));
    const size = { width: video.videoWidth, height: video.videoHeight };
    if (size.width === 0) throw new Error('There is nothing to see in this video.');
    return {
      media,
      file,
      ...size,
      duration_s: Math.round(duration_s * 10) / 10,
      thumb: draw(video, size, THUMB).toDataURL('image/jpeg', 0.6),
      poster: posterOf(video, size),
    };
  } finally {
    video.removeAttribute('src');
    video.load();
  }
}

/** What a browser recorded itself does not say how long it is until its end was looked for. */
async function durationOf(video: HTMLVideoElement): Promise<number> {
  if (Number.isFinite(video.duration)) return video.duration;
  await seek(video, Number.MAX_SAFE_INTEGER);
  return Number.isFinite(video.duration) ? video.duration : video.currentTime;
}

async function seek(video: HTMLVideoElement, to: number): Promise<void> {
  const there = until(video, 'seeked');
  video.currentTime = to;
  await there;
}

function posterOf(
  video: HTMLVideoElement,
  size: { width: number; height: number },
): string | undefined {
  return POSTER_SIDES.map((side) => draw(video, size, side).toDataURL('image/jpeg', 0.5)).find(
    ({ length }) => length <= POSTER_LETTERS,
  );
}

function until(video: HTMLVideoElement, event: string): Promise<void> {
  return new Promise((done, fail) => {
    const late = setTimeout(() => fail(new Error('This video is not read.')), PATIENCE_MS);
    const end = (then: () => void) => () => {
      clearTimeout(late);
      then();
    };
    video.addEventListener(event, end(done), { once: true });
    video.addEventListener(
      'error',
      end(() => fail(new Error('This is no video.'))),
      {
        once: true,
      },
    );
  });
}
