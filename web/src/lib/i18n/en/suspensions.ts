/** Keeping somebody out: the operator's side, and what the other reads. */
export const suspensions = {
  title: 'Suspended',
  lead: 'People and shops whom you keep out',
  none: 'Nobody is suspended.',
  findLabel: 'Phone number or handle',
  findHint: 'Of a person or a shop. You see who it is before anything happens.',
  suspend: 'Suspend',
  suspendWhom: (name: string) => `Suspend ${name}`,
  person: (name: string) =>
    `${name} can no longer sign in, write, buy or pay here. Nothing is deleted, and no device is signed out: when you lift it, they go on where they were.`,
  shop: (name: string) =>
    `${name} goes from the public's eyes, nobody can order there, and its team can no longer act for it. Nothing is deleted; open orders and their money stay as they are until you lift it.`,
  reason: 'Why',
  reasonHint: (name: string) => `${name} will read this.`,
  done: (name: string) => `${name} is suspended.`,
  lift: 'Lift',
  lifted: (name: string) => `${name} is let in again.`,
  since: (when: string) => `Since ${when}`,
  outTitle: 'Your account is suspended',
  outText: 'The people who run this server keep you out for now. They say:',
  outAfter:
    'Nothing of yours was deleted. When they let you in again, you go on where you were, on this device too.',
  download: 'Download my data',
  checkAgain: 'Look again',
  still: 'Your account is still suspended.',
};
