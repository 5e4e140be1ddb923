"""What this server says, signed so that it cannot say otherwise later.

There is one key, Ed25519: what is signed with it says by itself what it is. Source: RFC 8032.
"""

import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from . import keys
from .db import Tx

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_NAME = "facts"


def ensure_key(tx: Tx) -> str:
    """The private key, made when there is none."""
    return keys.ensure_key(tx, _NAME, _new_private_key)


def public_key(tx: Tx) -> str:
    """What signatures are checked with: 32 bytes in base64. Raises: LookupError before
    `ensure_key`."""
    return encode(_private(keys.find_key(tx, _NAME)).public_key().public_bytes_raw())


def sign(tx: Tx, text: bytes) -> str:
    """The signature in base64. Raises: LookupError before `ensure_key`."""
    return encode(_private(keys.find_key(tx, _NAME)).sign(text))


def is_signed(text: bytes, signature: str, key: str) -> bool:
    """Whether it is the signature of exactly this, by the owner of the public `key`."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = Ed25519PublicKey.from_public_bytes(_decode(key))
        public.verify(_decode(signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True


def canonical(told: dict[str, Any]) -> bytes:
    """JSON with sorted names and without spaces. Source: RFC 8785 for what occurs here."""
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def encode(data: bytes) -> str:
    """Base64 without padding."""
    return b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4), validate=True)


def _private(secret: str) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(b64decode(secret))


def _new_private_key() -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()
