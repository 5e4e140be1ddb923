"""Fetching pictures from the addresses that a file names: public hosts only, of bounded size."""

import http.client
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from kirana.platform.outgoing import NotPublic, PinnedConnection, public_address

MAX_BYTES = 20 * 1024 * 1024
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


def _get(url: str) -> tuple[bytes, str | None]:
    """The content, or where the server says that it is now."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchFailed("This is no web address.")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise FetchFailed("This is no web address.") from None
    try:
        address = public_address(parts.hostname, port)
    except NotPublic as refusal:
        raise FetchFailed(str(refusal)) from None
    connection = PinnedConnection(parts.hostname, port, address, is_secure=parts.scheme == "https")
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
