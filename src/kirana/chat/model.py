"""What a conversation is. Pure: it knows no database and no wire."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from kirana.values import ConversationId, MessageId, UserId


class Kind(StrEnum):
    """Who can read a conversation. Chosen at birth, never changed."""

    PRIVATE = "private"
    """Its members' devices only. The server keeps no readable word of it."""
    BUSINESS = "business"
    """The customer, that shop's team and this server."""


class Form(StrEnum):
    """How many take part. Never changed either."""

    DIRECT = "direct"
    GROUP = "group"
    LIVE = "live"


class RowKind(StrEnum):
    """What an entry of a conversation is. All share one sequence of numbers."""

    MESSAGE = "message"
    FACT = "fact"
    DELETION = "deletion"
    CHANGE = "change"


class Role(StrEnum):
    """What a member of a group may do. Admins say who belongs to it, and what it is called."""

    MEMBER = "member"
    ADMIN = "admin"


class Circle(StrEnum):
    """Which members of a group may do something."""

    EVERYBODY = "everybody"
    ADMINS = "admins"


class ChangeKind(StrEnum):
    """What happened to a conversation itself."""

    JOINED = "joined"
    LEFT = "left"
    REMOVED = "removed"
    ROLE = "role"
    TIMER = "timer"
    PERMISSIONS = "permissions"
    KEYS = "keys"
    REQUESTED = "requested"
    ACCEPTED = "accepted"


class MemberState(StrEnum):
    """How far somebody belongs to a conversation. Whoever a stranger wrote to is `requested`."""

    REQUESTED = "requested"
    JOINED = "joined"
    LEFT = "left"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sender hears: the number and the time that the server gave to a message."""

    id: MessageId
    conversation_id: ConversationId
    seq: int
    created_at: int


@dataclass(frozen=True, slots=True)
class Mark:
    """How far somebody has received and read a conversation. Both numbers only grow."""

    conversation_id: ConversationId
    user_id: UserId
    delivered_seq: int
    read_seq: int


MAX_PINNED = 5
"""Conversations that somebody keeps at the top of their list."""
MAX_MEMBERS = 256
"""People in a group, requested ones included."""
REQUEST_MESSAGES = 3
"""What a stranger may write before being accepted."""
TIMERS_S = (0, 24 * 3600, 7 * 24 * 3600, 90 * 24 * 3600)
"""After how long messages disappear, in seconds; 0 is never."""
MAX_SEALED_BYTES = 100 * 1024 * 1024
MAX_VIDEO_BYTES = 64 * 1024 * 1024
"""An encrypted file."""
MAX_PART_BYTES = 2 * 1024 * 1024
MAX_PARTS = 256
EDIT_WITHIN_MS = 24 * 60 * 60 * 1000
"""How long the words of a message may be changed."""


def pair_key(kind: Kind, a: UUID, b: UUID) -> str:
    """Equal for the same two users, whoever asks. There is one direct conversation for each."""
    first, second = sorted((a.hex, b.hex))
    return f"{kind}:{first}:{second}"
