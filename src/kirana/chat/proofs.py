"""Facts are signed and chained, so that what the server once said cannot be said otherwise later.

Each fact names the hash of the one before it in its conversation. Devices remember what they have
seen: a fact that was changed, left out or put in shows.
"""

from hashlib import sha256

from msgspec import structs, to_builtins
from sqlalchemy import bindparam, select, update

from kirana.platform import signatures
from kirana.platform.db import Q, Tx
from kirana.values import ConversationId, MessageId

from .entries import Fact
from .tables import conversations

_LAST = Q(select(conversations.c.fact_hash).where(conversations.c.id == bindparam("id_")))
_REMEMBER = Q(
    update(conversations)
    .where(conversations.c.id == bindparam("id_"))
    .values(fact_hash=bindparam("fact_hash"))
)


def sign_fact(
    tx: Tx,
    conversation_id: ConversationId,
    fact_id: MessageId,
    fact: Fact,
) -> Fact:
    """The fact with the hash of the one before it, and the server's signature on all of it.

    What is signed is the JSON of id, time and fact, with sorted names and without spaces; not whose
    act it was: a guest may turn out to be somebody.
    """
    last = tx.one(_LAST, id_=conversation_id)
    chained = structs.replace(
        fact, prev=signatures.encode(last.fact_hash) if last and last.fact_hash else ""
    )
    signatures.ensure_key(tx)
    text = signed_text(fact_id, chained, tx.now)
    tx.do(_REMEMBER, id_=conversation_id, fact_hash=sha256(text).digest())
    return structs.replace(chained, sig=signatures.sign(tx, text))


def signed_text(fact_id: MessageId, fact: Fact, at: int) -> bytes:
    """What a signature is of."""
    told = to_builtins(structs.replace(fact, sig=""))
    return signatures.canonical({**told, "id": str(fact_id), "ts": at})
