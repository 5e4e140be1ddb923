"""What money announces."""

from dataclasses import dataclass
from typing import ClassVar

from kirana.platform.events import Event
from kirana.values import Money, OwnerId, RequestId, TransferId

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
class _OfRequest(Event):
    request_id: RequestId
    asker_id: OwnerId
    payer_id: OwnerId | None
    """Whoever was asked; None: anybody who has the reference."""
    amount: Money
    ref: Ref | None
    transfer_id: TransferId | None
    """What paid it."""


@dataclass(frozen=True, slots=True)
class RequestMade(_OfRequest):
    name: ClassVar[str] = "request.made"


@dataclass(frozen=True, slots=True)
class RequestPaid(_OfRequest):
    name: ClassVar[str] = "request.paid"


@dataclass(frozen=True, slots=True)
class RequestDeclined(_OfRequest):
    name: ClassVar[str] = "request.declined"


@dataclass(frozen=True, slots=True)
class RequestCanceled(_OfRequest):
    name: ClassVar[str] = "request.canceled"


@dataclass(frozen=True, slots=True)
class RequestExpired(_OfRequest):
    name: ClassVar[str] = "request.expired"


@dataclass(frozen=True, slots=True)
class BooksBroken(Event):
    """An audit found something: the operator must look before money moves again."""

    name: ClassVar[str] = "books.broken"
    findings: int
    first: str
