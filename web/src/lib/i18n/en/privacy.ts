/** What others see of one. */
export const privacy = {
  title: 'Privacy',
  lead: 'What others see of you',
  reads: 'Read receipts',
  readsHint: 'Off: nobody sees what you have read, and you do not see what they have read.',
  typing: 'Typing',
  typingHint: 'Off: nobody sees that you are typing, and you do not see it of them.',
  seen: 'Who sees when you were here',
  seenLead:
    'Only people you talk with in private, and never before a request is accepted. You see it of those who may see it of you.',
  everybody: 'Everybody',
  contacts: 'Contacts',
  nobody: 'Nobody',
  deliveryStays: 'That a message has arrived is always shown.',
  serverKnows:
    'The server itself knows how far you have read, so that all your devices agree, and when a device of yours was here.',
  online: 'online',
  seenOn: (day: string, when: string) => `last seen ${day} at ${when}`,
};
