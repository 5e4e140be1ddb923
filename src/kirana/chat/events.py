"""What this room announces: of business conversations only. Of private ones nobody hears."""

from dataclasses import dataclass
from typing import ClassVar

from kirana.platform.events import Event
from kirana.values import BusinessId, ConversationId, MessageId, UserId


@dataclass(frozen=True, slots=True)
class MessageSent(Event):
    """Somebody said something in a conversation with a shop."""

    name: ClassVar[str] = "message.sent"
    conversation_id: ConversationId
    business_id: BusinessId
    message_id: MessageId
    seq: int
    sender_id: UserId
    is_automatic: bool


@dataclass(frozen=True, slots=True)
class ConversationWoke(Event):
    """A customer wrote for the first time, or after a silence of at least a day.

    `silence_ms` is how long nobody had said anything; None when nobody ever had.
    """

    name: ClassVar[str] = "conversation.woke"
    conversation_id: ConversationId
    business_id: BusinessId
    customer_id: UserId
    message_id: MessageId
    silence_ms: int | None


@dataclass(frozen=True, slots=True)
class ReceiptChanged(Event):
    """Somebody has received or read more of a conversation with a shop."""

    name: ClassVar[str] = "receipt.changed"
    conversation_id: ConversationId
    business_id: BusinessId
    user_id: UserId
    delivered_seq: int
    read_seq: int
