"""Money that was given back at the provider's own desk, and not through Kirana.

Such a refund is written down under the payment that it is of, by the provider's id, whichever tells
of it first: an event, or a line of the provider's account. It takes what the provider owes us into
suspense, until operators say whose it was to give. One that the card's bank sends back is turned
round, and with it what operators said.
"""

from sqlalchemy import bindparam, select, update

from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import NotAllowed, NotFound
from kirana.values import SYSTEM, Actor, Money, RailPaymentId, derived_id

from ..model import digest
from ..owners import require_operator
from ..problems import HoldResolved, LedgerRefusal
from ..rails.stripe import NAME, Line, Report, Stage
from . import books
from .payments import (
    RailPayment,
    add_row,
    all_or_nothing,
    amount_of,
    find_by_external,
    log_step,
    require_row,
    save,
    seen,
)
from .settlements import (
    Bearer,
    approvals_for,
    find_settlement,
    is_elsewhere,
    note_settled,
    note_undone,
    propose,
)
from .tables import rail_lines

UNSETTLED = "refunded-elsewhere"
LOOK_LATER_MS = 6 * 3600_000
TRY_AGAIN_MS = 5 * 60_000
"""How soon is tried again what the books cannot follow yet."""

_FOREIGN = Q(
    select(rail_lines)
    .where(rail_lines.c.source_id == bindparam("source_id"), rail_lines.c.verdict == "foreign")
    .order_by(rail_lines.c.at, rail_lines.c.external_id)
)
_EXPLAIN = Q(
    update(rail_lines)
    .where(rail_lines.c.rail == NAME, rail_lines.c.external_id == bindparam("id_"))
    .values(verdict="known", payment_id=bindparam("payment_id"))
)


def note_refund(tx: Tx, parent: Row, report: Report) -> Row:
    """The provider tells of a refund of `parent` that none of ours asked for. Safe to repeat."""
    row = find_by_external(tx, report.external_id)
    if row is None:
        row = add_row(
            tx, derived_id(parent.id, f"elsewhere/{report.external_id}"), "refund",
            owner_id=parent.owner_id, payee_id=parent.payee_id, amount=report.amount,
            by_id=SYSTEM.person_id, parent_id=parent.id, external_id=report.external_id,
            ref_kind=parent.ref_kind, ref_id=parent.ref_id, reason=report.reason,
            fp=digest("refund-elsewhere", report.external_id),
        )  # fmt: skip
    return hear_refund(tx, row, report) if is_elsewhere(row) else row


def hear_line(tx: Tx, parent: Row, line: Line) -> Row:
    """A line tells of a refund that none of ours asked for; `parent` itself when it cannot say of
    how much, since it is kept in another currency."""
    if line.currency != parent.currency or not line.source_id or not line.amount_minor:
        return parent
    went = line.amount_minor < 0
    report = Report(
        kind="refund",
        stage=Stage.SETTLED if went else Stage.RETURNED,
        external_id=line.source_id,
        amount=Money(abs(line.amount_minor), line.currency),
        kirana_id=None,
    )
    return note_refund(tx, parent, report)


def hear_refund(tx: Tx, row: Row, report: Report) -> Row:
    """How a refund stands that is written down; later is believed over earlier."""
    if report.stage > row.stage:
        row = row._replace(stage=int(report.stage), reason=report.reason or row.reason)
        row = log_step(tx, row, "report", "told", report.stage.name.lower())
    return follow(tx, row)


def follow(tx: Tx, row: Row) -> Row:
    """Let the books say of a refund what the provider says, as far as they can: what they cannot,
    since what it is of has not come in here yet, or a wallet is stopped, is tried again."""
    attention, look_at = row.attention, None
    try:
        with all_or_nothing(tx):
            row = _book(tx, row)
    except LedgerRefusal:
        look_at = tx.now + TRY_AGAIN_MS
    said = find_settlement(tx, row)
    is_settled = said is not None and said.settled_at is not None
    if row.stage == Stage.SETTLED:
        attention = None if is_settled else UNSETTLED
    elif row.stage == Stage.RETURNED and said and is_settled and said.undone_at is None:
        try:
            with all_or_nothing(tx):
                _undo(tx, row, said)
            attention = "elsewhere-returned"
        except LedgerRefusal as refusal:
            attention, look_at = refusal.slug, tx.now + TRY_AGAIN_MS
    elif attention == UNSETTLED:
        attention = None
    if row.stage < Stage.SETTLED:
        look_at = tx.now + LOOK_LATER_MS
    return save(tx, row, attention=attention, look_at=look_at)


def settle_refund(tx: Tx, id: RailPaymentId, bearer: Bearer, *, by: Actor) -> RailPayment:
    """Say who bears a refund that was made elsewhere: whoever was paid, as far as there is money,
    or the operator. Where payments of its amount are looked at by two, two have to say the same.
    Safe to repeat.

    Raises: NotAllowed unless an operator does it whose own payment it is not; InsufficientFunds,
    AccountFrozen, AccountClosed; HoldResolved when it was decided otherwise, or has come back;
    NotFound.
    """
    require_operator(tx, by=by)
    row = require_row(tx, id)
    if not is_elsewhere(row):
        raise NotFound()
    if by.person_id in (row.owner_id, row.payee_id):
        raise NotAllowed()
    said = find_settlement(tx, row)
    if said is not None and said.settled_at is not None:
        if said.bearer != bearer:
            raise HoldResolved(state=said.bearer)
        return seen(row)
    if row.stage != Stage.SETTLED:
        raise HoldResolved(state=seen(row).state)
    is_agreed = said is not None and said.bearer == bearer and said.by_id != by.person_id
    if not is_agreed and (said is None or (said.bearer, said.by_id) != (bearer, by.person_id)):
        propose(tx, row, bearer, by.person_id)
        row = log_step(tx, row, "report", "decided", f"{bearer} {by.person_id}")
    if is_agreed or approvals_for(tx, amount_of(row)) < 2:
        part = _given_back(tx, row)
        bear = books.bear_by_payee if bearer == "payee" else books.bear_by_operator
        bear(tx, row, amount_of(row), part, by=by)
        note_settled(tx, row, part, by.person_id if is_agreed else None)
    return seen(follow(tx, row))


def _given_back(tx: Tx, row: Row) -> Money:
    """So much of it an order shows as given back: never more than its payee was paid and has not
    given back before."""
    sale = books.sale_of(tx, row)
    return min(amount_of(row), sale.amount - sale.refunded) if sale else Money.zero(row.currency)


def _book(tx: Tx, row: Row) -> Row:
    for line in tx.all(_FOREIGN, source_id=row.external_id):
        books.explain_line(tx, line)
        tx.do(_EXPLAIN, id_=line.external_id, payment_id=row.id)
    amount = amount_of(row)
    if row.stage == Stage.SETTLED and not row.settled_minor:
        books.refunded_elsewhere(tx, row, amount)
        return row._replace(settled_minor=row.amount_minor)
    if row.stage == Stage.RETURNED and row.settled_minor:
        books.not_refunded_elsewhere(tx, row, amount)
        return row._replace(settled_minor=0)
    return row


def _undo(tx: Tx, row: Row, said: Row) -> None:
    undo = books.undo_by_payee if said.bearer == "payee" else books.undo_by_operator
    undo(tx, row, amount_of(row), Money(said.given_back_minor, row.currency))
    note_undone(tx, row)
