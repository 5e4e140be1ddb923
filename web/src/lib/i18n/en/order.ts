import { plural } from '../locale.ts';

/** How one keeps order among one's chats. */
export const order = {
  menu: 'More about this chat',
  pin: 'Pin to the top',
  unpin: 'Unpin',
  pinned: 'Pinned',
  mute: 'Mute',
  unmute: 'Unmute',
  muted: 'Muted',
  muteTitle: 'Mute for how long?',
  muteLead: 'Messages still arrive and are counted. Nothing rings or vibrates for them.',
  muteHours: '8 hours',
  muteWeek: 'A week',
  muteAlways: 'Until I say otherwise',
  archive: 'Archive',
  archiveChat: 'Archive',
  unarchive: 'Take out of the archive',
  isArchived: 'The chat is in the archive.',
  backToChats: 'Chats',
  archived: (n: number) => plural(n, { one: '# archived chat', other: '# archived chats' }),
};
