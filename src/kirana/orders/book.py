"""The order book: finding orders, listing them, and writing down what happens to one."""

import re
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Column, ColumnElement, and_, bindparam, func, insert, or_, select, update

from kirana import business
from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, BusinessId, Money, OrderId, Page, UserId

from . import payments
from .events import OrderEvent
from .model import (
    Address,
    Contact,
    Line,
    Method,
    Order,
    Payment,
    PaymentState,
    PricedLine,
    Refund,
    RefundedLine,
    Side,
    State,
    Step,
    TaxLine,
    allowed_moves,
)
from .problems import invalid
from .tables import lines, orders, refunds, steps

PAGE = 50
FOREVER = 2**62

_FIND = Q(select(orders).where(orders.c.id == bindparam("id")))
_FIND_BY_TOKEN = Q(select(orders).where(orders.c.token == bindparam("token")))
_LINES = Q(
    select(lines).where(lines.c.order_id == bindparam("order_id")).order_by(lines.c.position)
)
_STEPS = Q(
    select(steps).where(steps.c.order_id == bindparam("order_id")).order_by(steps.c.position)
)
_REFUNDS = Q(
    select(refunds)
    .where(refunds.c.order_id == bindparam("order_id"))
    .order_by(refunds.c.created_at, refunds.c.id)
)
_TOUCH = Q(
    update(orders)
    .where(orders.c.id == bindparam("id_"), orders.c.step_count == bindparam("seen"))
    .values(state=bindparam("to"), changed_at=bindparam("now"), step_count=orders.c.step_count + 1)
)
_ADD_STEP = Q(insert(steps))
_COUNTS = Q(
    select(orders.c.state, func.count().label("count"))
    .where(orders.c.business_id == bindparam("business_id"))
    .group_by(orders.c.state)
)


def _listing(owner: Column[Any], *conditions: ColumnElement[bool]) -> Q:
    """The latest first, from a place on: by time, and by id among equals."""
    return Q(
        select(orders)
        .where(
            owner == bindparam("owner_id"),
            *conditions,
            or_(
                orders.c.placed_at < bindparam("before_at"),
                and_(
                    orders.c.placed_at == bindparam("before_at"),
                    orders.c.id < bindparam("before_id"),
                ),
            ),
        )
        .order_by(orders.c.placed_at.desc(), orders.c.id.desc())
        .limit(bindparam("limit"))
    )


_IN_STATE = orders.c.state == bindparam("state")
_OF_SHOP = _listing(orders.c.business_id)
_OF_SHOP_IN_STATE = _listing(orders.c.business_id, _IN_STATE)
_OF_BUYER = _listing(orders.c.buyer_id)
_OF_BUYER_IN_STATE = _listing(orders.c.buyer_id, _IN_STATE)


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """An order as a line of a list or a card of the board."""

    id: OrderId
    business_id: BusinessId
    buyer_id: UserId
    number: int
    state: State
    method: Method
    payment: Payment
    payment_state: PaymentState
    total: Money
    contact_name: str
    item_count: int
    first_item: str
    first_picture_id: str | None
    placed_at: int
    changed_at: int
    held_until: int
    moves: tuple[State, ...]


@dataclass(frozen=True, slots=True)
class Seat:
    """Where somebody sits who looks at an order: on which side, and in which role of the shop's."""

    side: Side
    role: business.Role | None = None

    def moves(self, state: State, method: Method, funds: payments.Funds) -> tuple[State, ...]:
        """Where they may take the order. To cancel what is paid is a refund, and so a manager's."""
        moves = allowed_moves(state, method, self.side)
        if self.side is Side.BUYER or self.is_at_least(business.Role.MANAGER):
            return moves
        if not self.is_at_least(business.Role.AGENT):
            return ()
        return tuple(to for to in moves if to is not State.CANCELED or not funds.left)

    def is_at_least(self, role: business.Role) -> bool:
        return self.role is not None and self.role.includes(role)


BUYER = Seat(Side.BUYER)
OWNER = Seat(Side.SHOP, business.Role.OWNER)


def get_order(tx: Tx, order_id: OrderId, *, by: Actor) -> Order:
    """The order, as the side that `by` is on sees it. Raises: NotFound."""
    row, seat = require(tx, order_id, by=by)
    return read_order(tx, row, seat)


def find_by_token(tx: Tx, token: str) -> Order | None:
    """The order that a public link leads to; whoever has the link may see it, and only see it."""
    row = tx.one(_FIND_BY_TOKEN, token=token)
    return row and read_order(tx, row, None)


