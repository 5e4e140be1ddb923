"""For whom somebody may encrypt: people they talk with in private, and people they may begin to."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, select

from kirana import identity
from kirana.platform.db import Q, Tx, any_of
from kirana.platform.stream import Change
from kirana.values import Actor, UserId

from ..changes import post_new_keys
from ..model import Form, Kind, MemberState
from ..tables import conversations, members

MAX_PEOPLE = 300
"""In one request; a group has 256."""

_mine, _theirs = members.alias("mine"), members.alias("theirs")
_PRESENT = (MemberState.JOINED, MemberState.REQUESTED)
_together = (
    select(_theirs.c.user_id, conversations.c.form)
    .select_from(_mine)
    .join(
        conversations,
        and_(conversations.c.id == _mine.c.conversation_id, conversations.c.kind == Kind.PRIVATE),
    )
    .join(_theirs, _theirs.c.conversation_id == conversations.c.id)
    .where(_mine.c.user_id == bindparam("user_id"))
    .where(_mine.c.state.in_(_PRESENT), _theirs.c.state.in_(_PRESENT))
    .distinct()
)
_SHARED = Q(_together.where(any_of(_theirs.c.user_id, "others")))
_EVERYBODY = Q(_together)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom of some users one may ask about and write to."""

    near: frozenset[UserId]
    """Oneself, and who is in a private conversation with one."""
    strangers: frozenset[UserId]
    """People whom one could write to. How many of them is limited."""

    def __contains__(self, user_id: UserId) -> bool:
        return user_id in self.near or user_id in self.strangers


def reach(tx: Tx, user_ids: Iterable[UserId], *, by: Actor) -> Reach:
    """Who of these may be encrypted for. Between two who are blocked only a group remains.

    Raises: NotAllowed for a guest, or for somebody who acts for a shop.
    """
    identity.require_device(by)
    wanted = set(user_ids)
    forms: dict[UserId, set[str]] = {}
    for row in tx.all(_SHARED, user_id=by.user_id, others=sorted(wanted)):
        forms.setdefault(row.user_id, set()).add(row.form)
    near, strangers = wanted & {by.user_id}, set[UserId]()
    cards = identity.get_cards(tx, sorted(wanted - near))
    for user_id, card in cards.items():
        if Form.GROUP in forms.get(user_id, ()):
            near.add(user_id)
        elif card.kind == "person" and not identity.is_blocked(tx, by.user_id, user_id):
            (near if user_id in forms else strangers).add(user_id)
    return Reach(frozenset(near), frozenset(strangers))


def tell_devices(tx: Tx, event: identity.DeviceKeysChanged) -> None:
    """Tell everybody who encrypts for this user, and their own devices, to fetch their keys.

    A new identity is written into each private conversation: everybody should see that.
    """
    if event.is_new_identity:
        post_new_keys(tx, event.user_id, event.devices_rev)
    there = {row.user_id for row in tx.all(_EVERYBODY, user_id=event.user_id)}
    change = Change("devices", event.user_id, event.devices_rev)
    tx.publish(sorted({event.user_id, *there}), change)
