"""Web Push: a sealed word for one browser, handed to the push service that the browser chose.

The service learns which server speaks to which subscription, when, and how urgently. What is said
is sealed for the browser and padded to one length.

Source: RFC 8030 (delivery), RFC 8188 and 8291 (encryption), RFC 8292 (who is speaking).
"""

import base64
import http.client
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import urlsplit

import msgspec

from . import keys
from .db import Tx
from .outgoing import NotPublic, PinnedConnection, public_address

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

RECORD_BYTES = 4096
PADDED_BYTES = 128
"""Whatever is said has this length, so that its length says nothing."""
TOKEN_LIFE_S = 12 * 3600

Urgency = Literal["low", "normal", "high"]

_NAME = "web-push"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a browser is reached, its public key and the secret that it shares with us."""

    endpoint: str
    public_key: bytes
    auth: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """What is said, and how the service should treat it. A note replaces those of its `topic`."""

    payload: bytes
    topic: str
    ttl_s: int
    urgency: Urgency = "normal"


class Post(Protocol):
    """Hands a request to a push service."""

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> int:
        """The status of the answer. Blocks. Raises: OSError, http.client.HTTPException."""
        ...


def ensure_key(tx: Tx) -> str:
    """The private key of this server, made when there is none."""
    return keys.ensure_key(tx, _NAME, _new_private_key)


def find_key(tx: Tx) -> str:
    """The private key. Raises: LookupError before `ensure_key`."""
    return keys.find_key(tx, _NAME)


def public_key_of(private_key: str) -> str:
    """What browsers are told, so that they take notes from this server alone."""
    return encode(_public_bytes(_private(private_key)))


def send(
    target: Target, note: Note, *, private_key: str, contact: str, now: int, post: Post
) -> int:
    """Seal the note and hand it over; the status of the answer.

    `contact` is an address under which the service reaches the operator. Blocks.
    Raises: OSError, http.client.HTTPException, NotPublic.
    """
    headers = {
        "Authorization": _authorization(target.endpoint, private_key, contact, now),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(note.ttl_s),
        "Topic": note.topic,
        "Urgency": note.urgency,
    }
    return post(target.endpoint, headers, seal(target, note.payload))


def seal(
    target: Target,
    payload: bytes,
    *,
    salt: bytes | None = None,
    ephemeral: str | None = None,
    padded_to: int = PADDED_BYTES,
) -> bytes:
    """The payload for that browser alone, as the body of a request: one record, padded.

    `salt` and `ephemeral` are random, except in the example of the standard.
    Source: RFC 8291 section 3.4, RFC 8188 section 2.
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    def derive(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
        return HKDF(hashes.SHA256(), length, salt, info).derive(secret)

    salt = salt or secrets.token_bytes(16)
    own = _private(ephemeral or _new_private_key())
    own_public = _public_bytes(own)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), target.public_key)
    shared = own.exchange(ec.ECDH(), theirs)
    both = b"WebPush: info\0" + target.public_key + own_public
    secret = derive(target.auth, shared, both, 32)
    key = derive(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = derive(salt, secret, b"Content-Encoding: nonce\0", 12)
    record = (payload + b"\2").ljust(padded_to, b"\0")
    header = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(own_public)]) + own_public
    return header + AESGCM(key).encrypt(nonce, record, None)


def is_public_key(point: bytes) -> bool:
    """Whether these bytes are a point of the curve that browsers use, uncompressed."""
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return len(point) == 65


def post_publicly(url: str, headers: dict[str, str], body: bytes) -> int:
    """A `Post` that reaches public hosts only, over https, and follows no forwarding."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise NotPublic("This is no https address.")
    port = parts.port or 443
    address = public_address(parts.hostname, port)
    connection = PinnedConnection(parts.hostname, port, address, is_secure=True)
    return post_over(connection, url, headers, body)


def post_over(
    connection: http.client.HTTPConnection, url: str, headers: dict[str, str], body: bytes
) -> int:
    """The status with which the other side of `connection` answers."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body=body, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def encode(data: bytes) -> str:
    """As base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Raises: ValueError."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), b"-_", True)


def _authorization(endpoint: str, private_key: str, contact: str, now: int) -> str:
    """A signed word on who is speaking, good for this push service and half a day.

    Source: RFC 8292 section 2, RFC 7515 section 3.
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": now // 1000 + TOKEN_LIFE_S,
        "sub": contact,
    }
    said = f"{_json({'typ': 'JWT', 'alg': 'ES256'})}.{_json(claims)}"
    own = _private(private_key)
    r, s = decode_dss_signature(own.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
    signature = encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={said}.{signature}, k={encode(_public_bytes(own))}"


def _json(value: object) -> str:
    return encode(msgspec.json.encode(value))


def _new_private_key() -> str:
    from cryptography.hazmat.primitives.asymmetric import ec

    made = ec.generate_private_key(ec.SECP256R1())
    return encode(made.private_numbers().private_value.to_bytes(32, "big"))


def _private(text: str) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(int.from_bytes(decode(text), "big"), ec.SECP256R1())


def _public_bytes(key: "EllipticCurvePrivateKey") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