def list_orders(
    tx: Tx,
    *,
    business_id: BusinessId | None = None,
    state: State | None = None,
    after: str | None = None,
    limit: int = PAGE,
    by: Actor,
) -> Page[OrderSummary]:
    """The latest orders first: a shop's, for its team; without a shop, those that `by` placed."""
    if business_id is None:
        owner_id, seat = by.user_id, BUYER
        listing = _OF_BUYER if state is None else _OF_BUYER_IN_STATE
    else:
        role = business.require(tx, business_id, business.Role.VIEWER, by=by)
        owner_id, seat = business_id, Seat(Side.SHOP, role)
        listing = _OF_SHOP if state is None else _OF_SHOP_IN_STATE
    before_at, before_id = _read_cursor(after)
    rows = tx.all(
        listing,
        owner_id=owner_id,
        state=state,
        before_at=before_at,
        before_id=before_id,
        limit=limit + 1,
    )
    items = [_summary(tx, row, seat) for row in rows[:limit]]
    if len(rows) <= limit:
        return Page(items)
    return Page(items, f"{items[-1].placed_at}-{items[-1].id.hex}")


def count_orders(tx: Tx, business_id: BusinessId, *, by: Actor) -> dict[State, int]:
    """How many orders of the shop are in each state: the heads of the board's columns."""
    business.require(tx, business_id, business.Role.VIEWER, by=by)
    counts = {row.state: row.count for row in tx.all(_COUNTS, business_id=business_id)}
    return {state: counts.get(state, 0) for state in State}


def _summary(tx: Tx, row: Row, seat: Seat) -> OrderSummary:
    state = state_of(tx, row)
    funds = payments.funds_of(tx, row)
    return OrderSummary(
        id=row.id,
        business_id=row.business_id,
        buyer_id=row.buyer_id,
        number=row.number,
        state=state,
        method=Method(row.method),
        payment=Payment(row.payment),
        payment_state=funds.state,
        total=Money(row.total_minor, row.currency),
        contact_name=row.contact["name"],
        item_count=row.item_count,
        first_item=row.first_item,
        first_picture_id=row.first_picture_id,
        placed_at=row.placed_at,
        changed_at=row.changed_at,
        held_until=row.held_until,
        moves=_moves(row, seat, state, funds),
    )


def _read_cursor(after: str | None) -> tuple[int, UUID]:
    if after is None:
        return FOREVER, UUID(int=0)
    if not (found := re.fullmatch(r"(\d{1,15})-([0-9a-f]{32})", after, re.ASCII)):
        raise invalid("after", "This is no place in a list.")
    return int(found[1]), UUID(hex=found[2])


# For the other files of this room


def fingerprint(*content: object) -> bytes:
    """What tells whether the same id was used for the same thing."""
    return sha256(msgspec.json.encode(content)).digest()[:16]


def find_row(tx: Tx, order_id: OrderId) -> Row | None:
    return tx.one(_FIND, id=order_id)


def require(tx: Tx, order_id: OrderId, *, by: Actor) -> tuple[Row, Seat]:
    """An order's row, and where `by` sits: as its buyer, or in the shop's team.

    Raises: NotFound, for somebody else's order too.
    """
    row = tx.one(_FIND, id=order_id)
    if row is not None and row.buyer_id == by.user_id:
        return row, BUYER
    role = row and business.find_role(tx, row.business_id, by=by)
    if row is None or role is None:
        raise NotFound(id=order_id)
    return row, Seat(Side.SHOP, role)


def require_shop(tx: Tx, order_id: OrderId, role: business.Role, *, by: Actor) -> tuple[Row, Seat]:
    """An order's row, for the shop's team. Raises: NotFound, NotAllowed below `role`."""
    row, _ = require(tx, order_id, by=by)
    return row, Seat(Side.SHOP, business.require(tx, row.business_id, role, by=by))


