/** Whether the server can be reached, as far as this device can tell. */
class Connection {
  /** The browser's word; it knows only the nearest network. */
  isOnline = $state(globalThis.navigator?.onLine ?? true);
  /** Our own socket's word. */
  hasSocket = $state(false);
  /** The socket has been gone for long enough to tell the person. */
  isLate = $state(false);
}

export const connection = new Connection();
