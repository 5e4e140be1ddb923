/** What is set in a chat for all in it: what is pinned, a group's photo, who may do what. */
export const groups = {
  pin: 'Pin for all',
  unpin: 'Unpin',
  pinned: 'Pinned',
  toPinned: (n: number, of: number) => `Pinned message ${n} of ${of}, go to it`,
  replaceTitle: 'Pin this instead?',
  replaceLead: 'Three messages are pinned already. The oldest of them is unpinned.',
  replace: 'Pin instead of the oldest',
  leaveOutCard: 'Send without this card',
  didPin: (who: string | null) =>
    who === null ? 'You pinned a message' : `${who} pinned a message`,
  didUnpin: (who: string | null) =>
    who === null ? 'You unpinned a message' : `${who} unpinned a message`,
  didName: (who: string | null, title: string) =>
    who === null ? `You named the group “${title}”` : `${who} named the group “${title}”`,
  didDescribe: (who: string | null) =>
    who === null ? 'You changed what it is for' : `${who} changed what it is for`,
  didPhoto: (who: string | null) =>
    who === null ? 'You changed the photo of the group' : `${who} changed the photo of the group`,
  didRemovePhoto: (who: string | null) =>
    who === null ? 'You removed the photo of the group' : `${who} removed the photo of the group`,

  photo: 'Photo of the group',
  addPhoto: 'Add a photo',
  changePhoto: 'Change the photo',
  removePhoto: 'Remove the photo',

  permissions: 'Who may do what',
  writers: 'Who may write',
  editors: 'Who may change name, photo and description, and pin',
  everybody: 'Everybody',
  admins: 'Admins',
  onlyAdminsWrite: 'Only admins write here.',
  adminsWrite: 'Only admins write here from now on.',
  allWrite: 'Everybody may write here from now on.',
  adminsEdit: 'Only admins change name, photo and description, and pin.',
  allEdit: 'Everybody may change name, photo and description, and pin.',

  people: 'People',
  findLabel: 'Somebody else',
  findHint: 'By phone number, like +91 98450 12345, or handle, like asha',
  noPerson: 'Only people come into a group.',
  alreadyIn: 'They are here already.',

  keysBroken: 'Not who you verified',
  keysChanged: 'Their keys changed',
};
