"""The files that take payouts to the operator's bank: one for a currency and a day, and a payout is
in one of them only. What a file says is written once, when it is first asked for, and given again
as it is."""

from dataclasses import dataclass

from sqlalchemy import and_, bindparam, cast, func, insert, select, update

from kirana.platform.db import Int, Q, Row, Tx
from kirana.platform.problems import IdReused, NotFound
from kirana.values import SYSTEM, Actor, Money, PayoutFileId

from ..days import day_of
from ..flows.payout_rules import payout_rule
from ..flows.payouts import save
from ..owners import find_owner, require_operator
from ..problems import NothingToPayOut, PayoutAccountMissing
from ..rails import epc
from ..tables import payout_files, payout_votes, payouts
from .orders import BankOrder, BankPayment

MOST = 5000
"""Payouts in one file: the rest waits for the next."""
_SHOWN = 60

_open = (
    select(
        payouts.c.file_id,
        cast(func.count(), Int).label("open_count"),
    )
    .where(payouts.c.state.in_(["asked", "sent"]))
    .group_by(payouts.c.file_id)
    .subquery("open")
)
_FILE = select(payout_files, _open.c.open_count).outerjoin_from(
    payout_files, _open, _open.c.file_id == payout_files.c.id
)
_FIND = Q(_FILE.where(payout_files.c.id == bindparam("id")))
_OF_DAY = Q(
    _FILE.where(
        payout_files.c.currency == bindparam("currency"), payout_files.c.day == bindparam("day")
    )
)
_LATEST = Q(
    _FILE.order_by(payout_files.c.created_at.desc(), payout_files.c.id.desc()).limit(_SHOWN)
)
_votes = (
    select(cast(func.count(), Int))
    .where(payout_votes.c.payout_id == payouts.c.transfer_id)
    .correlate(payouts)
    .scalar_subquery()
)
_WAITING = Q(
    select(payouts)
    .where(
        and_(
            payouts.c.state == "asked",
            payouts.c.currency == bindparam("currency"),
            payouts.c.rail.is_not(None),
            payouts.c.file_id.is_(None),
            payouts.c.approvals <= _votes,
        )
    )
    .order_by(payouts.c.created_at, payouts.c.transfer_id)
    .limit(MOST)
)
_IN_FILE = Q(
    select(payouts)
    .where(payouts.c.file_id == bindparam("file_id"))
    .order_by(payouts.c.created_at, payouts.c.transfer_id)
)
_ADD = Q(insert(payout_files))
_KEEP = Q(
    update(payout_files)
    .where(payout_files.c.id == bindparam("id_"), payout_files.c.content.is_(None))
    .values(content=bindparam("content_"))
)
_SENT = Q(
    update(payout_files)
    .where(payout_files.c.id == bindparam("id_"), payout_files.c.sent_at.is_(None))
    .values(sent_at=bindparam("sent_at_"), sent_by=bindparam("sent_by_"))
)


@dataclass(frozen=True, slots=True)
class PayoutFile:
    """Of `payout_count` payouts, `open_count` have not arrived or come back yet."""

    id: PayoutFileId
    currency: str
    day: str
    name: str
    payout_count: int
    open_count: int
    total: Money
    created_at: int
    sent_at: int | None
    changed_at: int | None
    """When it was last written anew, since somebody in it was erased."""
    original_hash: str | None
    """The SHA-256 of what it said first, if that was something else."""


@dataclass(frozen=True, slots=True)
class FileDraft:
    """What a file is written from, or (`content`) was."""

    name: str
    content: bytes | None
    order: BankOrder


