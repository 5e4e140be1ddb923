"""What orders announces. Each event carries what a card in the chat shows."""

from dataclasses import dataclass
from typing import ClassVar

from kirana.platform.events import Event
from kirana.values import BusinessId, Money, OrderId, UserId

from .model import State


@dataclass(frozen=True, slots=True)
class OrderEvent(Event):
    """Something happened to an order, which now looks like this."""

    order_id: OrderId
    business_id: BusinessId
    buyer_id: UserId
    number: int
    state: State
    total: Money
    item_count: int
    first_item: str
    step: int
    """Which step of the order this is. What has the higher one is the newer."""
    at: int


@dataclass(frozen=True, slots=True)
class OrderPlaced(OrderEvent):
    name: ClassVar[str] = "order.placed"


@dataclass(frozen=True, slots=True)
class OrderAccepted(OrderEvent):
    name: ClassVar[str] = "order.accepted"


@dataclass(frozen=True, slots=True)
class OrderReady(OrderEvent):
    name: ClassVar[str] = "order.ready"


@dataclass(frozen=True, slots=True)
class OrderSent(OrderEvent):
    name: ClassVar[str] = "order.sent"


@dataclass(frozen=True, slots=True)
class OrderFulfilled(OrderEvent):
    name: ClassVar[str] = "order.fulfilled"


@dataclass(frozen=True, slots=True)
class OrderCanceled(OrderEvent):
    name: ClassVar[str] = "order.canceled"


@dataclass(frozen=True, slots=True)
class OrderExpired(OrderEvent):
    name: ClassVar[str] = "order.expired"


@dataclass(frozen=True, slots=True)
class OrderPaid(OrderEvent):
    """All of it has arrived. Announced once."""

    name: ClassVar[str] = "order.paid"


@dataclass(frozen=True, slots=True)
class OrderRefunded(OrderEvent):
    name: ClassVar[str] = "order.refunded"

    refund: Money


BY_STATE: dict[State, type[OrderEvent]] = {
    State.PLACED: OrderPlaced,
    State.ACCEPTED: OrderAccepted,
    State.READY: OrderReady,
    State.ON_ITS_WAY: OrderSent,
    State.FULFILLED: OrderFulfilled,
    State.CANCELED: OrderCanceled,
    State.EXPIRED: OrderExpired,
}

EVENTS: tuple[type[OrderEvent], ...] = (*BY_STATE.values(), OrderPaid, OrderRefunded)
"""All that is announced."""
