"""Routes: the cart, orders and what happens to them, and how a shop hands over its goods."""

from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post, put
from litestar.params import Parameter, QueryParameter
from msgspec import Meta

from kirana import business, catalog, money
from kirana.platform.db import Db
from kirana.platform.http import problems
from kirana.platform.limits import Limits, Rate
from kirana.platform.problems import (
    IdReused,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
)
from kirana.values import Actor, BusinessId, Money, OrderId, Page, TransferId, UserId, VariantId

from . import book, cart, checkout, delivery, fulfillment, receipts, refunds
from .model import Address, Contact, Method, NoteText, Order, Payment, Refund, State
from .problems import (
    AddressNeeded,
    BelowMinimum,
    CartEmpty,
    CartFull,
    ContactNeeded,
    IllegalMove,
    MethodUnavailable,
    NotFulfilled,
    NotPaid,
    OwnShop,
    PriceChanged,
    RefundNotCovered,
    TooManyReturned,
    TooMuch,
    invalid,
)
from .quotes import MAX_LINES
from .tables import MAX_QUANTITY

ORDERS_PER_PERSON = Rate(60, 1)
"""Money remembers each refusal, so nobody may make them without end."""

Quantity = Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
Quantities = Annotated[dict[VariantId, Quantity], Meta(max_length=MAX_LINES)]
Cursor = Annotated[str | None, Parameter(max_length=100)]


@dataclass(frozen=True, slots=True)
class SetLine:
    quantity: Annotated[int, Meta(ge=0, le=MAX_QUANTITY)]
    """How many are in the cart; 0 takes it out."""


@dataclass(frozen=True, slots=True)
class SetMethod:
    method: Method
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    id: OrderId
    business_id: BusinessId
    quantities: Quantities
    method: Method
    payment: Payment
    contact: Contact
    shown_total: Money
    """What the buyer saw. At another price nothing is placed."""
    address: Address | None = None
    note: NoteText = ""


@dataclass(frozen=True, slots=True)
class MoveOrder:
    to: State
    note: NoteText = ""


@dataclass(frozen=True, slots=True)
class CancelOrder:
    note: NoteText = ""


@dataclass(frozen=True, slots=True)
class ReturnedUnits:
    variant_id: VariantId
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Units and delivery, or a free amount."""

    id: TransferId
    lines: Annotated[list[ReturnedUnits], Meta(max_length=MAX_LINES)] = field(default_factory=list)
    has_delivery: bool = False
    amount: Money | None = None
    is_restocked: bool = False
    """The units are on the shelf again."""
    reason: NoteText = ""


@get("/v1/carts/{business_id:uuid}", raises=problems(TooMuch, NotFound, NotSignedIn))
async def get_cart(business_id: UUID, db: Db, by: Actor) -> cart.Cart:
    """What one has in hand in a shop, at the prices of now."""
    return await db.read(cart.get_cart, _shop(business_id), by=by)


@put(
    "/v1/carts/{business_id:uuid}/lines/{variant_id:uuid}",
    raises=problems(
        catalog.NotForSale,
        catalog.OutOfStock,
        CartFull,
        TooMuch,
        InvalidInput,
        NotFound,
        NotSignedIn,
    ),
)
async def set_line(
    business_id: UUID, variant_id: UUID, data: SetLine, db: Db, by: Actor
) -> cart.Cart:
    """Say how many of something are in the cart."""
    return await db.write(
        cart.set_line, _shop(business_id), VariantId(variant_id), data.quantity, by=by
    )


@put(
    "/v1/carts/{business_id:uuid}/method",
    raises=problems(MethodUnavailable, TooMuch, NotFound, NotSignedIn),
)
async def set_method(business_id: UUID, data: SetMethod, db: Db, by: Actor) -> cart.Cart:
    """Choose pickup or delivery, and where to."""
    return await db.write(
        cart.set_method, _shop(business_id), data.method, address=data.address, by=by
    )


@post(
    "/v1/orders",
    raises=problems(
        business.BusinessClosed,
        business.BusinessSuspended,
        catalog.NotForSale,
        catalog.OutOfStock,
        money.InsufficientFunds,
        money.LimitExceeded,
        money.PayeeCannotReceive,
        money.AccountFrozen,
        money.AccountClosed,
        money.ConfirmationRequired,
        money.ConfirmationWrong,
        money.ProofTooNew,
        money.WayOff,
        money.NeedsReview,
        money.AmountOutOfRange,
        CartEmpty,
        MethodUnavailable,
        AddressNeeded,
        ContactNeeded,
        BelowMinimum,
        PriceChanged,
        TooMuch,
        OwnShop,
        IdReused,
        RateLimited,
        InvalidInput,
        NotAllowed,
        NotFound,
        NotSignedIn,
    ),
)
async def place_order(data: PlaceOrder, db: Db, by: Actor, limits: Limits) -> Order:
    """Place an order. Safe to repeat with the same `id`."""
    limits.take("orders", by.person_id, ORDERS_PER_PERSON)
    return await db.write(
        checkout.place_order,
        OrderId(_new_id(data.id)),
        data.business_id,
        data.quantities,
        method=data.method,
        payment=data.payment,
        contact=data.contact,
        address=data.address,
        note=data.note,
        shown_total=data.shown_total,
        by=by,
    )


@get("/v1/orders", raises=problems(InvalidInput, NotAllowed, NotFound, NotSignedIn))
async def list_orders(
    db: Db,
    by: Actor,
    business_id: UUID | None = None,
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    after: Cursor = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = book.PAGE,
) -> Page[book.OrderSummary]:
    """The latest orders: a shop's for its team, or without a shop those that one placed."""
    return await db.read(
        book.list_orders,
        business_id=None if business_id is None else _shop(business_id),
        state=in_state,
        after=after,
        limit=limit,
        by=by,
    )


