"""What money announces."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from kirana.platform.events import Event
from kirana.values import (
    CardAccountId,
    Money,
    OwnerId,
    PaymentAddressId,
    RailPaymentId,
    RequestId,
    SplitId,
    StandingOrderId,
    TransferId,
)

from .model import Kind, Ref, Way


@dataclass(frozen=True, slots=True)
class _OfTransfer(Event):
    transfer_id: TransferId
    kind: Kind
    payer_id: OwnerId
    payee_id: OwnerId
    amount: Money
    way: Way
    purpose: str
    ref: Ref | None
    hold_id: TransferId | None
    reverses_id: TransferId | None


@dataclass(frozen=True, slots=True)
class TransferPosted(_OfTransfer):
    """Money has moved for good: a payment, the capture of a hold, a refund (`reverses_id`)."""

    name: ClassVar[str] = "transfer.posted"


@dataclass(frozen=True, slots=True)
class TransferVoided(_OfTransfer):
    """The money that `hold_id` had set aside went back; `purpose` says why."""

    name: ClassVar[str] = "transfer.voided"


@dataclass(frozen=True, slots=True)
class TransferExpired(_OfTransfer):
    """The money that `hold_id` had set aside went back, since its time was over."""

    name: ClassVar[str] = "transfer.expired"


@dataclass(frozen=True, slots=True)
class RequestEvent(Event):
    """What became of a request for money."""

    request_id: RequestId
    asker_id: OwnerId
    payer_id: OwnerId | None
    """Whoever was asked; None: anybody who has the reference."""
    amount: Money
    ref: Ref | None
    transfer_id: TransferId | None
    """What paid it."""


@dataclass(frozen=True, slots=True)
class RequestMade(RequestEvent):
    name: ClassVar[str] = "request.made"


@dataclass(frozen=True, slots=True)
class RequestPaid(RequestEvent):
    name: ClassVar[str] = "request.paid"


@dataclass(frozen=True, slots=True)
class RequestDeclined(RequestEvent):
    name: ClassVar[str] = "request.declined"


@dataclass(frozen=True, slots=True)
class RequestCanceled(RequestEvent):
    name: ClassVar[str] = "request.canceled"


@dataclass(frozen=True, slots=True)
class RequestExpired(RequestEvent):
    name: ClassVar[str] = "request.expired"


REQUEST_ENDS = (RequestPaid, RequestDeclined, RequestCanceled, RequestExpired)
"""How a request ends."""


@dataclass(frozen=True, slots=True)
class RequestReminded(RequestEvent):
    """The asker has reminded the payer."""

    name: ClassVar[str] = "request.reminded"


@dataclass(frozen=True, slots=True)
class _OfSplit(Event):
    split_id: SplitId
    payee_id: OwnerId
    amount: Money
    """The whole bill."""
    ref: Ref | None


@dataclass(frozen=True, slots=True)
class SplitMade(_OfSplit):
    name: ClassVar[str] = "split.made"


@dataclass(frozen=True, slots=True)
class SplitReminded(_OfSplit):
    name: ClassVar[str] = "split.reminded"


@dataclass(frozen=True, slots=True)
class SplitClosed(_OfSplit):
    """Every share has ended, whatever way."""

    name: ClassVar[str] = "split.closed"


@dataclass(frozen=True, slots=True)
class ClaimEvent(Event):
    """The payer of a request says that they paid it from their bank, and what is said to that."""

    claim_id: TransferId
    request_id: RequestId
    payer_id: OwnerId
    payee_id: OwnerId
    amount: Money
    rail: str
    ref: Ref | None
    """What the request is for."""


@dataclass(frozen=True, slots=True)
class ClaimMade(ClaimEvent):
    name: ClassVar[str] = "claim.made"


@dataclass(frozen=True, slots=True)
class ClaimRejected(ClaimEvent):
    """The payee says that nothing came."""

    name: ClassVar[str] = "claim.rejected"


@dataclass(frozen=True, slots=True)
class AddressChanged(Event):
    """Where an owner is paid by a rail has changed; `is_active` is False when it has ended."""

    name: ClassVar[str] = "address.changed"
    address_id: PaymentAddressId
    owner_id: OwnerId
    rail: str
    currency: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class CardAccountDue(Event):
    """What the key of an owner's own account may do is to be asked."""

    name: ClassVar[str] = "card_account.due"
    card_account_id: CardAccountId


