/** What lies on this device, and what is searched there. */
export const store = {
  searchesBackTo: (day: string) => `Searches what this device has opened, back to ${day}.`,
  searchesNothing: 'Private messages are searched once this device has opened some.',
  shopsNeedConnection: 'Chats with shops are searched when there is a connection.',
  full: 'This device is full, so the message could not be kept for sending. Nothing was sent. Make some room and try again.',
};
