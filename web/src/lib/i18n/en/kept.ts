import { plural } from '../locale.ts';

/** What one keeps about one's chats, for oneself. */
export const kept = {
  star: 'Star',
  unstar: 'Take the star away',
  starred: 'Starred',
  starredTitle: 'Starred messages',
  starredLead: 'What you want to find again',
  starredNone: 'Star a message in its menu, and it stands here. Only your own devices know.',
  starredUnconfirmed: 'Confirm this device to see what you have starred on the others.',
  starredAway: 'This needs a connection',
  said: (who: string, text: string) => `${who}: ${text}`,
  starIsGone: 'The star is gone.',

  later: 'Send later',
  laterLead:
    'It goes at that time if Kirana is open on this device then, otherwise when you open it next.',
  laterEvening: (when: string) => `This evening, ${when}`,
  laterMorning: (when: string) => `Tomorrow morning, ${when}`,
  laterWhen: 'Date and time',
  laterPast: 'Choose a time that is still to come.',
  laterSend: (when: string) => `Send on ${when}`,
  laterSendNone: 'Send later',
  scheduled: 'To be sent later',
  scheduledFor: (when: string) => `Goes on ${when}`,
  scheduledMenu: 'What to do with it',
  scheduledNow: 'Send now',
  scheduledChange: 'Change',
  scheduledCancel: 'Do not send',
  scheduledGone: 'It will not be sent.',
  scheduledWords: 'Message',

  once: (what: string) => `${what} · opens once`,
  onceOpens: 'Opens once',
  onceOpened: 'Opened',
  onceOpenedAt: (when: string) => `Opened at ${when}`,
  onceOpenedBy: (n: number) =>
    plural(n, { one: 'Opened by # person', other: 'Opened by # people' }),
  onceNow: 'When you close this, it is gone from all your devices.',
  onceToggle: 'Opens once',
  onceLead:
    'They can open it one time, then it is gone from their devices. A screenshot or another camera cannot be prevented.',

  folders: 'Folders',
  given: { all: 'All', unread: 'Unread', groups: 'Groups', shops: 'Shops' },
  arrangeFolders: 'Arrange folders',
  foldersLead: 'Only your own devices know your folders and what is in them.',
  chatFolders: 'Folders',
  chatFoldersLead: 'In which folders does this chat stand? Only your own devices know.',
  folderName: 'Name of the folder',
  folderNew: 'New folder',
  folderMake: 'Make',
  folderUp: (name: string) => `Move ${name} up`,
  folderDown: (name: string) => `Move ${name} down`,
  folderDelete: (name: string) => `Delete the folder ${name}`,
  folderDeleted: (name: string) => `The folder ${name} is deleted. Its chats are still there.`,
  folderEmpty: 'No chat is here.',
};