def make_payout_file(tx: Tx, id: PayoutFileId, currency: str, *, by: Actor) -> PayoutFile:
    """Put all that waits to be paid by bank, and is agreed on, into the file of this day. Whoever
    asks again on the same day gets the same file; what was asked for since waits for the next.

    Raises: NotAllowed unless an operator does it; NothingToPayOut; PayoutAccountMissing; IdReused.
    """
    require_operator(tx, by=by)
    if (known := tx.one(_FIND, id=id)) and known.currency != currency:
        raise IdReused(id=str(id))
    owner = find_owner(tx, by.user_id)
    day = day_of(tx.now, owner.zone if owner and by is not SYSTEM else "UTC")
    if known := known or tx.one(_OF_DAY, currency=currency, day=day):
        return _file(known)
    waiting = tx.all(_WAITING, currency=currency)
    if not waiting:
        raise NothingToPayOut()
    account = payout_rule(tx, currency).account
    is_sepa = currency == epc.CURRENCY
    if is_sepa and account is None:
        raise PayoutAccountMissing(currency=currency)
    tx.do(
        _ADD,
        id=id,
        currency=currency,
        day=day,
        format="pain.001" if is_sepa else "csv",
        payout_count=len(waiting),
        total_minor=sum(row.amount_minor for row in waiting),
        account=account if is_sepa else None,
        content=None,
        by_id=by.person_id,
        created_at=tx.now,
        sent_at=None,
        sent_by=None,
        original_hash=None,
        changed_at=None,
    )
    for row in waiting:
        save(tx, row, file_id=id)
    return _file(_require(tx, id))


def draft_file(tx: Tx, id: PayoutFileId, *, by: Actor) -> FileDraft:
    """Whoever is erased by now has no name and no account in it.

    Raises: NotAllowed unless an operator asks; NotFound.
    """
    require_operator(tx, by=by)
    row = _require(tx, id)
    if row.content is None and row.account is None and row.format != "csv":
        raise NotFound()  # from when such files went as a whole
    payments = [
        BankPayment(it.reference, it.details, Money(it.amount_minor, it.currency))
        for it in tx.all(_IN_FILE, file_id=id)
    ]
    order = BankOrder(row.id, row.format, row.day, row.account, payments)
    return FileDraft(_name(row), row.content, order)


def keep_file(tx: Tx, id: PayoutFileId, content: bytes, *, by: Actor) -> bytes:
    """What was written first is what the file says. Raises: NotAllowed, NotFound."""
    require_operator(tx, by=by)
    tx.do(_KEEP, id_=id, content_=content)
    kept: bytes = _require(tx, id).content
    return kept


def mark_file_sent(tx: Tx, id: PayoutFileId, *, by: Actor) -> PayoutFile:
    """The bank has it: what is in it is on its way. Safe to repeat.

    Raises: NotAllowed unless an operator does it; NotFound.
    """
    require_operator(tx, by=by)
    _require(tx, id)
    if tx.do(_SENT, id_=id, sent_at_=tx.now, sent_by_=by.person_id):
        for row in tx.all(_IN_FILE, file_id=id):
            if row.state == "asked":
                save(tx, row, state="sent")
    return _file(_require(tx, id))


def list_payout_files(tx: Tx, *, by: Actor) -> list[PayoutFile]:
    """For operators: the latest files. Raises: NotAllowed."""
    require_operator(tx, by=by)
    return [_file(row) for row in tx.all(_LATEST)]


def _require(tx: Tx, id: PayoutFileId) -> Row:
    row = tx.one(_FIND, id=id)
    if row is None:
        raise NotFound()
    return row


def _name(row: Row) -> str:
    ending = "xml" if row.format == "pain.001" else "csv"
    return f"payouts-{row.currency}-{row.day}.{ending}"


def _file(row: Row) -> PayoutFile:
    return PayoutFile(
        id=row.id,
        currency=row.currency,
        day=row.day,
        name=_name(row),
        payout_count=row.payout_count,
        open_count=row.open_count or 0,
        total=Money(row.total_minor, row.currency),
        created_at=row.created_at,
        sent_at=row.sent_at,
        changed_at=row.changed_at,
        original_hash=row.original_hash.hex() if row.original_hash else None,
    )