@get("/v1/orders/{order_id:uuid}", raises=problems(NotFound, NotSignedIn))
async def get_order(order_id: UUID, db: Db, by: Actor) -> Order:
    """An order, as its buyer or the shop's team sees it."""
    return await db.read(book.get_order, OrderId(order_id), by=by)


@post(
    "/v1/orders/{order_id:uuid}/moves",
    raises=problems(
        IllegalMove,
        NotPaid,
        catalog.OutOfStock,
        money.HoldExpired,
        money.AccountFrozen,
        money.AccountClosed,
        NotAllowed,
        NotFound,
        NotSignedIn,
    ),
)
async def move_order(order_id: UUID, data: MoveOrder, db: Db, by: Actor) -> Order:
    """Take an order on: accepted, ready, on its way, fulfilled. Safe to repeat."""
    return await db.write(fulfillment.move_order, OrderId(order_id), data.to, note=data.note, by=by)


@post(
    "/v1/orders/{order_id:uuid}/cancellation",
    raises=problems(IllegalMove, RefundNotCovered, NotAllowed, NotFound, NotSignedIn),
)
async def cancel_order(order_id: UUID, data: CancelOrder, db: Db, by: Actor) -> Order:
    """Call an order off: stock and money go back. Safe to repeat."""
    return await db.write(fulfillment.cancel_order, OrderId(order_id), note=data.note, by=by)


@post(
    "/v1/orders/{order_id:uuid}/cash-receipt",
    raises=problems(
        IllegalMove,
        money.RequestEnded,
        money.ClaimOpen,
        money.WayOff,
        NotAllowed,
        NotFound,
        NotSignedIn,
    ),
)
async def collect_cash(order_id: UUID, db: Db, by: Actor) -> Order:
    """Say that the shop was given the cash. Safe to repeat."""
    return await db.write(fulfillment.collect_cash, OrderId(order_id), by=by)


@post(
    "/v1/orders/{order_id:uuid}/refunds",
    raises=problems(
        NotPaid,
        NotFulfilled,
        TooManyReturned,
        RefundNotCovered,
        money.OverRefund,
        money.AccountFrozen,
        money.AccountClosed,
        IdReused,
        InvalidInput,
        NotAllowed,
        NotFound,
        NotSignedIn,
    ),
)
async def refund_order(order_id: UUID, data: RefundOrder, db: Db, by: Actor) -> Refund:
    """Give money back: for some units and the delivery, or a free amount. Safe to repeat."""
    quantities = {line.variant_id: line.quantity for line in data.lines}
    if len(quantities) < len(data.lines):
        raise invalid("lines", "Name each thing once.")
    return await db.write(
        refunds.refund_order,
        OrderId(order_id),
        TransferId(_new_id(data.id)),
        quantities=quantities,
        has_delivery=data.has_delivery,
        amount=data.amount,
        is_restocked=data.is_restocked,
        reason=data.reason,
        by=by,
    )


@get("/v1/orders/{order_id:uuid}/receipt", raises=problems(NotPaid, NotFound, NotSignedIn))
async def get_receipt(order_id: UUID, db: Db, by: Actor) -> receipts.Receipt:
    """The receipt of an order that is paid."""
    return await db.read(receipts.get_receipt, OrderId(order_id), by=by)


@get(
    "/v1/businesses/{business_id:uuid}/order-counts",
    raises=problems(NotAllowed, NotFound, NotSignedIn),
)
async def count_orders(business_id: UUID, db: Db, by: Actor) -> dict[State, int]:
    """How many orders of a shop are in each state."""
    return await db.read(book.count_orders, _shop(business_id), by=by)


@get("/v1/businesses/{business_id:uuid}/delivery", raises=problems(NotFound))
async def get_delivery(business_id: UUID, db: Db) -> delivery.DeliverySettings:
    """How a shop hands over its goods."""
    return await db.read(delivery.get_delivery, _shop(business_id))


@put(
    "/v1/businesses/{business_id:uuid}/delivery",
    raises=problems(InvalidInput, NotAllowed, NotFound, NotSignedIn),
)
async def set_delivery(
    business_id: UUID, data: delivery.DeliverySettings, db: Db, by: Actor
) -> delivery.DeliverySettings:
    """Say how the shop hands over its goods."""
    return await db.write(delivery.set_delivery, _shop(business_id), data, by=by)


routes: list[Any] = [
    get_cart,
    set_line,
    set_method,
    place_order,
    list_orders,
    get_order,
    move_order,
    cancel_order,
    collect_cash,
    refund_order,
    get_receipt,
    count_orders,
    get_delivery,
    set_delivery,
]


def _new_id(id: UUID) -> UUID:
    """Ids of version 8 are the server's own: nobody outside may occupy one."""
    if id.version != 7:
        raise invalid("id", "An id is a UUID of version 7.")
    return id


def _shop(id: UUID) -> BusinessId:
    return BusinessId(UserId(id))
