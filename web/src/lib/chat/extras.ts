/** What has a form of its own. */
export type Extra = 'poll' | 'location' | 'contact';
