import http.server
import threading
from collections.abc import Iterator

import pytest

from kirana.catalog.files import fetching
from kirana.catalog.files.fetching import FetchFailed, PublicFetcher
from kirana.platform.outgoing import public_address

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254",
     "0.0.0.0", "::1", "fd00::1", "::ffff:127.0.0.1", "224.0.0.1", "100.64.0.1"],
)  # fmt: skip
def test_addresses_inside_the_operators_network_are_not_fetched(host: str) -> None:
    with pytest.raises(FetchFailed, match="not a public one"):
        PublicFetcher().fetch(f"http://[{host}]/" if ":" in host else f"http://{host}/")


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/a.png", "file:///etc/passwd", "nonsense", "http://", "http://h:99999/"],
)
def test_only_web_addresses_are_fetched(url: str) -> None:
    with pytest.raises(FetchFailed, match="no web address"):
        PublicFetcher().fetch(url)


class Pictures(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        match self.path:
            case "/a.png":
                self._answer(200, PNG)
            case "/text":
                self._answer(200, b"Hello")
            case "/moved":
                self._answer(302, b"", "/a.png")
            case "/inside":
                self._answer(302, b"", "http://10.0.0.1/a.png")
            case "/circle":
                self._answer(302, b"", "/circle")
            case "/large":
                self._answer(200, PNG * 50)
            case _:
                self._answer(404, b"")

    def _answer(self, status: int, body: bytes, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A site of this machine; only its own address counts as public here."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pictures)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def address(host: str, port: int) -> str:
        return host if host == "127.0.0.1" else public_address(host, port)

    monkeypatch.setattr(fetching, "public_address", address)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_picture_is_fetched_also_where_it_was_moved(site: str) -> None:
    assert PublicFetcher().fetch(f"{site}/a.png") == PNG
    assert PublicFetcher().fetch(f"{site}/moved") == PNG


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/gone", "answered 404"),
        ("/text", "no picture"),
        ("/inside", "not a public one"),
        ("/circle", "too often"),
    ],
)
def test_what_is_no_picture_says_why(site: str, path: str, why: str) -> None:
    with pytest.raises(FetchFailed, match=why):
        PublicFetcher().fetch(site + path)


def test_a_picture_that_is_too_large_is_not_read_to_its_end(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MAX_BYTES", 1000)

    with pytest.raises(FetchFailed, match="larger than"):
        PublicFetcher().fetch(f"{site}/large")
