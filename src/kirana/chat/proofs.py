"""Facts are signed and chained, so that what the server once said cannot be said otherwise later.

Each fact names the hash of the one before it in its conversation. Devices remember what they have
seen: a fact that was changed, left out or put in shows.
"""

import json
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import structs, to_builtins
from sqlalchemy import bindparam, select, update

from kirana.platform import keys
from kirana.platform.db import Q, Tx
from kirana.values import ConversationId, MessageId

from .entries import Fact
from .tables import conversations

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_NAME = "facts"
_LAST = Q(select(conversations.c.fact_hash).where(conversations.c.id == bindparam("id_")))
_REMEMBER = Q(
    update(conversations)
    .where(conversations.c.id == bindparam("id_"))
    .values(fact_hash=bindparam("fact_hash"))
)


def ensure_fact_key(tx: Tx) -> str:
    """The private key that facts are signed with, made when there is none."""
    return keys.ensure_key(tx, _NAME, _new_private_key)


def find_fact_key(tx: Tx) -> str:
    """What devices check signatures with: 32 bytes in base64. Raises: LookupError."""
    public = _private(keys.find_key(tx, _NAME)).public_key().public_bytes_raw()
    return _base64(public)


def sign_fact(
    tx: Tx,
    conversation_id: ConversationId,
    fact_id: MessageId,
    fact: Fact,
) -> Fact:
    """The fact with the hash of the one before it, and the server's signature on all of it.

    What is signed is the JSON of id, time and fact, with sorted names and without spaces; not whose
    act it was: a guest may turn out to be somebody.
    Source: RFC 8785 for what occurs in facts; RFC 8032 for Ed25519.
    """
    last = tx.one(_LAST, id_=conversation_id)
    chained = structs.replace(fact, prev=_base64(last.fact_hash) if last and last.fact_hash else "")
    text = signed_text(fact_id, chained, tx.now)
    tx.do(_REMEMBER, id_=conversation_id, fact_hash=sha256(text).digest())
    signature = _private(ensure_fact_key(tx)).sign(text)
    return structs.replace(chained, sig=_base64(signature))


def signed_text(fact_id: MessageId, fact: Fact, at: int) -> bytes:
    """What a signature is of."""
    told = to_builtins(structs.replace(fact, sig=""))
    whole = {**told, "id": str(fact_id), "ts": at}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _private(secret: str) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(b64decode(secret))


def _new_private_key() -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


def _base64(data: bytes) -> str:
    return b64encode(data).rstrip(b"=").decode()
