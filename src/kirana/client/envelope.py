"""What is inside the seal of a private message.

The envelope names its message and its conversation, so it cannot be shown under another id or in
another place. `com` is an HMAC of the content under a key that is inside: it is stored beside the
ciphertext, so that a reader can prove to the operator what was written, and nobody can make that
up. `pad` fills it to a multiple of 256 bytes.
"""

import hmac
import json
import secrets
from dataclasses import dataclass

from .problems import Malformed
from .wire import Json, decode64, encode64, parse, text_at

VERSION = 1
TYPE = "kirana.message"
STEP = 256


@dataclass(frozen=True, slots=True)
class Sealed:
    """An envelope before it is encrypted, and its commitment."""

    envelope: Json
    com: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What an envelope holds. `key` proves `text` against the stored commitment."""

    content: Json
    text: str
    key: str
    list_hash: str | None
    at: int


def seal(message_id: str, conv: str, content: Json, *, at: int, list_hash: str | None) -> Sealed:
    """Put `content` into an envelope for this message; `at` is the sender's clock in ms."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    key = secrets.token_bytes(32)
    envelope: Json = {"v": VERSION, "id": message_id, "conv": conv, "at": at}
    if list_hash is not None:
        envelope["list"] = list_hash
    envelope |= {"k": encode64(key), "c": text, "pad": ""}
    size = len(json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode())
    envelope["pad"] = " " * (-size % STEP)
    return Sealed(envelope, commitment(key, text))


def commitment(key: bytes, text: str) -> str:
    return encode64(hmac.digest(key, text.encode(), "sha256"))


def open_envelope(envelope: Json, message_id: str, conv: str, com: object) -> Opened:
    """Raises: Malformed if it belongs to another message or place, or does not match `com`."""
    if envelope.get("v") != VERSION:
        raise Malformed("This needs a newer Kirana.")
    if envelope.get("id") != message_id:
        raise Malformed("It was written as another message.")
    if envelope.get("conv") != conv:
        raise Malformed("It was written in another conversation.")
    text, key = text_at(envelope, "c"), text_at(envelope, "k")
    if not isinstance(com, str) or not hmac.compare_digest(
        commitment(decode64(key), text), com.rstrip("=")
    ):
        raise Malformed("It does not match what its sender committed to.")
    at, list_hash = envelope.get("at"), envelope.get("list")
    return Opened(
        parse(text),
        text,
        key,
        list_hash if isinstance(list_hash, str) else None,
        at if isinstance(at, int) else 0,
    )
