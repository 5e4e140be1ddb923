"""Signed JSON: reading it and checking its Ed25519 signatures. Pure, and never in the writer.

Source: the Matrix specification, appendices "Signing JSON" and "Canonical JSON"; the crypto library
of the clients makes and checks the same.
"""

import json
import re
from typing import Any, TypeAlias

import msgspec
from vodozemac import Ed25519PublicKey, Ed25519Signature

from kirana.platform.problems import InvalidInput
from kirana.values import UserId, user_name

from ..problems import SignatureWrong

JsonObject: TypeAlias = dict[str, Any]

MAX_BYTES = 16 * 1024
"""Of one signed object; what the library makes has less than 1 kB."""
MAX_DEPTH = 16
_LARGEST = 2**53 - 1
_PUBLIC_KEY = re.compile(r"[A-Za-z0-9+/]{43}")


def invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "message": message}])


def require_small(value: JsonObject, field: str, *, max_bytes: int = MAX_BYTES) -> str:
    """The object as text.

    Raises: InvalidInput for one that is larger or deeper than the library makes any: what one
    client hands in, others must be able to read.
    """
    if not _is_shallow(value, MAX_DEPTH):
        raise invalid(field, f"At most {MAX_DEPTH} levels.")
    text = msgspec.json.encode(value)
    if len(text) > max_bytes:
        raise invalid(field, f"At most {max_bytes} bytes.")
    return text.decode()


def read_object(text: str) -> JsonObject:
    """An object that was kept as text."""
    return msgspec.json.decode(text, type=JsonObject)


def write_object(value: JsonObject) -> str:
    return msgspec.json.encode(value).decode()


def is_public_key(text: object) -> bool:
    """32 bytes in base64 without padding."""
    return isinstance(text, str) and _PUBLIC_KEY.fullmatch(text) is not None


def without_signatures(value: JsonObject) -> JsonObject:
    return {name: it for name, it in value.items() if name not in ("signatures", "unsigned")}


def canonical(value: JsonObject, field: str) -> bytes:
    """What is signed: sorted, without spaces, signatures and `unsigned`. Raises: InvalidInput."""
    if not _is_canonical(value):
        raise invalid(field, "Signed JSON has no fractions and no numbers beyond 53 bits.")
    text = json.dumps(
        without_signatures(value), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return text.encode()


def signatures_by(value: JsonObject, user_id: UserId) -> dict[str, str]:
    """The signatures that claim to be of this user, by the key that made them; others are left
    out: nobody hands in what somebody else has signed.
    """
    made = value.get("signatures")
    theirs = made.get(user_name(user_id)) if isinstance(made, dict) else None
    if not isinstance(theirs, dict):
        return {}
    return {name: it for name, it in theirs.items() if isinstance(it, str)}


def is_signed(message: bytes, signature: str, public_key: str) -> bool:
    """Whether the holder of `public_key` has signed exactly this."""
    try:
        key = Ed25519PublicKey.from_base64(public_key)
        key.verify_signature(message, Ed25519Signature.from_base64(signature))
    except ValueError:
        return False
    return True


def require_signature(
    value: JsonObject, user_id: UserId, key_id: str, public_key: str, field: str
) -> str:
    """The signature of that key of that user on `value`. Raises: SignatureWrong, InvalidInput."""
    signature = signatures_by(value, user_id).get(key_id)
    if signature is None or not is_signed(canonical(value, field), signature, public_key):
        raise SignatureWrong(field=field, key_id=key_id)
    return signature


def _is_shallow(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inside = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(it, levels - 1) for it in inside)


def _is_canonical(value: object) -> bool:
    match value:
        case bool() | str() | None:
            return True
        case int():
            return -_LARGEST <= value <= _LARGEST
        case list():
            return all(_is_canonical(it) for it in value)
        case dict():
            return all(_is_canonical(it) for it in value.values())
        case _:
            return False
