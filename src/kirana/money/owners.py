"""Who holds money here, and what the operator lets them do with it."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import bindparam, select

from kirana.platform.db import Q, Tx, any_of, upsert
from kirana.platform.problems import NotAllowed, NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, Mandate, Money, OwnerId, TransferId, UserId

from .model import (
    challenge_of,
    confirm_above_by_default,
    digest,
    is_confirmed,
)
from .problems import ConfirmationRequired, ConfirmationWrong
from .tables import confirm_lines, owners

Tier = Literal["unverified", "basic", "full", "merchant", "agent", "operator"]

_FIND = Q(select(owners).where(owners.c.id == bindparam("id")))
_KNOWN = Q(select(owners.c.id).where(any_of(owners.c.id, "ids"), owners.c.erased_at.is_(None)))
_OF_TIER = Q(
    select(owners.c.id)
    .where(owners.c.tier == bindparam("tier"), owners.c.erased_at.is_(None))
    .order_by(owners.c.id)
)
_ADD = Q(upsert(owners, ["id"]))
_SET = Q(upsert(owners, ["id"], ["tier", "zone"]))
_LINE = Q(
    select(confirm_lines.c.above_minor).where(
        confirm_lines.c.owner_id == bindparam("owner_id"),
        confirm_lines.c.currency == bindparam("currency"),
    )
)
_SET_LINE = Q(upsert(confirm_lines, ["owner_id", "currency"], ["above_minor"]))


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who holds money. Opaque: a person, a guest or a shop."""

    id: OwnerId
    tier: Tier
    zone: str


def set_owner(
    tx: Tx, owner_id: OwnerId, *, tier: Tier = "unverified", zone: str = "UTC", by: Actor
) -> None:
    """Make an owner known, or change tier and zone. Only known owners can be sent money."""
    tx.do(_SET, id=owner_id, tier=tier, zone=zone)


def open_owner(tx: Tx, owner_id: OwnerId) -> None:
    """Make an owner known; one who is known stays as they are."""
    tx.do(_ADD, id=owner_id, tier="unverified", zone="UTC")


def appoint_agent(tx: Tx, owner_id: OwnerId, *, by: Actor) -> None:
    """Let somebody take in and pay out cash for others, from a float bought of the operator.

    Raises: NotAllowed unless an operator or Kirana itself does it.
    """
    _appoint(tx, owner_id, "agent", by=by)


def appoint_operator(tx: Tx, owner_id: OwnerId, *, by: Actor) -> None:
    """Let somebody run the town's money: top-ups, pay-outs, agents.

    Raises: NotAllowed unless an operator or Kirana itself does it.
    """
    _appoint(tx, owner_id, "operator", by=by)


def _appoint(tx: Tx, owner_id: OwnerId, tier: Tier, *, by: Actor) -> None:
    require_operator(tx, by=by)
    known = find_owner(tx, owner_id)
    tx.do(_SET, id=owner_id, tier=tier, zone=known.zone if known else "UTC")


def require_mandate(mandate: Mandate, *, by: Actor) -> None:
    """Whoever acts for a shop does with its money what their place in the team allows.

    Raises: NotAllowed.
    """
    if not by.mandate.includes(mandate):
        raise NotAllowed(needs=mandate)


def require_operator(tx: Tx, *, by: Actor) -> None:
    if by.kind == "system":
        return
    require_mandate(Mandate.SPEND, by=by)
    owner = find_owner(tx, by.user_id)
    if owner is None or owner.tier != "operator":
        raise NotAllowed()


def require_agent(tx: Tx, *, by: Actor) -> None:
    require_mandate(Mandate.SPEND, by=by)
    owner = find_owner(tx, by.user_id)
    if owner is None or owner.tier != "agent":
        raise NotAllowed()


def require_agent_owner(tx: Tx, owner_id: OwnerId) -> None:
    """Raises: NotFound for somebody who is no agent."""
    owner = find_owner(tx, owner_id)
    if owner is None or owner.tier != "agent":
        raise NotFound(agent_id=str(owner_id))


def list_agents(tx: Tx) -> list[OwnerId]:
    """Who takes in and pays out cash here: for everybody to see."""
    return [row.id for row in tx.all(_OF_TIER, tier="agent")]


def tell_operators(tx: Tx, payout_id: TransferId) -> None:
    """What waits to be paid out has changed."""
    operators = [UserId(row.id) for row in tx.all(_OF_TIER, tier="operator")]
    tx.publish(operators, Change("payout", payout_id))


def find_owner(tx: Tx, owner_id: OwnerId) -> Owner | None:
    row = tx.one(_FIND, id=owner_id)
    return Owner(row.id, row.tier, row.zone) if row else None


def known_owners(tx: Tx, ids: list[OwnerId]) -> set[UUID]:
    return {row.id for row in tx.all(_KNOWN, ids=ids)}


def require_owner(tx: Tx, owner_id: OwnerId) -> None:
    """Raises: NotFound for somebody who is not here: their money would be lost."""
    if not known_owners(tx, [owner_id]):
        raise NotFound(owner_id=str(owner_id))


def confirm_line(tx: Tx, owner_id: OwnerId, currency: str) -> Money:
    """Up to this amount, the owner's payments need no PIN."""
    row = tx.one(_LINE, owner_id=owner_id, currency=currency)
    return Money(row.above_minor if row else confirm_above_by_default(currency), currency)


def set_confirm_line(tx: Tx, line: Money, *, by: Actor) -> None:
    """Draw the line above which `by`'s payments are confirmed. Lowering it is free.

    Raises: ConfirmationRequired, ConfirmationWrong for raising it; NotAllowed.
    """
    require_mandate(Mandate.SPEND, by=by)
    before = confirm_line(tx, by.user_id, line.currency)
    if line > before and by.kind != "system":
        content = digest(by.person_id, by.user_id, "confirm-line", line.currency, line.amount_minor)
        challenge = challenge_of(by.user_id, content)
        if by.confirmation is None:
            raise ConfirmationRequired(challenge=challenge.hex())
        if not is_confirmed(by.confirmation, challenge, tx.now):
            raise ConfirmationWrong(challenge=challenge.hex())
    open_owner(tx, by.user_id)
    tx.do(
        _SET_LINE,
        owner_id=by.user_id,
        currency=line.currency,
        above_minor=line.amount_minor,
    )
