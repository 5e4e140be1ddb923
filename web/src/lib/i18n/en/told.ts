/** What a notification says. Read by the service worker too, so this file imports nothing. */
export const told = {
  newMessage: 'New message',
  newMessages: (n: number) => (n === 1 ? 'New message' : `${n} new messages`),
  request: 'Somebody new wrote to you',
  group: 'Group',
  guest: 'Guest',
  inGroup: (who: string, text: string) => `${who}: ${text}`,
  counted: (name: string, n: number) => (n > 1 ? `${name} (${n})` : name),
  photo: 'Photo',
  photos: (n: number) => `${n} photos`,
  video: 'Video',
  voice: 'Voice message',
  document: 'Document',
  location: 'Location',
  contact: 'Contact',
  newer: 'New message',
};
