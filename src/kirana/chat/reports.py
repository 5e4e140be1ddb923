"""Reports: somebody shows to the operator what another person wrote, and can prove it.

Each encrypted message came with a commitment, HMAC-SHA-256(k, c): c is what it says and k a key
that only its readers have. Whoever shows both can neither invent nor change a word.
"""

import hmac
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import bindparam, delete, select, update

from kirana.platform.db import Q, Row, Tx, upsert
from kirana.platform.problems import NotFound
from kirana.values import Actor, ConversationId, MessageId, UserId

from .hiding import find_seen
from .model import RowKind
from .problems import NotProven
from .tables import reports

MAX_REPORTED = 5
MAX_CLOSED = 200
"""So many of the latest that were closed are listed."""

_SAVE = Q(upsert(reports, ["reporter_id", "message_id"]))
_LIST = Q(
    select(reports)
    .where(reports.c.closed_at.is_(None))
    .order_by(reports.c.created_at, reports.c.message_id)
)
_LIST_CLOSED = Q(
    select(reports)
    .where(reports.c.closed_at.is_not(None))
    .order_by(reports.c.closed_at.desc(), reports.c.message_id)
    .limit(MAX_CLOSED)
)
_CLOSE = Q(
    update(reports)
    .where(reports.c.reporter_id == bindparam("reporter_id_"))
    .where(reports.c.message_id == bindparam("message_id_"))
    .where(reports.c.closed_at.is_(None))
    .values(closed_at=bindparam("now"), closing_note=bindparam("note"))
)
_OF_REPORTER = Q(
    select(reports)
    .where(reports.c.reporter_id == bindparam("user_id"))
    .order_by(reports.c.created_at, reports.c.message_id)
)
_FORGET = Q(delete(reports).where(reports.c.reporter_id == bindparam("user_id")))


class Reason(StrEnum):
    """Why somebody reports a message."""

    SPAM = "spam"
    ABUSE = "abuse"
    THREAT = "threat"
    FRAUD = "fraud"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as its reader opens it: `k` in base64 without padding, and the content `c`."""

    id: MessageId
    k: str
    c: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was proven: this person wrote this, there and then. An operator closes it."""

    reporter_id: UserId
    message_id: MessageId
    conversation_id: ConversationId
    sender_id: UserId
    content: str
    sent_at: int
    created_at: int
    reason: Reason | None
    closed_at: int | None
    closing_note: str | None


def report_messages(
    tx: Tx, shown: Sequence[Shown], reason: Reason | None = None, *, by: Actor
) -> list[Report]:
    """Show messages of others to the operator. All of them are proven, or none is kept.

    Raises: NotFound for what was never sent to `by`, NotProven.
    """
    for one in shown:
        row = find_seen(tx, one.id, by.user_id)
        if row is None or row.k != RowKind.MESSAGE or row.sender_id == by.user_id:
            raise NotFound(message_id=one.id)
        # JSON text holds no NUL, and neither does a database.
        if (
            row.commitment is None
            or "\x00" in one.c
            or not hmac.compare_digest(commit(one.k, one.c), row.commitment)
        ):
            raise NotProven(message_id=one.id)
        tx.do(
            _SAVE,
            reporter_id=by.user_id,
            message_id=one.id,
            conversation_id=row.conversation_id,
            sender_id=row.sender_id,
            content=one.c,
            sent_at=row.created_at,
            created_at=tx.now,
            reason=reason,
        )
    wanted = {one.id for one in shown}
    return [report for report in list_reports_of(tx, by.user_id) if report.message_id in wanted]


def list_reports(tx: Tx, *, is_closed: bool = False) -> list[Report]:
    """What waits for the operator, the oldest first; or what was closed, the latest first."""
    return [_report(row) for row in tx.all(_LIST_CLOSED if is_closed else _LIST)]


def close_reports(tx: Tx, reporter_id: UserId, message_ids: Sequence[MessageId], note: str) -> None:
    """The operator has dealt with these. What is closed already keeps its first note."""
    for message_id in message_ids:
        tx.do(
            _CLOSE, reporter_id_=reporter_id, message_id_=message_id, now=tx.now, note=note.strip()
        )


def list_reports_of(tx: Tx, user_id: UserId) -> list[Report]:
    """For this room only: what this user has reported."""
    return [_report(row) for row in tx.all(_OF_REPORTER, user_id=user_id)]


def forget_reports_of(tx: Tx, user_id: UserId) -> None:
    """For this room only: what somebody reported. What others reported of them stays proven."""
    tx.do(_FORGET, user_id=user_id)


def _report(row: Row) -> Report:
    return Report(
        reporter_id=row.reporter_id,
        message_id=row.message_id,
        conversation_id=row.conversation_id,
        sender_id=row.sender_id,
        content=row.content,
        sent_at=row.sent_at,
        created_at=row.created_at,
        reason=None if row.reason is None else Reason(row.reason),
        closed_at=row.closed_at,
        closing_note=row.closing_note,
    )


def commit(k: str, c: str) -> bytes:
    """The commitment to `c`. Raises: NotProven for a key that is none."""
    try:
        key = b64decode(k + "=" * (-len(k) % 4), validate=True)
        return hmac.digest(key, c.encode(), "sha256")
    except (ValueError, UnicodeEncodeError):
        raise NotProven from None
