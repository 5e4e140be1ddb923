"""Fetching pictures from the addresses that a file names: public hosts only, of bounded size.

A file is written by a stranger, so its addresses must not reach into the operator's own network:
the host is resolved first, every address must be public, and the connection goes to that address.
"""

import http.client
import ipaddress
import socket
import ssl
from typing import Protocol
from urllib.parse import urljoin, urlsplit

MAX_BYTES = 20 * 1024 * 1024
TIMEOUT_S = 10
MAX_REDIRECTS = 3

_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF8")


class FetchFailed(Exception):
    """A picture could not be fetched; the text says why, for people."""


class Fetcher(Protocol):
    """Brings the bytes of a picture."""

    def fetch(self, url: str) -> bytes:
        """Blocks. Raises: FetchFailed."""
        ...


class PublicFetcher:
    """Fetches over HTTP and HTTPS."""

    def fetch(self, url: str) -> bytes:
        for _ in range(MAX_REDIRECTS + 1):
            content, location = _get(url)
            if location is None:
                if not looks_like_picture(content):
                    raise FetchFailed("The address holds no picture.")
                return content
            url = urljoin(url, location)
        raise FetchFailed("The address is forwarded too often.")


def looks_like_picture(content: bytes) -> bool:
    """JPEG, PNG, WebP, GIF or HEIC by the first bytes."""
    return content.startswith(_MAGIC) or content[4:8] == b"ftyp"


def public_address(host: str, port: int) -> str:
    """An address of `host`. Raises: FetchFailed unless all of its addresses are public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchFailed("The host of the address is unknown.") from None
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        ip = ipaddress.ip_address(address.partition("%")[0])
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        if not ip.is_global or ip.is_multicast:
            raise FetchFailed("The address is not a public one.")
    if not addresses:
        raise FetchFailed("The host of the address is unknown.")
    return addresses[0]


def _get(url: str) -> tuple[bytes, str | None]:
    """The content, or where the server says that it is now."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchFailed("This is no web address.")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise FetchFailed("This is no web address.") from None
    address = public_address(parts.hostname, port)
    connection = _Pinned(parts.hostname, port, address, is_secure=parts.scheme == "https")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", target, headers={"User-Agent": "Kirana", "Accept": "image/*"})
        response = connection.getresponse()
        if response.status in (301, 302, 303, 307, 308):
            return b"", response.getheader("Location") or ""
        if response.status != 200:
            raise FetchFailed(f"The server answered {response.status}.")
        content = response.read(MAX_BYTES + 1)
    except (OSError, http.client.HTTPException, UnicodeError):
        raise FetchFailed("The server could not be reached.") from None
    finally:
        connection.close()
    if len(content) > MAX_BYTES:
        raise FetchFailed(f"The picture is larger than {MAX_BYTES // 1024 // 1024} MB.")
    return content, None


class _Pinned(http.client.HTTPConnection):
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
