"""Where owners are paid from bank to bank: one address for each rail, in the rail's own terms."""

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select, update

from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, Mandate, OwnerId, PaymentAddressId, UserId

from ..events import AddressChanged
from ..ledger import open_currency
from ..model import digest
from ..owners import open_owner, require_confirmation, require_mandate
from ..rails import RAILS, Details
from ..tables import addresses

_FIND = Q(select(addresses).where(addresses.c.id == bindparam("id")))
_IN_USE = Q(
    select(addresses)
    .where(addresses.c.owner_id == bindparam("owner_id"), addresses.c.ended_at.is_(None))
    .order_by(addresses.c.rail)
)
_ALL = Q(
    select(addresses)
    .where(addresses.c.owner_id == bindparam("owner_id"))
    .order_by(addresses.c.created_at, addresses.c.id)
)
_ADD = Q(insert(addresses))
_END = Q(
    update(addresses)
    .where(addresses.c.id == bindparam("id_"), addresses.c.ended_at.is_(None))
    .values(ended_at=bindparam("ended_at"))
)
_FORGET = Q(delete(addresses).where(addresses.c.owner_id == bindparam("owner_id")))


@dataclass(frozen=True, slots=True)
class PaymentAddress:
    """Where somebody is paid by a rail, from `created_at` until it was ended."""

    id: PaymentAddressId
    rail: str
    currency: str
    details: dict[str, str]
    created_at: int
    ended_at: int | None


def set_address(
    tx: Tx, id: PaymentAddressId, rail: str, details: Details, *, by: Actor
) -> PaymentAddress:
    """Be paid there by this rail, and no longer where it was before. Always confirmed, unless it
    is where it was. Safe to repeat with the same id.

    Raises: InvalidInput for an unknown rail or a wrong address, in words; ConfirmationRequired,
    ConfirmationWrong, IdReused; NotAllowed for guests and whoever may not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    if by.kind == "guest":
        raise NotAllowed()
    kept = _checked(rail, details)
    fp = digest(by.person_id, by.user_id, "payment-address", rail, sorted(kept.items()))
    if known := tx.one(_FIND, id=id):
        if known.fp != fp:
            raise IdReused(id=str(id))
        return _address(known)
    before = find_address(tx, by.user_id, rail)
    if before is not None and before.details == kept:
        return before
    require_confirmation(tx, id, fp, by=by)
    if before is not None:
        tx.do(_END, id_=before.id, ended_at=tx.now)
    currency = RAILS[rail].CURRENCY
    open_currency(tx, currency)
    open_owner(tx, by.user_id)
    tx.do(
        _ADD,
        id=id,
        owner_id=by.user_id,
        rail=rail,
        currency=currency,
        details=kept,
        by_id=by.person_id,
        created_at=tx.now,
        ended_at=None,
        fp=fp,
    )
    address = PaymentAddress(id, rail, currency, kept, tx.now, None)
    _tell(tx, by.user_id, address)
    return address


def end_address(tx: Tx, id: PaymentAddressId, *, by: Actor) -> None:
    """Be paid there no longer. Safe to repeat.

    Raises: NotFound for somebody else's; NotAllowed for whoever may not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    row = tx.one(_FIND, id=id)
    if row is None or row.owner_id != by.user_id:
        raise NotFound()
    if tx.do(_END, id_=id, ended_at=tx.now):
        _tell(tx, by.user_id, _address(row), is_active=False)


def list_addresses(tx: Tx, *, by: Actor) -> list[PaymentAddress]:
    """Where `by` is paid now."""
    return in_use(tx, by.user_id)


def in_use(tx: Tx, owner_id: OwnerId) -> list[PaymentAddress]:
    """Where somebody is paid now: for a room that has asked permission."""
    return [_address(row) for row in tx.all(_IN_USE, owner_id=owner_id)]


def find_address(tx: Tx, owner_id: OwnerId, rail: str) -> PaymentAddress | None:
    return next((it for it in in_use(tx, owner_id) if it.rail == rail), None)


def find_paid_at(tx: Tx, owner_id: OwnerId, id: PaymentAddressId) -> PaymentAddress | None:
    """Where somebody is or was paid: a code that was shown may be paid after the address ended."""
    row = tx.one(_FIND, id=id)
    return _address(row) if row is not None and row.owner_id == owner_id else None


def export_addresses(tx: Tx, owner_id: OwnerId) -> list[PaymentAddress]:
    """All that are kept, those of former times too."""
    return [_address(row) for row in tx.all(_ALL, owner_id=owner_id)]


def forget_addresses(tx: Tx, owner_id: OwnerId) -> None:
    tx.do(_FORGET, owner_id=owner_id)


def _checked(rail: str, details: Details) -> dict[str, str]:
    known = RAILS.get(rail)
    if known is None:
        message = f"There is no such rail. There are: {', '.join(RAILS)}."
        raise InvalidInput(errors=[{"field": "rail", "message": message}])
    return known.check_address(details)


def _tell(tx: Tx, owner_id: UserId, address: PaymentAddress, *, is_active: bool = True) -> None:
    """On every device: whoever did not do this should notice."""
    tx.publish([owner_id], Change("payment_address", address.id))
    tx.emit(AddressChanged(address.id, owner_id, address.rail, address.currency, is_active))


def _address(row: Row) -> PaymentAddress:
    return PaymentAddress(row.id, row.rail, row.currency, row.details, row.created_at, row.ended_at)
