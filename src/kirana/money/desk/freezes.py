"""Payments that an operator has stopped for somebody. What is set aside is still voided, and still
goes back when its time is over."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, insert, select

from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import IdReused, NotAllowed
from kirana.platform.stream import Change
from kirana.values import SYSTEM, Actor, OwnerId, UserId

from ..owners import is_operator, operators, require_operator, require_owner
from ..tables import freezes
from ..wallets import freeze_wallet, list_wallets

_FIND = Q(select(freezes).where(freezes.c.id == bindparam("id")))
_OF = Q(
    select(freezes)
    .where(freezes.c.owner_id == bindparam("owner_id"))
    .order_by(freezes.c.at.desc(), freezes.c.id.desc())
    .limit(1)
)
_ALL = Q(select(freezes).order_by(freezes.c.at.desc(), freezes.c.id.desc()))
_ADD = Q(insert(freezes))


@dataclass(frozen=True, slots=True)
class Freeze:
    """What is stopped of somebody's payments, since when, why and by whom."""

    owner_id: OwnerId
    stops_out: bool
    stops_in: bool
    reason: str
    by_id: UserId
    at: int


def freeze_owner(
    tx: Tx,
    id: UUID,
    owner_id: OwnerId,
    *,
    stops_out: bool,
    stops_in: bool,
    reason: str,
    by: Actor,
) -> Freeze:
    """Stop what goes out of somebody's wallets, what comes in, or (neither) let all go on. Safe to
    repeat with the same `id`. It holds for wallets that they open later, too.

    Raises: NotAllowed unless an operator does it, and for another operator; NotFound, IdReused.
    """
    require_operator(tx, by=by)
    if known := tx.one(_FIND, id=id):
        told = (known.owner_id, known.stops_out, known.stops_in, known.reason)
        if told != (owner_id, stops_out, stops_in, reason):
            raise IdReused(id=str(id))
        return _freeze(known)
    require_owner(tx, owner_id)
    if is_operator(tx, owner_id):
        raise NotAllowed()
    tx.do(
        _ADD,
        id=id,
        owner_id=owner_id,
        stops_out=stops_out,
        stops_in=stops_in,
        reason=reason,
        by_id=by.person_id,
        at=tx.now,
    )
    owner = Actor(UserId(owner_id), UserId(owner_id))
    for wallet in list_wallets(tx, by=owner):
        freeze_wallet(tx, owner_id, wallet.currency, out=stops_out, into=stops_in, by=SYSTEM)
    tx.publish([UserId(it) for it in operators(tx)], Change("freeze", id))
    return Freeze(owner_id, stops_out, stops_in, reason, by.person_id, tx.now)


def find_freeze(tx: Tx, owner_id: OwnerId) -> Freeze | None:
    """What is stopped for somebody now, if anything is."""
    row = tx.one(_OF, owner_id=owner_id)
    return _freeze(row) if row and (row.stops_out or row.stops_in) else None


def list_freezes(tx: Tx, *, by: Actor) -> list[Freeze]:
    """For operators: whose payments are stopped now, the latest first. Raises: NotAllowed."""
    require_operator(tx, by=by)
    newest: dict[OwnerId, Freeze] = {}
    for row in tx.all(_ALL):
        newest.setdefault(row.owner_id, _freeze(row))
    return [it for it in newest.values() if it.stops_out or it.stops_in]


def _freeze(row: Row) -> Freeze:
    return Freeze(row.owner_id, row.stops_out, row.stops_in, row.reason, row.by_id, row.at)
