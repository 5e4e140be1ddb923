"""What an order is: its states and moves, what it costs, what a refund gives back. Pure.

All arithmetic is in whole minor units and rounds half up. Whatever is printed on a receipt adds
up, because every part is shared out of a whole (`Money.split`) and never computed by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from kirana.values import (
    BusinessId,
    Money,
    OrderId,
    ProductId,
    TransferId,
    UserId,
    VariantId,
    total,
)


class State(StrEnum):
    """Where an order is. Payment is not a state: see `PaymentState`."""

    PLACED = "placed"
    ACCEPTED = "accepted"
    READY = "ready"
    ON_ITS_WAY = "on_its_way"
    FULFILLED = "fulfilled"
    CANCELED = "canceled"
    EXPIRED = "expired"


class Side(StrEnum):
    """Who wants something of an order."""

    BUYER = "buyer"
    SHOP = "shop"


class Method(StrEnum):
    """How the goods reach the buyer. (*Way* is money's word.)"""

    PICKUP = "pickup"
    DELIVERY = "delivery"


class Payment(StrEnum):
    """Where the money comes from."""

    WALLET = "wallet"
    CASH = "cash"
    CARD = "card"


class PaymentState(StrEnum):
    """Where the money is, as `money` tells it."""

    UNPAID = "unpaid"
    HELD = "held"
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"


# Moves

_FORWARD: Mapping[State, tuple[State, ...]] = {
    State.PLACED: (State.ACCEPTED,),
    State.ACCEPTED: (State.READY, State.ON_ITS_WAY, State.FULFILLED),
    State.READY: (State.ON_ITS_WAY, State.FULFILLED),
    State.ON_ITS_WAY: (State.FULFILLED,),
}
OPEN = frozenset(_FORWARD)
"""The states that something still comes after: goods and money are set aside."""


def allowed_moves(state: State, method: Method, side: Side) -> tuple[State, ...]:
    """Where this side may take the order from here, nearest first; `CANCELED` comes last.

    Preparing may be left out, sending too; what is picked up is never sent.
    """
    if side is Side.BUYER:
        return (State.CANCELED,) if state is State.PLACED else ()
    forward = tuple(
        to
        for to in _FORWARD.get(state, ())
        if to is not State.ON_ITS_WAY or method is Method.DELIVERY
    )
    return (*forward, State.CANCELED) if state in OPEN else ()


def waits_for_card(order: "Order") -> bool:
    """Whether the buyer still has to pay by card. Until then the shop promises nothing."""
    return (
        order.payment is Payment.CARD
        and order.payment_state is PaymentState.UNPAID
        and order.state is State.PLACED
    )


# What a cart costs


@dataclass(frozen=True, slots=True)
class TaxPart:
    """One named component of a tax rate, in hundredths of a percent: 9 % is 900."""

    name: str
    rate_bp: int


@dataclass(frozen=True, slots=True)
class TaxRate:
    """The taxes on one class of goods, and whether its prices hold them already."""

    parts: tuple[TaxPart, ...]
    is_included: bool


@dataclass(frozen=True, slots=True)
class Item:
    """What pricing has to know about one line of a cart."""

    unit_price: Money
    quantity: int
    tax: TaxRate | None = None
    is_discountable: bool = True


@dataclass(frozen=True, slots=True)
class DeliveryFee:
    """A flat fee, not asked when the goods, after discount, reach `free_from`."""

    fee: Money
    free_from: Money | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """What one code gives: a share of the goods, an amount, or the way to the door."""

    percent_bp: int = 0
    amount: Money | None = None
    is_free_delivery: bool = False


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line of a quote. Of `amount`, `discount` is taken off; `tax` is included or added."""

    amount: Money
    discount: Money
    tax: Money
    paid: Money
    """What this line is of the total, with added tax and its share of cash rounding: the most
    that can be refunded for it."""


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One component of one rate over the whole cart."""

    name: str
    rate_bp: int
    is_included: bool
    amount: Money


@dataclass(frozen=True, slots=True)
class Quote:
    """What a cart costs: `goods − discount + delivery + added taxes + rounding = total`."""

    lines: tuple[PricedLine, ...]
    goods: Money
    discount: Money
    delivery: PricedLine
    taxes: tuple[TaxLine, ...]
    rounding: Money
    total: Money


def price(
    items: Sequence[Item],
    currency: str,
    *,
    delivery: DeliveryFee | None = None,
    discount: Discount | None = None,
    cash_step_minor: int = 1,
) -> Quote:
    """What these items cost together. The total is rounded to `cash_step_minor`."""
    zero = Money.zero(currency)
    amounts = [item.unit_price * item.quantity for item in items]
    goods = total(amounts, currency)

    discounts = _discounts(items, amounts, discount, currency)
    nets = [amount - off for amount, off in zip(amounts, discounts, strict=True)]
    net = total(nets, currency)

    fee = zero if discount and discount.is_free_delivery else _fee(delivery, net)

    taxes, tax_shares, added_shares = _taxes(items, nets, fee, currency)
    dues = [n + added for n, added in zip((*nets, fee), added_shares, strict=True)]
    due = total(dues, currency)
    payable = Money(_rounded(due.amount_minor, 1, cash_step_minor) * cash_step_minor, currency)
    paid = _shared(payable, dues)

    *lines, delivered = (
        PricedLine(amount, off, tax, part)
        for amount, off, tax, part in zip(
            (*amounts, fee), (*discounts, zero), tax_shares, paid, strict=True
        )
    )
    return Quote(
        lines=tuple(lines),
        goods=goods,
        discount=total(discounts, currency),
        delivery=delivered,
        taxes=taxes,
        rounding=payable - due,
        total=payable,
    )


def _discounts(
    items: Sequence[Item], amounts: Sequence[Money], discount: Discount | None, currency: str
) -> list[Money]:
    """What is taken off each line: computed on the sum of those it is for, then shared out."""
    eligible = [
        amount if item.is_discountable else Money.zero(currency)
        for item, amount in zip(items, amounts, strict=True)
    ]
    if discount is None:
        return [Money.zero(currency)] * len(items)
    whole = total(eligible, currency)
    off = Money(_rounded(whole.amount_minor, discount.percent_bp, 10_000), currency)
    if discount.amount is not None:
        off += discount.amount
    return _shared(min(off, whole), eligible)


def _fee(delivery: DeliveryFee | None, net: Money) -> Money:
    if delivery is None or (delivery.free_from is not None and net >= delivery.free_from):
        return Money.zero(net.currency)
    return delivery.fee


def _taxes(
    items: Sequence[Item], nets: Sequence[Money], fee: Money, currency: str
) -> tuple[tuple[TaxLine, ...], list[Money], list[Money]]:
    """The taxes by rate and component; then, for each line and last the fee, its share of all
    tax and of the tax that is added to the price.

    A rate is applied once, to the sum of its lines and its part of the fee. The fee belongs to
    the rates in proportion to the goods it brings.
    """
    zero = Money.zero(currency)
    taxes: list[TaxLine] = []
    tax_shares = [zero] * (len(items) + 1)
    added_shares = [zero] * (len(items) + 1)
    rates = list(dict.fromkeys(item.tax for item in items))
    by_rate = [
        [net if item.tax == rate else zero for item, net in zip(items, nets, strict=True)]
        for rate in rates
    ]
    fees = _shared(fee, [total(of_rate, currency) for of_rate in by_rate])
    for rate, of_rate, fee_part in zip(rates, by_rate, fees, strict=True):
        if rate is None:
            continue
        bases = [*of_rate, fee_part]
        base = total(bases, currency).amount_minor
        whole_bp = 10_000 + (sum(part.rate_bp for part in rate.parts) if rate.is_included else 0)
        for part in rate.parts:
            tax = Money(_rounded(base, part.rate_bp, whole_bp), currency)
            taxes.append(TaxLine(part.name, part.rate_bp, rate.is_included, tax))
            for i, share in enumerate(_shared(tax, bases)):
                tax_shares[i] += share
                if not rate.is_included:
                    added_shares[i] += share
    return tuple(taxes), tax_shares, added_shares


def _shared(amount: Money, by: Sequence[Money]) -> list[Money]:
    """`amount` in proportion to `by`; to the first where nothing weighs anything."""
    if not by:
        return []
    weights = [part.amount_minor for part in by]
    return amount.split(weights if any(weights) else [1, *weights[1:]])


def _rounded(amount: int, numerator: int, denominator: int) -> int:
    """`amount · numerator / denominator` to the nearest whole, half up; nothing is negative."""
    return (2 * amount * numerator + denominator) // (2 * denominator)


# What a refund gives back


@dataclass(frozen=True, slots=True)
class Returned:
    """What goes back for some units of a line, each amount out of that line's own."""

    paid: Money
    discount: Money
    tax: Money


def returned(line: PricedLine, quantity: int, *, before: int, now: int) -> Returned:
    """What is owed for `now` of `quantity` units when `before` were given back already.

    Rounding is cumulative: after `k` units, `round(paid · k / quantity)` went back in all, so the
    last unit settles the line to the cent.
    """
    assert 0 <= before <= before + now <= quantity

    def part(amount: Money) -> Money:
        after = _rounded(amount.amount_minor, before + now, quantity)
        return Money(after - _rounded(amount.amount_minor, before, quantity), amount.currency)

    return Returned(part(line.paid), part(line.discount), part(line.tax))


def payment_state(due: Money, held: Money, captured: Money, refunded: Money) -> PaymentState:
    """Where the money of an order is. What costs nothing is paid."""
    if not due:
        return PaymentState.PAID
    if captured < due and not refunded:
        return PaymentState.HELD if held else PaymentState.UNPAID
    if not refunded:
        return PaymentState.PAID
    return PaymentState.REFUNDED if refunded >= captured else PaymentState.PART_REFUNDED


# The order


ShortText = Annotated[str, Meta(max_length=200)]
NoteText = Annotated[str, Meta(max_length=500, pattern="^[^\\x00]*$")]
"""A few lines. (PostgreSQL keeps no NUL.)"""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to bring it. One line may say it all: streets have no numbers everywhere."""

    street: ShortText
    city: ShortText = ""
    postcode: ShortText = ""
    note: ShortText = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask for, and how to reach them should the chat fail."""

    name: ShortText
    phone: ShortText | None = None
    email: ShortText | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What was promised: a copy, so later edits of the product change nothing."""

    variant_id: VariantId
    product_id: ProductId
    name: str
    options: tuple[str, ...]
    """What was chosen: `("L", "red")`."""
    sku: str | None
    picture_id: str | None
    unit_price: Money
    quantity: int
    amount: Money
    discount: Money
    tax: Money
    paid: Money
    returned: int = 0
    """Units that were refunded."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to the order."""

    name: str
    """A state, or `paid` or `refunded`."""
    at: int
    by_id: UserId
    note: str = ""
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class RefundedLine:
    """Units of a line that were given back, and for how much."""

    variant_id: VariantId
    quantity: int
    returned: Returned


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that went back, for some units, for the delivery, or as a free amount."""

    id: TransferId
    """That of the transfer that brought it back."""
    order_id: OrderId
    amount: Money
    lines: tuple[RefundedLine, ...]
    has_delivery: bool
    reason: str
    credit_note: str
    """The number of its credit note."""
    by_id: UserId
    created_at: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order as one of its two sides sees it."""

    id: OrderId
    business_id: BusinessId
    buyer_id: UserId
    number: int
    token: str
    """The unguessable end of its public link."""
    state: State
    method: Method
    payment: Payment
    payment_state: PaymentState
    captured: Money
    refunded: Money
    lines: tuple[Line, ...]
    goods: Money
    discount: Money
    delivery: PricedLine
    taxes: tuple[TaxLine, ...]
    rounding: Money
    total: Money
    address: Address | None
    contact: Contact
    note: str
    placed_at: int
    changed_at: int
    held_until: int
    """Until when it waits to be accepted; afterwards it expires by itself."""
    paid_at: int | None
    receipt_number: str | None
    """The receipt's, once it is paid."""
    refunds: tuple[Refund, ...]
    steps: tuple[Step, ...]
    moves: tuple[State, ...]
    """Where the one who asked may take it."""
    may_collect: bool
    """Whether they may say that the cash came in."""
    may_refund: bool
    """Whether they may give something back."""
