"""How pay-outs are made, by currency: what a new address has to wait, above how much a second
operator agrees, and which account of the operator pays. All of it is data, and its changes are
kept."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from msgspec import Meta
from sqlalchemy import bindparam, insert, select

from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import IdReused
from kirana.values import MAX_AMOUNT_MINOR, Actor

from ..ledger import open_currency
from ..owners import require_operator
from ..rails import RAILS, Details, epc
from ..tables import payout_rules
from .addresses import PaymentAddress

COOLING_HOURS = 24
"""Where no operator has said anything: time enough to see that it was not oneself."""
_HOUR_MS = 3_600_000
CoolingHours = Annotated[int, Meta(ge=0, le=720)]
SecondAbove = Annotated[int, Meta(ge=0, le=MAX_AMOUNT_MINOR)]

_FIND = Q(select(payout_rules).where(payout_rules.c.id == bindparam("id")))
_NEWEST = Q(
    select(payout_rules)
    .where(payout_rules.c.currency == bindparam("currency"))
    .order_by(payout_rules.c.at.desc(), payout_rules.c.id.desc())
    .limit(1)
)
_ALL = Q(select(payout_rules).order_by(payout_rules.c.at.desc(), payout_rules.c.id.desc()))
_ADD = Q(insert(payout_rules))


@dataclass(frozen=True, slots=True)
class PayoutRule:
    """An address waits `cooling_hours` before it is paid out to; above `second_above_minor` (None:
    never) two operators agree; `account` is the operator's own, which pays (`iban`, `name`, `bic`,
    for euros only)."""

    currency: str
    cooling_hours: int = COOLING_HOURS
    second_above_minor: int | None = None
    account: dict[str, str] | None = None


def set_payout_rule(
    tx: Tx,
    id: UUID,
    currency: str,
    *,
    cooling_hours: int,
    second_above_minor: int | None,
    account: Details | None,
    by: Actor,
) -> PayoutRule:
    """Make pay-outs so from now on. Safe to repeat with the same `id`.

    Raises: NotAllowed unless an operator does it; InvalidInput for an account that is none;
    IdReused.
    """
    require_operator(tx, by=by)
    kept = epc.check_address(account) if account is not None else None
    rule = PayoutRule(currency, cooling_hours, second_above_minor, kept)
    if known := tx.one(_FIND, id=id):
        if _rule(known) != rule:
            raise IdReused(id=str(id))
        return rule
    open_currency(tx, currency)
    tx.do(
        _ADD,
        id=id,
        currency=currency,
        cooling_hours=cooling_hours,
        second_above_minor=second_above_minor,
        account=kept,
        by_id=by.person_id,
        at=tx.now,
    )
    return rule


def list_payout_rules(tx: Tx, *, by: Actor) -> list[PayoutRule]:
    """For operators: the rules in force, by currency. Raises: NotAllowed."""
    require_operator(tx, by=by)
    newest: dict[str, Row] = {}
    for row in tx.all(_ALL):
        newest.setdefault(row.currency, row)
    return [_rule(row) for _, row in sorted(newest.items())]


def payout_rule(tx: Tx, currency: str) -> PayoutRule:
    """The rule in force."""
    row = tx.one(_NEWEST, currency=currency)
    return _rule(row) if row else PayoutRule(currency)


def can_be_paid_out_to(address: PaymentAddress) -> bool:
    """A biller is paid bills, and no money of its own."""
    return address.rail in RAILS and "biller_id" not in address.details


def usable_from(tx: Tx, address: PaymentAddress) -> int:
    """When an address has waited long enough."""
    return address.created_at + payout_rule(tx, address.currency).cooling_hours * _HOUR_MS


def _rule(row: Row) -> PayoutRule:
    return PayoutRule(row.currency, row.cooling_hours, row.second_above_minor, row.account)
