"""How keys and names look on the wire: those of the Matrix specification, version 1.17.

`kirana` is a literal, never a host: the names are inside signatures and must survive a move.
"""

import base64
import binascii
import json
from typing import Any
from uuid import UUID

from .problems import Malformed

Json = dict[str, Any]

OLM = "m.olm.v1.curve25519-aes-sha2"
MEGOLM = "m.megolm.v1.aes-sha2"
BACKUP = "m.megolm_backup.v1.curve25519-aes-sha2"
ENCRYPTED = "m.room.encrypted"
ONE_TIME = "signed_curve25519"


def user_name(user_id: str) -> str:
    """`@{user_id}:kirana`"""
    return f"@{user_id}:kirana"


def room_name(conversation_id: str) -> str:
    """`!{conversation_id}:kirana`"""
    return f"!{conversation_id}:kirana"


def id_of(name: Any) -> str:
    """The id in a user's or a conversation's name. Raises: Malformed."""
    if isinstance(name, str) and name[:1] in ("@", "!") and name.endswith(":kirana"):
        text = name[1:-7]
        try:
            if str(UUID(text)) == text:
                return text
        except ValueError:
            pass
    raise Malformed(f"{name!r} is no name.")


def encode64(raw: bytes) -> str:
    """Base64 without padding."""
    return base64.b64encode(raw).decode().rstrip("=")


def decode64(text: Any) -> bytes:
    """Raises: Malformed."""
    if not isinstance(text, str):
        raise Malformed("There is no base64.")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("This is not base64.") from None


def canonical(value: Any) -> bytes:
    """Canonical JSON: keys in order, no spaces, UTF-8. Source: Matrix, appendices, 3.1."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signable(value: Json) -> bytes:
    """What of an object is signed. Source: Matrix, appendices, 3.2."""
    return canonical({k: v for k, v in value.items() if k not in ("signatures", "unsigned")})


def parse(text: str | bytes) -> Json:
    """A JSON object. Raises: Malformed."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed("This is not JSON.") from None
    if not isinstance(value, dict):
        raise Malformed("This is not a JSON object.")
    return value


def text_at(value: Any, *path: str) -> str:
    """The text at this path. Raises: Malformed."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    if not isinstance(value, str):
        raise Malformed(f"There is no text at {'.'.join(path)}.")
    return value


def object_at(value: Any, *path: str) -> Json:
    """The object at this path; an empty one where there is none."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
