"""The other side of Web Push: browsers with their keys, and a push service of this machine."""

import http.client
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kirana.platform.web_push import Target, encode, post_over


class Browser:
    """A subscription as a browser makes it. Opens what is sealed for it, by RFC 8291."""

    def __init__(self, endpoint: str | None = None) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._public = self._key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self.endpoint = endpoint or f"https://push.example.net/{secrets.token_hex(16)}"
        self.auth = secrets.token_bytes(16)

    @property
    def target(self) -> Target:
        return Target(self.endpoint, self._public, self.auth)

    @property
    def as_json(self) -> dict[str, str]:
        return {
            "endpoint": self.endpoint,
            "p256dh": encode(self._public),
            "auth": encode(self.auth),
        }

    def open(self, body: bytes) -> bytes:
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self._key.exchange(ec.ECDH(), point)
        both = b"WebPush: info\x00" + self._public + sender
        secret = HKDF(hashes.SHA256(), 32, self.auth, both).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(secret)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(secret)
        padded = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\x00")
        assert padded.endswith(b"\x02")
        return padded[:-1]


@dataclass(frozen=True, slots=True)
class Delivered:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class PushService:
    """A real HTTP server that keeps what it is handed, and answers `status`."""

    port: int
    status: int = 201
    delivered: list[Delivered] = field(default_factory=list)

    def post(self, url: str, headers: dict[str, str], body: bytes) -> int:
        """For the server under test: this service stands for every public one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        return post_over(connection, url, headers, body)

    def take(self) -> list[Delivered]:
        taken, self.delivered = self.delivered, []
        return taken


@contextmanager
def push_service() -> Iterator[PushService]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.delivered.append(Delivered(urlsplit(self.path).path, dict(self.headers), body))
            self.send_response(service.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = PushService(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield service
    server.shutdown()
    server.server_close()
    thread.join()
