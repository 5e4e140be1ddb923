"""The words that every room shares. Standard library only, no input or output."""

from .actors import SYSTEM, Actor, Confirmation, Mandate
from .currencies import Currency, UnknownCurrency, currency
from .ids import (
    BusinessId,
    CollectionId,
    ConversationId,
    DeviceId,
    EventId,
    ImportId,
    MediaId,
    MessageId,
    OrderId,
    OwnerId,
    ProductId,
    RequestId,
    TransferId,
    UserId,
    VariantId,
    derived_id,
    quick_uuid,
    uuid7,
)
from .money import MAX_AMOUNT_MINOR, Money, total
from .names import conversation_name, read_conversation_name, read_user_name, user_name
from .pages import Page
from .phones import Phone, canonical_key
from .problems import Problem

__all__ = [
    "MAX_AMOUNT_MINOR",
    "SYSTEM",
    "Actor",
    "BusinessId",
    "CollectionId",
    "Confirmation",
    "ConversationId",
    "Currency",
    "DeviceId",
    "EventId",
    "ImportId",
    "Mandate",
    "MediaId",
    "MessageId",
    "Money",
    "OrderId",
    "OwnerId",
    "Page",
    "Phone",
    "Problem",
    "ProductId",
    "RequestId",
    "TransferId",
    "UnknownCurrency",
    "UserId",
    "VariantId",
    "canonical_key",
    "conversation_name",
    "currency",
    "derived_id",
    "quick_uuid",
    "read_conversation_name",
    "read_user_name",
    "total",
    "user_name",
    "uuid7",
]
