"""Moving an order on: accepted, ready, on its way, handed over; or canceled, or too late."""

from sqlalchemy import bindparam, select

from kirana import business, catalog
from kirana.platform.db import Q, Row, Tx
from kirana.values import SYSTEM, Actor, OrderId

from . import payments
from .book import (
    is_collectable,
    read_lines,
    read_order,
    record,
    require,
    require_shop,
    state_of,
)
from .events import BY_STATE
from .model import Method, Order, Payment, Side, State, allowed_moves
from .problems import IllegalMove, NotPaid
from .refunds import refund_rest
from .tables import orders

SWEEP = 200

_DUE = Q(
    select(orders)
    .where(
        orders.c.state == State.PLACED,
        orders.c.held_until <= bindparam("now"),
        orders.c.paid_at.is_(None),
    )
    .order_by(orders.c.held_until)
    .limit(SWEEP)
)


def move_order(tx: Tx, order_id: OrderId, to: State, *, note: str = "", by: Actor) -> Order:
    """The shop takes the order on. Going where it is already is harmless.

    Accepting makes the promise final; handing over lets the goods leave the stock and takes the
    money that was set aside.

    Raises: NotFound, NotAllowed, IllegalMove; NotPaid for an order by card that waits for the
    buyer; catalog.OutOfStock when the goods are gone, money.HoldExpired when the money is.
    """
    row, seat = require_shop(tx, order_id, business.Role.AGENT, by=by)
    state = state_of(tx, row)
    if state is to:
        return read_order(tx, row, seat)
    if to is State.CANCELED or to not in allowed_moves(state, Method(row.method), Side.SHOP):
        raise IllegalMove(state=state, to=to)
    if not payments.is_secured(row, payments.funds_of(tx, row)):
        raise NotPaid(order_id=order_id)

    if to is State.ACCEPTED:
        promise(tx, row, by=by)
    elif to is State.FULFILLED:
        catalog.take(tx, order_id, by=by)
        payments.capture(tx, row, by=by)
    row = record(tx, row, to, BY_STATE[to], to=to, note=note, by=by)
    return read_order(tx, row, seat)


def cancel_order(tx: Tx, order_id: OrderId, *, note: str = "", by: Actor) -> Order:
    """Call it off: the stock comes back, and so does the money. Canceling twice is harmless.

    The buyer may until the shop accepts, the shop until the goods are handed over. What has been
    paid already goes back, which is a refund and a manager's to give.

    Raises: NotFound, NotAllowed, IllegalMove, RefundNotCovered.
    """
    row, seat = require(tx, order_id, by=by)
    if seat.side is Side.SHOP:
        is_paid = bool(payments.funds_of(tx, row).left)
        role = business.Role.MANAGER if is_paid else business.Role.AGENT
        business.require(tx, row.business_id, role, by=by)
    state = state_of(tx, row)
    if state is State.CANCELED:
        return read_order(tx, row, seat)
    if State.CANCELED not in allowed_moves(state, Method(row.method), seat.side):
        raise IllegalMove(state=state, to=State.CANCELED)
    return read_order(tx, end_order(tx, row, State.CANCELED, note=note, by=by), seat)


def collect_cash(tx: Tx, order_id: OrderId, *, by: Actor) -> Order:
    """The shop was given the cash. Saying so twice is harmless.

    Raises: NotFound, NotAllowed; IllegalMove for an order that waits to be accepted, has come to
    nothing or is paid in another way.
    """
    row, seat = require_shop(tx, order_id, business.Role.AGENT, by=by)
    funds = payments.funds_of(tx, row)
    if funds.captured < funds.due:
        state = state_of(tx, row)
        if not is_collectable(state, Payment(row.payment), funds):
            raise IllegalMove(state=state, payment=row.payment)
        payments.collect(tx, row, by=by)
    return read_order(tx, row, seat)


def expire_orders(tx: Tx) -> None:
    """Sweep: nobody accepted these in time, so goods and money are free again."""
    for row in tx.all(_DUE, now=tx.now):
        end_order(tx, row, State.EXPIRED, by=SYSTEM)


# For the other files of this room


def promise(tx: Tx, row: Row, *, by: Actor) -> None:
    """Hold the goods for good: no time ends it. Raises: catalog.OutOfStock."""
    for line in read_lines(tx, row):
        catalog.reserve(tx, line.variant_id, line.quantity, for_order=row.id, until=None, by=by)


def end_order(tx: Tx, row: Row, to: State, *, note: str = "", by: Actor) -> Row:
    """Let goods and money go: the order comes to nothing. Raises: RefundNotCovered."""
    catalog.release(tx, row.id, by=by)
    payments.let_go(tx, row, to, by=by)
    row = record(tx, row, to, BY_STATE[to], to=to, note=note, by=by)
    return refund_rest(tx, row, to, by=by)
