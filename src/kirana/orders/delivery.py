"""How a shop hands over its goods: pickup, delivery, and what delivery costs."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from kirana import business
from kirana.platform.db import Q, Tx, upsert
from kirana.platform.stream import Change
from kirana.values import Actor, BusinessId, Money

from .model import DeliveryFee, Method, NoteText
from .problems import MethodUnavailable, invalid
from .tables import deliveries

_FIND = Q(select(deliveries).where(deliveries.c.business_id == bindparam("business_id")))
_SAVE = Q(
    upsert(
        deliveries,
        ["business_id"],
        [column.name for column in deliveries.c if column.name != "business_id"],
    )
)


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """What the shop offers. `pickup_note` says where and when, `delivery_note` how far it goes."""

    has_pickup: bool
    has_delivery: bool
    fee: Money
    free_from: Money | None
    minimum: Money
    """The smallest sum of goods that is brought."""
    pickup_note: NoteText = ""
    delivery_note: NoteText = ""

    def fee_for(self, method: Method) -> DeliveryFee | None:
        return DeliveryFee(self.fee, self.free_from) if method is Method.DELIVERY else None

    def require(self, method: Method) -> None:
        """Raises: MethodUnavailable."""
        if method not in self.methods:
            raise MethodUnavailable(method=method, available=self.methods)

    @property
    def currency(self) -> str:
        return self.fee.currency

    @property
    def methods(self) -> tuple[Method, ...]:
        offered = {Method.PICKUP: self.has_pickup, Method.DELIVERY: self.has_delivery}
        return tuple(method for method, is_offered in offered.items() if is_offered)


def get_delivery(tx: Tx, business_id: BusinessId) -> DeliverySettings:
    """What the shop offers; pickup alone until it says otherwise."""
    row = tx.one(_FIND, business_id=business_id)
    currency = business.get_business(tx, business_id).currency
    if row is None:
        nothing = Money.zero(currency)
        return DeliverySettings(True, False, fee=nothing, free_from=None, minimum=nothing)
    return DeliverySettings(
        has_pickup=row.has_pickup,
        has_delivery=row.has_delivery,
        fee=Money(row.fee_minor, currency),
        free_from=None if row.free_from_minor is None else Money(row.free_from_minor, currency),
        minimum=Money(row.minimum_minor, currency),
        pickup_note=row.pickup_note,
        delivery_note=row.delivery_note,
    )


def set_delivery(
    tx: Tx, business_id: BusinessId, settings: DeliverySettings, *, by: Actor
) -> DeliverySettings:
    """Say how the shop hands over its goods.

    Raises: NotAllowed, InvalidInput.
    """
    business.require(tx, business_id, business.Role.MANAGER, by=by)
    currency = business.get_business(tx, business_id).currency
    for amount in (settings.fee, settings.minimum, settings.free_from or settings.fee):
        if amount.currency != currency or amount.amount_minor < 0:
            raise invalid("fee", f"Amounts are not negative, and in {currency}.")
    if not settings.methods:
        raise invalid("has_pickup", "There must be a way to get the goods.")
    tx.do(
        _SAVE,
        business_id=business_id,
        has_pickup=settings.has_pickup,
        pickup_note=settings.pickup_note,
        has_delivery=settings.has_delivery,
        delivery_note=settings.delivery_note,
        fee_minor=settings.fee.amount_minor,
        free_from_minor=None if settings.free_from is None else settings.free_from.amount_minor,
        minimum_minor=settings.minimum.amount_minor,
        changed_at=tx.now,
    )
    tx.publish([business_id], Change("delivery", business_id))
    return get_delivery(tx, business_id)
