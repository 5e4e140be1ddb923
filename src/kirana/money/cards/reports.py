"""What the provider says becomes what the books say: once, whatever comes twice, late or in the
wrong order."""

from typing import Protocol

from kirana.platform.db import Row, Tx
from kirana.values import SYSTEM, Money, OwnerId, TransferId, derived_id

from ..events import CardPaymentEnded, CardPaymentHeld, DisputeOpened
from ..model import digest, ref_of
from ..problems import LedgerRefusal
from ..rails.stripe import Report, Stage
from . import books, memo
from .lines import read_soon
from .payments import (
    add_row,
    all_or_nothing,
    amount_of,
    find_row,
    go_on,
    is_operators,
    log_step,
    save,
)

LOOK_AGAIN_MS = 5 * 60_000
"""How often a payment is looked at that nobody tells us of."""
LOOK_LATER_MS = 6 * 3600_000
"""The same where days may pass: money that is set aside, a refund that a bank is slow with."""


def apply_report(tx: Tx, row: Row, report: Report) -> Row:
    """Bring a payment or refund to where the provider says it stands, if that is news."""
    row = row._replace(
        external_id=_external_id(row, report),
        session_id=report.session_id or row.session_id,
        url=report.url or row.url,
    )
    if objection := _objection(row, report):
        return look_into(tx, row, objection)
    if report.stage <= row.stage:
        return save(tx, row, look_at=next_look(tx, row))
    try:
        with all_or_nothing(tx):
            moved = _move(tx, row, report)
    except LedgerRefusal as refusal:
        # A wallet that is frozen or closed, say: the money is there, and stays to be looked into.
        return look_into(tx, row, refusal.slug)
    return save(tx, moved, look_at=next_look(tx, moved))


def apply_dispute(tx: Tx, payment: Row, report: Report) -> Row:
    """A payer has called a payment in question. Raises: LookupError while it is not settled here:
    what the provider says of it comes first."""
    id = derived_id(payment.id, f"dispute/{report.external_id}")
    row = find_row(tx, id)
    bearer_id: OwnerId = payment.payee_id or payment.owner_id
    if row is None:
        row = add_row(
            tx, id, "dispute", owner_id=payment.owner_id, payee_id=payment.payee_id,
            amount=report.amount, by_id=SYSTEM.person_id, parent_id=payment.id,
            external_id=report.external_id, ref_kind=payment.ref_kind, ref_id=payment.ref_id,
            card_account_id=payment.card_account_id, reason=report.reason,
            fp=digest("dispute", report.external_id),
        )  # fmt: skip
    if report.stage <= row.stage:
        return row
    if report.stage is Stage.SETTLED:
        if payment.stage < Stage.SETTLED:
            raise LookupError("The payment is not settled here yet.")
        rest = books_of(row).take_back(tx, row, bearer_id, amount_of(row))
        row = row._replace(
            settled_minor=row.amount_minor,
            shortfall_minor=rest.amount_minor,
            attention="disputed",
        )
        tx.emit(DisputeOpened(
            row.id, bearer_id, amount_of(row), rest, ref_of(row.ref_kind, row.ref_id)
        ))  # fmt: skip
    elif report.stage is Stage.RETURNED:
        if row.stage == Stage.SETTLED:
            rest = Money(row.shortfall_minor, row.currency)
            books_of(row).give_again(tx, row, bearer_id, amount_of(row), rest)
        row = row._replace(settled_minor=0, shortfall_minor=0, attention=None)
    row = row._replace(stage=int(report.stage), reason=report.reason or row.reason)
    return save(tx, log_step(tx, row, "dispute", "told", report.stage.name.lower()))


def send_back(
    tx: Tx, id: TransferId, payment: Row, amount: Money, *, is_noted: bool = False
) -> Row:
    """Give money back by the card that it came from: out of the payer's wallet, or out of the
    shop's own account, where the books may have noted it already. Safe to repeat."""
    refund_id = derived_id(id, "card-refund")
    if known := find_row(tx, refund_id):
        return known
    row = add_row(
        tx, refund_id, "refund", owner_id=payment.owner_id, payee_id=payment.payee_id,
        amount=amount, by_id=SYSTEM.person_id, parent_id=payment.id, ref_kind=payment.ref_kind,
        ref_id=payment.ref_id, card_account_id=payment.card_account_id,
        fp=digest("card-refund", payment.id, amount),
    )  # fmt: skip
    hold_id = None if is_noted else books_of(row).set_out(tx, row, amount)
    go_on(tx, row.id)
    return save(tx, row, hold_id=hold_id, look_at=tx.now + LOOK_AGAIN_MS)


def note_own_refund(tx: Tx, payment: Row, report: Report) -> Row:
    """A shop has given money back at the provider's own desk: of its sale so much is given back.
    Safe to repeat."""
    id = derived_id(payment.id, f"elsewhere/{report.external_id}")
    row = find_row(tx, id)
    if row is None:
        row = add_row(
            tx, id, "refund", owner_id=payment.owner_id, payee_id=payment.payee_id,
            amount=report.amount, by_id=SYSTEM.person_id, parent_id=payment.id,
            external_id=report.external_id, ref_kind=payment.ref_kind, ref_id=payment.ref_id,
            card_account_id=payment.card_account_id,
            fp=digest("refund-elsewhere", report.external_id),
        )  # fmt: skip
        try:
            with all_or_nothing(tx):
                memo.give_back(tx, row, report.amount)
        except LedgerRefusal as refusal:
            return look_into(tx, row, refusal.slug)
    return row if row.attention else apply_report(tx, row, report)


