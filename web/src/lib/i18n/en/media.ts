import { plural } from '../locale.ts';

/** Photos, videos, voice notes and files. */
export const media = {
  attach: 'Photo or video',
  takePhoto: 'Take a photo',
  takeVideo: 'Record a video',
  video: 'Video',
  videos: (n: number) => plural(n, { one: '# video', other: '# videos' }),
  mixed: (n: number) => plural(n, { one: '# item', other: '# photos and videos' }),
  send: (n: number) => plural(n, { one: 'Send', other: 'Send all #' }),
  sendVideo: 'Send video',
  remove: 'Remove this',
  videoOf: (length: string) => `Video, ${length}`,
  openVideo: (length: string) => `Play video, ${length}`,
  play: 'Play',
  fetching: (part: string) => `Fetching, ${part}`,
  videoUnreadable: 'This browser cannot play this video. You can send it as a document.',
  videoUnplayable: 'This video cannot be played here. You can save it.',
  videoTooLarge: (mb: number) =>
    `A video can have ${mb} MB at most. A longer one can be sent as a document.`,
  tooMany: (n: number) => `One message holds ${n} photos and videos.`,

  place: (n: number, all: number) => `${n} of ${all}`,
  previous: 'The one before',
  next: 'The next one',
  zoom: 'Larger or smaller',
  save: 'Save',
  retry: 'Try again',

  pause: (part: string) => `Stop for now, ${part} is sent`,
  goOn: (part: string) => `Go on, ${part} is sent`,
  cancel: 'Do not send',
  paused: 'Stopped',
};
