"""Facts: what the server says about money and orders. Nothing a person sends looks like one."""

from msgspec import json, structs

from kirana.platform.db import Tx
from kirana.platform.problems import NotFound
from kirana.values import ConversationId, EventId, MessageId, UserId, derived_id

from .conversations import find_audience, find_merged
from .entries import Fact, FactCard, Subject, append_entry, find_sent
from .model import Kind, RowKind, Sent
from .proofs import sign_fact
from .search import words_for_search


def post_fact(
    tx: Tx,
    conversation_id: ConversationId,
    event_id: EventId,
    fact: str,
    subject: Subject,
    actor_id: UserId | None,
    card: FactCard,
    *,
    is_quiet: bool = False,
) -> Sent:
    """Write down what an event means to this conversation. Hearing it twice posts once.

    `fact` is the event's name. `actor_id` is who caused it: for everybody else it is unread,
    unless it is quiet. A private conversation gets no free text and no picture.

    Raises: NotFound.
    """
    conversation_id = find_merged(tx, conversation_id) or conversation_id
    fact_id = MessageId(derived_id(event_id, f"fact:{conversation_id}"))
    if known := find_sent(tx, fact_id):
        return Sent(fact_id, known.conversation_id, known.seq, known.created_at)
    audience = find_audience(tx, conversation_id)
    if audience is None:
        raise NotFound(conversation_id=conversation_id)
    if audience.kind == Kind.PRIVATE:
        card = structs.replace(card, title=None, image=None)
    said = sign_fact(tx, conversation_id, fact_id, Fact(fact, subject, card))
    return append_entry(
        tx,
        conversation_id,
        audience.told,
        id=fact_id,
        k=RowKind.FACT,
        sender_id=actor_id,
        content=json.encode(said).decode(),
        words=words_for_search(card.title) if card.title else None,
        is_quiet=is_quiet,
    )
