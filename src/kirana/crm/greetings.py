"""The greeting: what a shop says by itself to a customer who writes for the first time, or again
after two weeks of silence. The first of the rules; what a rule sends triggers no rule.
"""

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select

from kirana import business, chat
from kirana.platform.db import Q, Tx, upsert
from kirana.platform.stream import Change
from kirana.values import Actor, BusinessId, MessageId, derived_id

from .tables import greetings

SILENCE_MS = 14 * 24 * 60 * 60 * 1000
DEFAULT_TEXT = "Hello, and thank you for writing! We will answer as soon as we can."


@dataclass(frozen=True, slots=True)
class Greeting:
    """What is said, and whether it is said at all."""

    is_on: bool
    text: str


_FIND = Q(
    select(greetings.c.is_on, greetings.c.text).where(
        greetings.c.business_id == bindparam("business_id")
    )
)
_SAVE = Q(upsert(greetings, ["business_id"], ["is_on", "text", "changed_by", "changed_at"]))
_DELETE = Q(delete(greetings).where(greetings.c.business_id == bindparam("business_id")))


def save_greeting(
    tx: Tx, business_id: BusinessId, *, is_on: bool, text: str, by: Actor
) -> Greeting:
    """Choose the words, or switch the greeting off. Raises: NotFound, NotAllowed."""
    business.require(tx, business_id, business.Role.MANAGER, by=by)
    greeting = Greeting(is_on, text)
    if greeting != find_greeting(tx, business_id):
        tx.do(
            _SAVE,
            business_id=business_id,
            is_on=is_on,
            text=text,
            changed_by=by.person_id,
            changed_at=tx.now,
        )
        tx.publish([business_id], Change("greeting", business_id))
    return greeting


def get_greeting(tx: Tx, business_id: BusinessId, *, by: Actor) -> Greeting:
    """The greeting, for the shop's team. Raises: NotFound, NotAllowed."""
    business.require(tx, business_id, business.Role.AGENT, by=by)
    return find_greeting(tx, business_id)


def find_greeting(tx: Tx, business_id: BusinessId) -> Greeting:
    """The shop's own greeting, or the one that every new shop has."""
    row = tx.one(_FIND, business_id=business_id)
    return Greeting(row.is_on, row.text) if row else Greeting(True, DEFAULT_TEXT)


def greet(tx: Tx, event: chat.ConversationWoke) -> None:
    """Answer whoever wrote first, or after a long silence. Hearing it twice greets once."""
    if event.silence_ms is not None and event.silence_ms < SILENCE_MS:
        return
    greeting = find_greeting(tx, event.business_id)
    if not greeting.is_on:
        return
    try:
        chat.send_message(
            tx,
            MessageId(derived_id(event.message_id, "greeting")),
            event.conversation_id,
            chat.Text(text=greeting.text),
            is_automatic=True,
            by=Actor(event.business_id, event.business_id, "system"),
        )
    except (chat.NotReachable, chat.ConversationExists):
        # One of them has blocked the other meanwhile, or the customer turned out to be somebody
        # known, who needs no greeting.
        return


def forget_greeting(tx: Tx, business_id: BusinessId) -> None:
    """For this room only."""
    tx.do(_DELETE, business_id=business_id)
