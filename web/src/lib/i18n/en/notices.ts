import { plural } from '../locale.ts';

/** Being told of new messages while the app is not open. */
export const notices = {
  title: 'Notifications',
  lead: 'When something new comes while Kirana is closed',
  switchOn: 'Tell me about new messages',
  explain:
    'Your browser tells you about new messages while Kirana is closed or out of sight. What is sent for it says nothing: this device fetches the message itself, and opens what is private with its own keys.',
  showWords: 'Show names and words',
  showWordsHint: 'Off: the screen says only that there is something new.',
  mutedHint: 'Chats that you muted stay silent.',
  denied: 'Your browser blocks notifications from Kirana',
  deniedText:
    'Allow them in the settings of your browser, for this site, and come back here. Messages arrive all the same.',
  unsupported: 'This browser has no notifications',
  unsupportedText: 'Messages arrive all the same: you see them when you open Kirana.',
  install: 'Put Kirana on your home screen first',
  installText:
    'On iPhone and iPad only apps on the home screen may notify. Tap Share, then Add to Home Screen, and open Kirana there.',
  insecure: 'Notifications need a safe connection',
  insecureText:
    'This page was loaded without https, so your browser offers none. Ask whoever runs this server for its https address.',
  noService: 'Your browser could not reach its notification service. Try again later.',
  ask: 'Hear of answers while Kirana is closed?',
  askAct: 'Turn on',
  askLater: 'Not now',
  news: 'News',
  newsCount: (n: number) => plural(n, { one: '# notice', other: '# notices' }),
  dismiss: (title: string) => `Put away: ${title}`,
};
