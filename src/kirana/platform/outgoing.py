"""Requests to addresses that strangers name: public hosts only.

Such an address must not reach into the operator's own network: the host is resolved first, every
address must be public, and the connection goes to that address.
"""

import http.client
import ipaddress
import socket
import ssl

TIMEOUT_S = 10


class NotPublic(Exception):
    """The address leads nowhere, or not to a public host; the text says which, for people."""


def public_address(host: str, port: int) -> str:
    """An address of `host`. Raises: NotPublic unless all of its addresses are public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotPublic("The host of the address is unknown.") from None
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not is_public(address.partition("%")[0]):
            raise NotPublic("The address is not a public one.")
    if not addresses:
        raise NotPublic("The host of the address is unknown.")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open network. Raises: ValueError."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_global and not ip.is_multicast


class PinnedConnection(http.client.HTTPConnection):
    """A connection to an address that was looked at, whatever the name resolves to by now."""

    def __init__(self, host: str, port: int, address: str, *, is_secure: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S)
        self._address = address
        self._is_secure = is_secure

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT_S)
        if self._is_secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