def look_into(tx: Tx, row: Row, why: str) -> Row:
    """Something that a person has to decide: nothing more is done by itself."""
    row = log_step(tx, row, row.step or "report", "attention", why)
    return save(tx, row, attention=why, look_at=None)


def _move(tx: Tx, row: Row, report: Report) -> Row:
    before = row
    row = row._replace(stage=int(report.stage), reason=report.reason or row.reason, attention=None)
    if report.stage >= Stage.SETTLED:
        if is_operators(row):
            read_soon(tx)
        row = row._replace(settled_minor=report.amount.amount_minor)
    row = log_step(tx, row, "report", "told", report.stage.name.lower())
    act = {"top_up": _top_up, "order": _order, "refund": _refund}[row.kind]
    return act(tx, before, row, report)


def _top_up(tx: Tx, before: Row, row: Row, report: Report) -> Row:
    if report.stage is Stage.SETTLED:
        books.credit(tx, row, report.amount, purpose="top_up")
    return row


def _order(tx: Tx, before: Row, row: Row, report: Report) -> Row:
    """`before` is how it stood. A payment that is not wanted any more, or had ended, and comes all
    the same is late and not lost: it is the payer's, and goes back to the card."""
    ref = ref_of(row.ref_kind, row.ref_id)
    is_wanted = row.wanted != "cancel" and before.stage != Stage.ENDED
    if report.stage is Stage.AUTHORIZED:
        if is_wanted:
            row = row._replace(hold_id=books_of(row).set_aside(tx, row, amount_of(row)))
            tx.emit(CardPaymentHeld(row.id, ref, amount_of(row)))
        if row.wanted:
            go_on(tx, row.id)
    elif report.stage is Stage.ENDED:
        if row.hold_id and row.wanted == "cancel":
            books_of(row).gone_out(tx, row, amount_of(row))
        elif row.hold_id:
            books_of(row).let_go(tx, row)
        row = row._replace(hold_id=None, url=None)
        tx.emit(CardPaymentEnded(row.id, ref, amount_of(row)))
    elif report.stage is Stage.SETTLED and is_wanted:
        if row.hold_id is None:
            row = row._replace(hold_id=books_of(row).set_aside(tx, row, amount_of(row)))
        books_of(row).take(tx, row, report.amount)
        row = row._replace(hold_id=None)
    elif report.stage is Stage.SETTLED:
        row = _come_late(tx, row, report.amount)
    return row


def _come_late(tx: Tx, row: Row, received: Money) -> Row:
    books_of(row).come_late(tx, row, received)
    send_back(tx, TransferId(derived_id(row.id, "late")), row, received)
    return row._replace(hold_id=None, reason="late")


def _refund(tx: Tx, before: Row, row: Row, report: Report) -> Row:
    if report.stage is Stage.SETTLED:
        books_of(row).gone_out(tx, row, report.amount)
    elif report.stage is Stage.RETURNED:
        row = row._replace(settled_minor=0)
        if before.stage == Stage.SETTLED:
            books_of(row).come_back(tx, row, report.amount)
        else:
            books_of(row).not_gone(tx, row, report.amount)
        row = row._replace(attention="refund-returned")
    elif report.stage is Stage.ENDED:
        books_of(row).not_gone(tx, row, report.amount)
        row = row._replace(attention="refund-refused")
    return row


class _Books(Protocol):
    """What a payment does to the books, by whose account it is."""

    def set_aside(self, tx: Tx, row: Row, amount: Money) -> TransferId: ...
    def take(self, tx: Tx, row: Row, received: Money) -> None: ...
    def keep_back(self, tx: Tx, row: Row) -> TransferId | None: ...
    def let_go(self, tx: Tx, row: Row) -> None: ...
    def come_late(self, tx: Tx, row: Row, received: Money) -> None: ...
    def set_out(self, tx: Tx, row: Row, amount: Money) -> TransferId: ...
    def gone_out(self, tx: Tx, row: Row, amount: Money) -> None: ...
    def not_gone(self, tx: Tx, row: Row, amount: Money) -> None: ...
    def come_back(self, tx: Tx, row: Row, amount: Money) -> None: ...
    def take_back(self, tx: Tx, row: Row, bearer_id: OwnerId, amount: Money) -> Money: ...
    def give_again(
        self, tx: Tx, row: Row, bearer_id: OwnerId, amount: Money, rest: Money
    ) -> None: ...


def books_of(row: Row) -> _Books:
    return books if is_operators(row) else memo


def _external_id(row: Row, report: Report) -> str | None:
    """Of the payment itself, as soon as there is one; until then of its page."""
    known = row.external_id
    is_payment = known is not None and not known.startswith("cs_")
    return known if is_payment else report.external_id or known


def _objection(row: Row, report: Report) -> str | None:
    """Why a report cannot be believed."""
    asked = amount_of(row)
    if report.amount.currency != asked.currency or report.amount > asked:
        return "amount-differs"
    is_part = row.kind == "order" and report.stage is Stage.SETTLED
    if report.amount < asked and not is_part:
        return "amount-differs"
    is_other = bool(report.external_id) and row.external_id != report.external_id
    return "other-payment" if is_other else None


def next_look(tx: Tx, row: Row) -> int | None:
    """When it is looked at by itself; None once there is nothing more to come. A call in doubt
    keeps its own time."""
    if row.step and not row.attention:
        at: int = row.look_at
        return at
    if row.attention or row.stage >= Stage.ENDED:
        return None
    is_slow = row.stage == Stage.AUTHORIZED or row.kind == "refund"
    return tx.now + (LOOK_LATER_MS if is_slow else LOOK_AGAIN_MS)
