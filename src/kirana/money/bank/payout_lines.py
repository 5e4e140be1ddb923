"""What the operator's bank says of payouts: that one has gone, or that it came back.

A line tells of a payout by its reference, which went along as the end-to-end id. Only lines that
operators bring are heard. Where bank and books do not say the same, nothing is moved, and an
operator looks.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, select, update

from kirana.platform.db import Q, Row, Tx, any_of
from kirana.values import Actor, BankLineId, TransferId, derived_id

from ..flows.payouts import Attention, bring_back, find_row, save, settle
from ..owners import is_operator
from ..problems import LedgerRefusal
from ..tables import bank_lines, payouts
from ..topups import Source
from .matching import references_in, texts_of

_LINES = Q(select(bank_lines).where(any_of(bank_lines.c.id, "ids")).order_by(bank_lines.c.id))
_FORMAT = Q(select(bank_lines.c.format).where(bank_lines.c.id == bindparam("id")))
_BY_REFERENCE = Q(
    select(payouts.c.transfer_id, payouts.c.reference, payouts.c.currency).where(
        any_of(payouts.c.reference, "references")
    )
)
_PUT_AWAY = Q(
    update(bank_lines)
    .where(bank_lines.c.id == bindparam("id_"))
    .values(
        put_away=bindparam("put_away"), put_away_by=bindparam("by_id"), put_away_at=bindparam("now")
    )
)


def match_payout_lines(tx: Tx, ids: Sequence[BankLineId], *, by: Actor) -> None:
    """Find the payouts of which lines tell that have just come in."""
    if not ids or not is_operator(tx, by.user_id):
        return
    lines = tx.all(_LINES, ids=list(ids))
    told = payouts_in(tx, lines)
    # What went is heard before what came back of it, however the file is sorted.
    for line in sorted(lines, key=lambda it: bool(it.amount_minor > 0)):
        if line.id in told and (row := find_row(tx, told[line.id])):
            hear = _came_back if line.amount_minor > 0 else _went
            hear(tx, line, row, by=by)


def payouts_in(tx: Tx, lines: Sequence[Row]) -> dict[BankLineId, TransferId]:
    """Of which payout each of the operator's lines tells, if it is one."""
    named = {line.id: set(references_in(texts_of(line))) for line in lines}
    references = set().union(*named.values())
    known = tx.all(_BY_REFERENCE, references=list(references)) if references else []
    told = {}
    for line in lines:
        found = {
            row.transfer_id
            for row in known
            if row.reference in named[line.id] and row.currency == line.currency
        }
        if len(found) == 1:
            told[line.id] = found.pop()
    return told


def _went(tx: Tx, line: Row, row: Row, *, by: Actor) -> None:
    if line.is_reversal:
        return
    if row.line_id is not None:
        # A file of another format brings the same booking; in the same one it is another.
        before = tx.one(_FORMAT, id=row.line_id)
        if before is not None and before.format == line.format:
            _flag(tx, row, "paid_twice")
    elif -line.amount_minor != row.amount_minor:
        _flag(tx, row, "amount_differs")
    elif row.state in ("asked", "sent"):
        try:
            settle(tx, TransferId(derived_id(line.id, "payout")), row, Source.BANK, by=by)
        except LedgerRefusal:
            _flag(tx, row, "books_short")
        _note(tx, row, line_id=line.id)
    else:
        is_over = row.state == "arrived" or row.return_line_id is not None
        _note(tx, row, line_id=line.id, **({} if is_over else {"attention": "paid_after_all"}))


def _came_back(tx: Tx, line: Row, row: Row, *, by: Actor) -> None:
    if row.file_id is None and row.line_id is None:
        return  # it never went
    tx.do(_PUT_AWAY, id_=line.id, put_away="set_aside", by_id=by.person_id, now=tx.now)
    if row.return_line_id is not None:
        return
    if line.amount_minor != row.amount_minor:
        _flag(tx, row, "amount_differs")
    elif row.state in ("asked", "sent", "arrived"):
        id = TransferId(derived_id(line.id, "payout"))
        try:
            bring_back(tx, id, row, "returned", by=by, line=line)
        except LedgerRefusal:
            _flag(tx, row, "cannot_return")
    else:
        _note(tx, row, return_line_id=line.id, attention=None)


def _flag(tx: Tx, row: Row, attention: Attention) -> None:
    _note(tx, row, attention=attention)


def _note(tx: Tx, row: Row, **changes: object) -> None:
    now = find_row(tx, row.transfer_id)
    assert now is not None
    save(tx, now, **changes)
