"""Every kind of id. Ids are UUIDs of version 7 and are chosen by the client that creates the thing.

What the server derives from one (a fact from an event, a step from a transfer) has version 8, so
that nobody outside can occupy it: the edge takes version 7 only.
"""

import secrets
import time
from hashlib import sha256
from threading import Lock
from typing import NewType
from uuid import UUID, SafeUUID

UserId = NewType("UserId", UUID)
BusinessId = NewType("BusinessId", UserId)
"""A shop is also a user, so its id serves wherever a user's does."""
OwnerId = UUID
"""Who holds money. Opaque: a person, a guest, a shop or the operator."""
DeviceId = NewType("DeviceId", UUID)
ConversationId = NewType("ConversationId", UUID)
MessageId = NewType("MessageId", UUID)
MediaId = NewType("MediaId", UUID)
ProductId = NewType("ProductId", UUID)
VariantId = NewType("VariantId", UUID)
CollectionId = NewType("CollectionId", UUID)
ImportId = NewType("ImportId", UUID)
OrderId = NewType("OrderId", UUID)
TransferId = NewType("TransferId", UUID)
RequestId = NewType("RequestId", UUID)
PaymentAddressId = NewType("PaymentAddressId", UUID)
SplitId = NewType("SplitId", UUID)
StandingOrderId = NewType("StandingOrderId", UUID)
BankImportId = NewType("BankImportId", UUID)
BankLineId = NewType("BankLineId", UUID)
PayoutFileId = NewType("PayoutFileId", UUID)
FeeId = NewType("FeeId", UUID)
QuoteId = NewType("QuoteId", UUID)
RateId = NewType("RateId", UUID)
RailPaymentId = NewType("RailPaymentId", UUID)
CardAccountId = NewType("CardAccountId", UUID)
"""A payment through a provider, such as one by card."""
EventId = NewType("EventId", UUID)
NoticeId = NewType("NoticeId", UUID)


_TICKS_PER_MS = 1 << 12
_lock = Lock()
_last_tick = 0


def uuid7() -> UUID:
    """A new id: 48 bits of milliseconds, 12 bits of a fraction of one, 62 random bits.

    Of two ids from one process the later one is the greater, whatever the clock does: what a
    transaction tells is heard in the order in which it was told.
    Source: RFC 9562 sections 5.7 and 6.2, methods 3 and 1.
    """
    global _last_tick
    with _lock:
        _last_tick = max(time.time_ns() * _TICKS_PER_MS // 1_000_000, _last_tick + 1)
        tick = _last_tick
    milliseconds, fraction = divmod(tick, _TICKS_PER_MS)
    return _uuid(milliseconds, fraction.to_bytes(2, "big") + secrets.token_bytes(8), version=7)


def derived_id(parent: UUID, step: str, number: int = 0) -> UUID:
    """The id of the `number`-th `step` that the server takes because of `parent`.

    The 48 time bits are the parent's; the rest is SHA-256(parent ‖ step ‖ number).
    Source: RFC 9562 section 5.8.
    """
    digest = sha256(parent.bytes + step.encode() + number.to_bytes(8, "big")).digest()
    return _uuid(parent.int >> 80, digest[:10], version=8)


def quick_uuid(raw: bytes) -> UUID:
    """The UUID of 16 bytes, without the checks that `UUID` makes of what it is given."""
    return _made(int.from_bytes(raw, "big"))


def _uuid(milliseconds: int, rest: bytes, *, version: int) -> UUID:
    value = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(rest, "big")
    value = value & ~(0xF << 76) | version << 76
    return _made(value & ~(0b11 << 62) | 0b10 << 62)


def _made(value: int) -> UUID:
    made = object.__new__(UUID)
    _set_int(made, value)
    _set_is_safe(made, _UNKNOWN)
    return made


_set_int, _set_is_safe = UUID.int.__set__, UUID.is_safe.__set__  # type: ignore[attr-defined, misc]
_UNKNOWN = SafeUUID.unknown