@dataclass(frozen=True, slots=True)
class CardAccountChanged(Event):
    """An owner is paid by card through an account of their own from now on, or no longer."""

    name: ClassVar[str] = "card_account.changed"
    card_account_id: CardAccountId
    owner_id: OwnerId
    is_on: bool


@dataclass(frozen=True, slots=True)
class PayoutSettled(Event):
    """What an owner took out has arrived."""

    name: ClassVar[str] = "payout.settled"
    payout_id: TransferId
    owner_id: OwnerId
    amount: Money


@dataclass(frozen=True, slots=True)
class PayoutFailed(Event):
    """What an owner took out did not arrive, or came back: it is in the wallet again. `reason` is a
    code."""

    name: ClassVar[str] = "payout.failed"
    payout_id: TransferId
    owner_id: OwnerId
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class DifferenceFound(Event):
    """A day of an owner's bank has closed with `lines` that nothing here explains, `amount` in
    all."""

    name: ClassVar[str] = "difference.found"
    owner_id: OwnerId
    day: str
    amount: Money
    lines: int


@dataclass(frozen=True, slots=True)
class RailPaymentDue(Event):
    """There is a call to a provider to be made."""

    name: ClassVar[str] = "rail_payment.due"
    payment_id: RailPaymentId
    looks: bool


@dataclass(frozen=True, slots=True)
class RailLinesDue(Event):
    """What a provider has written down of our money is to be read."""

    name: ClassVar[str] = "rail_lines.due"
    rail: str


@dataclass(frozen=True, slots=True)
class CardPaymentEnded(Event):
    """A payment by card, for `ref`, will not be made: the payer did not, or the bank would not."""

    name: ClassVar[str] = "card_payment.ended"
    payment_id: RailPaymentId
    ref: Ref | None
    amount: Money


@dataclass(frozen=True, slots=True)
class CardPaymentHeld(Event):
    """The bank has set the money aside for `ref`."""

    name: ClassVar[str] = "card_payment.held"
    payment_id: RailPaymentId
    ref: Ref | None
    amount: Money


@dataclass(frozen=True, slots=True)
class DisputeOpened(Event):
    """A payer has called a payment by card in question, and its money was taken back: of
    `bearer_id`, except for the `shortfall`, which the operator bears."""

    name: ClassVar[str] = "dispute.opened"
    dispute_id: RailPaymentId
    bearer_id: OwnerId
    amount: Money
    shortfall: Money
    ref: Ref | None


@dataclass(frozen=True, slots=True)
class StandingOrderRefused(Event):
    """The payment of a standing order whose day has come was not made, for `problem`. It is tried
    again on the next day, unless this try `is_last`."""

    name: ClassVar[str] = "standing_order.refused"
    order_id: StandingOrderId
    payer_id: OwnerId
    payee_id: OwnerId
    amount: Money
    problem: str
    is_last: bool


@dataclass(frozen=True, slots=True)
class _OfReview(Event):
    transfer_id: TransferId
    payer_id: OwnerId
    payee_id: OwnerId
    amount: Money


@dataclass(frozen=True, slots=True)
class ReviewNeeded(_OfReview):
    """A payment waits until operators have looked at it."""

    name: ClassVar[str] = "review.needed"


@dataclass(frozen=True, slots=True)
class ReviewEnded(_OfReview):
    """A payment that waited went through, or back."""

    name: ClassVar[str] = "review.ended"
    how: Literal["released", "rejected", "expired"]


@dataclass(frozen=True, slots=True)
class BooksSealed(Event):
    """The books were gone through on a day. `head` is the last block, signed, as JSON: what
    somebody keeps who does not want to believe the database alone."""

    name: ClassVar[str] = "books.sealed"
    day: str
    block: int
    hash: str
    head: str


@dataclass(frozen=True, slots=True)
class BooksBroken(Event):
    """An audit found something: the operator must look before money moves again."""

    name: ClassVar[str] = "books.broken"
    findings: int
    first: str
