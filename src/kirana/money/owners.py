"""Who holds money here, and what the operator lets them do with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import bindparam, delete, select, update

from kirana.platform.db import Q, Tx, any_of, upsert
from kirana.platform.problems import NotAllowed, NotFound
from kirana.platform.stream import Change
from kirana.values import SYSTEM, Actor, Mandate, Money, OwnerId, UserId

from .model import challenge_of, confirm_above_by_default, cools_until, digest, is_confirmed
from .problems import ConfirmationRequired, ConfirmationWrong, ProofTooNew
from .tables import accounts, confirm_lines, owners, payees, usages

Tier = Literal["unverified", "basic", "full", "merchant", "agent", "operator"]
ZONE_KEPT_MS = 30 * 24 * 3_600_000
"""For so long a zone stays: whoever flies to and fro gets no more days than others."""

_FIND = Q(select(owners).where(owners.c.id == bindparam("id")))
_KNOWN = Q(select(owners.c.id).where(any_of(owners.c.id, "ids"), owners.c.erased_at.is_(None)))
_OF_TIER = Q(
    select(owners.c.id)
    .where(owners.c.tier == bindparam("tier"), owners.c.erased_at.is_(None))
    .order_by(owners.c.id)
)
_ADD = Q(upsert(owners, ["id"]))
_SET = Q(upsert(owners, ["id"], ["tier", "zone"]))
_MOVE = Q(
    update(owners)
    .where(
        owners.c.id == bindparam("id_"),
        owners.c.zone != bindparam("zone_"),
        (owners.c.zone_at.is_(None)) | (owners.c.zone_at <= bindparam("before")),
    )
    .values(zone=bindparam("zone_"), zone_at=bindparam("now"))
)
_FORGET_PAYEES = Q(
    delete(payees).where(
        payees.c.until > payees.c.first_at,
        payees.c.account_id.in_(
            select(accounts.c.id).where(accounts.c.owner_id == bindparam("owner_id"))
        ),
    )
)
_FORGET_USAGES = Q(
    delete(usages).where(
        usages.c.account_id.in_(
            select(accounts.c.id).where(accounts.c.owner_id == bindparam("owner_id"))
        )
    )
)
_LINE = Q(
    select(confirm_lines.c.above_minor).where(
        confirm_lines.c.owner_id == bindparam("owner_id"),
        confirm_lines.c.currency == bindparam("currency"),
    )
)
_SET_LINE = Q(upsert(confirm_lines, ["owner_id", "currency"], ["above_minor"]))


@runtime_checkable
class NameOf(Protocol):
    """Money knows nobody: whoever calls says what its owners are called."""

    def __call__(self, tx: Tx, owner_ids: Iterable[OwnerId], /) -> Mapping[OwnerId, str]: ...


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
    forget_usages(tx, owner_id)


def set_tier(tx: Tx, owner_id: OwnerId, tier: Tier) -> None:
    """Which rules an owner stands under: for whoever has asked permission."""
    known = find_owner(tx, owner_id)
    set_owner(tx, owner_id, tier=tier, zone=known.zone if known else "UTC", by=SYSTEM)
    tx.publish([UserId(owner_id)], Change("wallet", owner_id))


def set_zone(tx: Tx, owner_id: OwnerId, zone: str) -> None:
    """Where an owner's days begin. A zone that is not known, or a change within 30 days of the last
    one, is passed over: nobody gets a second day by travelling."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return
    open_owner(tx, owner_id)
    tx.do(_MOVE, id_=owner_id, zone_=zone, now=tx.now, before=tx.now - ZONE_KEPT_MS)


def forget_usages(tx: Tx, owner_id: OwnerId) -> None:
    """Another tier counts other things: what is needed is made up again from the journal."""
    tx.do(_FORGET_USAGES, owner_id=owner_id)
    tx.do(_FORGET_PAYEES, owner_id=owner_id)


def operators(tx: Tx) -> list[OwnerId]:
    """Those who run the server."""
    return [row.id for row in tx.all(_OF_TIER, tier="operator")]


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
    set_tier(tx, owner_id, tier)


def require_mandate(mandate: Mandate, *, by: Actor) -> None:
    """Whoever acts for a shop does with its money what their place in the team allows.

    Raises: NotAllowed.
    """
    if not by.mandate.includes(mandate):
        raise NotAllowed(needs=mandate)


def require_confirmation(tx: Tx, subject_id: UUID, content: bytes, *, by: Actor) -> None:
    """Whoever acts has just confirmed this `content` (a digest) of this one thing.

    Raises: ConfirmationRequired, ConfirmationWrong, ProofTooNew.
    """
    if by.kind == "system":
        return
    challenge = challenge_of(subject_id, content)
    if by.confirmation is None:
        raise ConfirmationRequired(challenge=challenge.hex())
    if not is_confirmed(by.confirmation, challenge, tx.now):
        raise ConfirmationWrong(challenge=challenge.hex())
    if until := cools_until(by.confirmation, tx.now):
        raise ProofTooNew(until=until)


def require_operator(tx: Tx, *, by: Actor) -> None:
    if by.kind == "system":
        return
    require_mandate(Mandate.SPEND, by=by)
    owner = find_owner(tx, by.user_id)
    if owner is None or owner.tier != "operator":
        raise NotAllowed()


def is_operator(tx: Tx, owner_id: OwnerId) -> bool:
    """Whether this is one of those who run the server."""
    owner = find_owner(tx, owner_id)
    return owner is not None and owner.tier == "operator"


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
        require_confirmation(tx, by.user_id, content, by=by)
    open_owner(tx, by.user_id)
    tx.do(
        _SET_LINE,
        owner_id=by.user_id,
        currency=line.currency,
        above_minor=line.amount_minor,
    )
