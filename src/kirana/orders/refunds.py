"""Giving money back: for units that came back, for the delivery, or a free amount."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import bindparam, insert, select, update

from kirana import business, catalog
from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import IdReused
from kirana.values import Actor, Money, OrderId, TransferId, VariantId, derived_id, total

from . import payments
from .book import fingerprint, read_lines, read_refund, read_refunds, record, require_shop
from .events import OrderRefunded
from .model import Line, PricedLine, Refund, RefundedLine, State, returned
from .numbers import Series, yearly_number
from .problems import NotFulfilled, NotPaid, TooManyReturned, invalid
from .tables import lines, refunds

NO_UNITS: Mapping[VariantId, int] = {}

_FIND = Q(select(refunds).where(refunds.c.id == bindparam("id")))
_INSERT = Q(insert(refunds))
_RETURN = Q(
    update(lines)
    .where(
        lines.c.order_id == bindparam("order_id_"),
        lines.c.variant_id == bindparam("variant_id_"),
    )
    .values(returned=lines.c.returned + bindparam("count"))
)


def refund_order(
    tx: Tx,
    order_id: OrderId,
    refund_id: TransferId,
    *,
    quantities: Mapping[VariantId, int] = NO_UNITS,
    has_delivery: bool = False,
    amount: Money | None = None,
    is_restocked: bool = False,
    reason: str = "",
    by: Actor,
) -> Refund:
    """Give back what was paid: for units of the order and for its delivery, or a free `amount`.

    `refund_id` is chosen by the client, and asking again with it changes nothing. The money goes
    back the way it came; cash is noted as handed back. With `is_restocked` the units are on the
    shelf again.

    Raises: NotFound, NotAllowed, NotPaid, NotFulfilled, TooManyReturned, RefundNotCovered,
    IdReused; money.OverRefund above what is left of the payment.
    """
    row, _ = require_shop(tx, order_id, business.Role.MANAGER, by=by)
    fp = fingerprint(
        order_id, sorted(quantities.items()), has_delivery, amount, is_restocked, reason
    )
    if known := tx.one(_FIND, id=refund_id):
        if known.fp != fp:
            raise IdReused(id=refund_id)
        return read_refund(known, row.currency)
    if (amount is None) != bool(quantities or has_delivery):
        raise invalid("amount", "Give an amount, or say what comes back.")
    if not payments.funds_of(tx, row).captured:
        raise NotPaid(order_id=order_id)

    returns: list[RefundedLine] = []
    if amount is None:
        if row.state != State.FULFILLED:
            raise NotFulfilled(state=row.state)
        returns = _returns(read_lines(tx, row), quantities)
        amount = total((line.returned.paid for line in returns), row.currency)
        if has_delivery:
            amount += _delivery_left(tx, row)
    if amount.currency != row.currency or amount.amount_minor < 1:
        raise invalid("amount", f"More than nothing, in {row.currency}.")

    for line in returns:
        tx.do(_RETURN, order_id_=order_id, variant_id_=line.variant_id, count=line.quantity)
        if is_restocked:
            catalog.restock(tx, line.variant_id, line.quantity, for_order=order_id, by=by)
    refund = Refund(
        id=refund_id,
        order_id=order_id,
        amount=amount,
        lines=tuple(returns),
        has_delivery=has_delivery,
        reason=reason,
        credit_note=yearly_number(tx, row.business_id, Series.CREDIT_NOTE),
        by_id=by.person_id,
        created_at=tx.now,
    )
    _give_back(tx, row, refund, "refund", fp, by=by)
    return refund


def refund_rest(tx: Tx, row: Row, why: State, *, by: Actor) -> Row:
    """Give back all that is left of the payment of an order that comes to nothing, if anything.

    Raises: RefundNotCovered.
    """
    amount = payments.funds_of(tx, row).left
    if not amount:
        return row
    refund = Refund(
        id=TransferId(derived_id(row.id, "refund")),
        order_id=row.id,
        amount=amount,
        lines=(),
        has_delivery=False,
        reason="",
        credit_note=yearly_number(tx, row.business_id, Series.CREDIT_NOTE),
        by_id=by.person_id,
        created_at=tx.now,
    )
    return _give_back(tx, row, refund, why, fingerprint(why), by=by)


def _returns(of: tuple[Line, ...], quantities: Mapping[VariantId, int]) -> list[RefundedLine]:
    """What these units are worth. Raises: TooManyReturned."""
    by_variant = {line.variant_id: line for line in of}
    returns = []
    for variant_id, quantity in quantities.items():
        line = by_variant.get(variant_id)
        left = line.quantity - line.returned if line else 0
        if line is None or not 1 <= quantity <= left:
            raise TooManyReturned(variant_id=variant_id, left=left)
        priced = PricedLine(line.amount, line.discount, line.tax, line.paid)
        part = returned(priced, line.quantity, before=line.returned, now=quantity)
        returns.append(RefundedLine(variant_id, quantity, part))
    return returns


def _delivery_left(tx: Tx, row: Row) -> Money:
    """What the delivery cost: it is given back once."""
    if any(refund.has_delivery for refund in read_refunds(tx, row)):
        raise TooManyReturned(has_delivery=True, left=0)
    return msgspec.convert(row.delivery, PricedLine).paid


def _give_back(tx: Tx, row: Row, refund: Refund, why: str, fp: bytes, *, by: Actor) -> Row:
    """Move the money, write it down, and tell. Raises: RefundNotCovered, money.OverRefund."""
    payments.give_back(tx, row, refund.id, refund.amount, why, by=by)
    tx.do(
        _INSERT,
        id=refund.id,
        order_id=refund.order_id,
        business_id=row.business_id,
        fp=fp,
        amount_minor=refund.amount.amount_minor,
        lines=refund.lines,
        has_delivery=refund.has_delivery,
        reason=refund.reason,
        credit_note=refund.credit_note,
        by_id=refund.by_id,
        created_at=refund.created_at,
    )
    return record(
        tx,
        row,
        "refunded",
        OrderRefunded,
        note=refund.reason,
        amount=refund.amount,
        by=by,
        refund=refund.amount,
    )