def read_order(tx: Tx, row: Row, seat: Seat | None) -> Order:
    """The whole order of this row, as it looks from `seat`; from nowhere it can only be seen."""
    money_of = partial(Money, currency=row.currency)
    funds = payments.funds_of(tx, row)
    state = state_of(tx, row)
    return Order(
        id=row.id,
        business_id=row.business_id,
        buyer_id=row.buyer_id,
        number=row.number,
        token=row.token,
        state=state,
        method=Method(row.method),
        payment=Payment(row.payment),
        payment_state=funds.state,
        captured=funds.captured,
        refunded=funds.refunded,
        lines=read_lines(tx, row),
        goods=money_of(row.goods_minor),
        discount=money_of(row.discount_minor),
        delivery=msgspec.convert(row.delivery, PricedLine),
        taxes=msgspec.convert(row.taxes, tuple[TaxLine, ...]),
        rounding=money_of(row.rounding_minor),
        total=money_of(row.total_minor),
        address=None if row.address is None else msgspec.convert(row.address, Address),
        contact=msgspec.convert(row.contact, Contact),
        note=row.note,
        placed_at=row.placed_at,
        changed_at=row.changed_at,
        held_until=row.held_until,
        paid_at=row.paid_at,
        receipt_number=row.receipt_number,
        refunds=read_refunds(tx, row),
        steps=tuple(
            Step(
                step.name,
                step.at,
                step.by_id,
                step.note,
                None if step.amount_minor is None else money_of(step.amount_minor),
            )
            for step in tx.all(_STEPS, order_id=row.id)
        ),
        moves=() if seat is None else _moves(row, seat, state, funds),
        may_collect=(
            seat is not None
            and seat.is_at_least(business.Role.AGENT)
            and is_collectable(state, Payment(row.payment), funds)
        ),
        may_refund=(
            seat is not None and seat.is_at_least(business.Role.MANAGER) and bool(funds.left)
        ),
    )


def _moves(row: Row, seat: Seat, state: State, funds: payments.Funds) -> tuple[State, ...]:
    """Where the order can go from here. What waits to be paid by card can only be called off."""
    moves = seat.moves(state, Method(row.method), funds)
    if payments.is_secured(row, funds):
        return moves
    return tuple(to for to in moves if to is State.CANCELED)


def is_collectable(state: State, payment: Payment, funds: payments.Funds) -> bool:
    """Whether cash is still to come in for the order."""
    is_due = state not in (State.PLACED, State.CANCELED, State.EXPIRED)
    return is_due and payment is Payment.CASH and funds.captured < funds.due


def read_lines(tx: Tx, row: Row) -> tuple[Line, ...]:
    money_of = partial(Money, currency=row.currency)
    return tuple(
        Line(
            variant_id=line.variant_id,
            product_id=line.product_id,
            name=line.name,
            options=tuple(line.options),
            sku=line.sku,
            picture_id=line.picture_id,
            unit_price=money_of(line.unit_price_minor),
            quantity=line.quantity,
            amount=money_of(line.amount_minor),
            discount=money_of(line.discount_minor),
            tax=money_of(line.tax_minor),
            paid=money_of(line.paid_minor),
            returned=line.returned,
        )
        for line in tx.all(_LINES, order_id=row.id)
    )


def read_refunds(tx: Tx, row: Row) -> tuple[Refund, ...]:
    return tuple(read_refund(refund, row.currency) for refund in tx.all(_REFUNDS, order_id=row.id))


def read_refund(row: Row, currency: str) -> Refund:
    return Refund(
        id=row.id,
        order_id=row.order_id,
        amount=Money(row.amount_minor, currency),
        lines=msgspec.convert(row.lines, tuple[RefundedLine, ...]),
        has_delivery=row.has_delivery,
        reason=row.reason,
        credit_note=row.credit_note,
        by_id=row.by_id,
        created_at=row.created_at,
    )


def state_of(tx: Tx, row: Row) -> State:
    """The state of this order now. Its time is up at the instant, however late the sweep is."""
    state = State(row.state)
    is_late = state is State.PLACED and row.held_until <= tx.now and row.paid_at is None
    return State.EXPIRED if is_late else state


def record(
    tx: Tx,
    row: Row,
    name: str,
    event: type[OrderEvent],
    *,
    to: State | None = None,
    note: str = "",
    amount: Money | None = None,
    by: Actor,
    **facts: Any,
) -> Row:
    """Write down what happened to an order, tell the rooms above and both sides.

    `to` is the state that it brings about; the answer is the row as it is now. One command may
    record several things in turn, each on the row that the one before left.
    """
    state = State(row.state) if to is None else to
    count = tx.do(_TOUCH, id_=row.id, seen=row.step_count, to=state, now=tx.now)
    assert count == 1, "An order changed under the one writer."
    tx.do(
        _ADD_STEP,
        order_id=row.id,
        position=row.step_count,
        name=name,
        at=tx.now,
        by_id=by.person_id,
        note=note,
        amount_minor=None if amount is None else amount.amount_minor,
    )
    row = row._replace(state=state, changed_at=tx.now, step_count=row.step_count + 1)
    tx.emit(
        event(
            order_id=row.id,
            business_id=row.business_id,
            buyer_id=row.buyer_id,
            number=row.number,
            state=State(row.state),
            total=Money(row.total_minor, row.currency),
            item_count=row.item_count,
            first_item=row.first_item,
            step=row.step_count,
            at=tx.now,
            **facts,
        )
    )
    tx.publish([row.buyer_id, row.business_id], Change("order", row.id))
    return row
