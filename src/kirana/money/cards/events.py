"""What a provider tells by itself. It is kept byte for byte, each event once, before anything is
done about it; a job does that.

What is told of a shop's own account is only a hint: the shop knows what such events are signed
with. So Stripe is asked how it stands, and what concerns another account is nothing.
"""

import asyncio
from uuid import UUID

from sqlalchemy import bindparam, select, update

from kirana.platform.db import Q, Row, Tx, upsert
from kirana.platform.jobs import Outside
from kirana.values import CardAccountId

from ..model import OPERATOR
from ..problems import LedgerRefusal
from ..rails import CodeRefused
from ..rails.stripe import (
    NAME,
    Account,
    Provider,
    Report,
    Told,
    Turned,
    payout_of,
    read_event,
    report_of,
)
from .accounts import account_at, find_account
from .elsewhere import note_refund
from .lines import note_payout, read_soon
from .payments import all_or_nothing, find_by_external, find_row, go_on, is_operators
from .reports import apply_dispute, apply_report, look_into, note_own_refund
from .tables import rail_events

_KINDS = ("checkout.session", "payment_intent", "refund", "dispute")
WAIT_MS = 30_000
"""How long an event waits at first that came before the one it follows from; then as long again as
it has waited."""
WAIT_MOST_MS = 23 * 3600_000

_KEEP = Q(upsert(rail_events, ["rail", "card_account_id", "event_id"]))
_FIND = Q(
    select(rail_events).where(
        rail_events.c.rail == bindparam("rail"),
        rail_events.c.card_account_id == bindparam("card_account_id"),
        rail_events.c.event_id == bindparam("event_id"),
    )
)
_JUDGE = Q(
    update(rail_events)
    .where(
        rail_events.c.rail == bindparam("rail_"),
        rail_events.c.card_account_id == bindparam("card_account_id_"),
        rail_events.c.event_id == bindparam("event_id_"),
    )
    .values(
        verdict=bindparam("verdict"),
        payment_id=bindparam("payment_id"),
        applied_at=bindparam("applied_at"),
    )
)


def receive_event(tx: Tx, told: Told, body: bytes, *, card_account_id: UUID = OPERATOR) -> None:
    """Keep an event of an account that was verified, once: one that is known changes nothing."""
    if _find(tx, card_account_id, told.id):
        return
    tx.do(
        _KEEP, rail=NAME, card_account_id=card_account_id, event_id=told.id, type=told.type,
        body=body, verdict="new", payment_id=None, received_at=tx.now, applied_at=None,
    )  # fmt: skip
    _go_on(tx, card_account_id, told.id)


def apply_event(tx: Tx, event_id: str) -> None:
    """Do what an event of the operator's account is about."""
    event = _find(tx, OPERATOR, event_id)
    if event is None or event.verdict != "new":
        return
    told = read_event(event.body)
    if told is None or told.account is not None:
        _judge(tx, event, "not_ours")
        return
    if told.about.get("object") == "payout":
        _payout(tx, event, told)
        return
    try:
        report = report_of(told.about)
    except (CodeRefused, KeyError, TypeError, AttributeError):
        report = None
    if report is None:
        _judge(tx, event, "ignored")
    elif report.kind == "dispute":
        _dispute(tx, event, report)
    else:
        _payment(tx, event, report)


async def look_at_event(outside: Outside, card_account_id: CardAccountId, event_id: str) -> None:
    """Ask Stripe about what it told of a shop's own account. Raises: Lost, Broken, Busy, after
    which it is tried again."""
    db = outside.db
    event = await db.read(_find, card_account_id, event_id)
    told = read_event(event.body) if event is not None and event.verdict == "new" else None
    if told is None:
        return
    row = await db.read(find_account, card_account_id)
    account = await asyncio.to_thread(account_at, outside.settings, row)
    report = await asyncio.to_thread(ask_about, account, told) if account else None
    await db.write(apply_answer, card_account_id, event_id, report)


def ask_about(account: Account, told: Told) -> Report | None:
    """How it stands; None for what says nothing to Kirana. Blocks. Raises: Lost, Broken, Busy."""
    if str(told.about.get("object")) not in _KINDS:
        return None
    try:
        return Provider(account).look_up(str(told.about["id"]))
    except (KeyError, Turned, CodeRefused):
        return None


def apply_answer(
    tx: Tx, card_account_id: CardAccountId, event_id: str, report: Report | None
) -> None:
    """Do what an event of a shop's own account was about, as Stripe answered. Safe to repeat."""
    event = _find(tx, card_account_id, event_id)
    if event is None or event.verdict != "new":
        return
    if report is None:
        _judge(tx, event, "ignored")
    elif report.kind == "dispute":
        _dispute(tx, event, report)
    else:
        _payment(tx, event, report)


def _payout(tx: Tx, event: Row, told: Told) -> None:
    try:
        payout = payout_of(told.about)
    except (CodeRefused, KeyError, TypeError):
        payout = None
    if payout is not None:
        note_payout(tx, payout)
        read_soon(tx, 0)
    _judge(tx, event, "applied" if payout else "ignored")


def _payment(tx: Tx, event: Row, report: Report) -> None:
    row = find_row(tx, report.kirana_id) if report.kirana_id else None
    is_right = (
        row is not None
        and (row.kind == "refund") == (report.kind == "refund")
        and row.card_account_id == event.card_account_id
    )
    if row is None or not is_right:
        if report.kind == "refund":
            _refund_elsewhere(tx, event, report)
        else:
            _judge(tx, event, "not_ours")
        return
    before = row.stage
    row = apply_report(tx, row, report)
    verdict = "attention" if row.attention else "applied" if row.stage > before else "nothing_new"
    _judge(tx, event, verdict, row)


def _refund_elsewhere(tx: Tx, event: Row, report: Report) -> None:
    """Given back at the provider's own desk, unless it is of another sale there."""
    payment = _payment_of(tx, event, report)
    if payment is None:
        _wait(tx, event, report)
        return
    if is_operators(payment):
        row = note_refund(tx, payment, report)
        read_soon(tx)
    else:
        row = note_own_refund(tx, payment, report)
    _judge(tx, event, "attention" if row.attention else "applied", row)


def _dispute(tx: Tx, event: Row, report: Report) -> None:
    payment = _payment_of(tx, event, report)
    if payment is None:
        _wait(tx, event, report)
        return
    try:
        with all_or_nothing(tx):
            row = apply_dispute(tx, payment, report)
    except LookupError:
        go_on(tx, payment.id, looks=True)
        _wait(tx, event, report)
    except LedgerRefusal as refusal:
        look_into(tx, payment, refusal.slug)
        _judge(tx, event, "attention", payment)
    else:
        _judge(tx, event, "applied", row)


def _wait(tx: Tx, event: Row, report: Report) -> None:
    if tx.now - event.received_at > WAIT_MOST_MS:
        _judge(tx, event, "not_ours")
    else:
        wait_ms = max(WAIT_MS, tx.now - event.received_at)
        _go_on(tx, event.card_account_id, event.event_id, run_at=tx.now + wait_ms)


def _go_on(tx: Tx, card_account_id: UUID, event_id: str, *, run_at: int | None = None) -> None:
    if card_account_id == OPERATOR:
        tx.enqueue(apply_event, run_at=run_at, event_id=event_id)
    else:
        tx.enqueue(look_at_event, run_at=run_at, card_account_id=card_account_id, event_id=event_id)


def _find(tx: Tx, card_account_id: UUID, event_id: str) -> Row | None:
    return tx.one(_FIND, rail=NAME, card_account_id=card_account_id, event_id=event_id)


def _payment_of(tx: Tx, event: Row, report: Report) -> Row | None:
    """The payment that a refund or a dispute is about, if it is of the same account."""
    return find_by_external(
        tx, report.payment_external_id or "", card_account_id=event.card_account_id
    )


def _judge(tx: Tx, event: Row, verdict: str, payment: Row | None = None) -> None:
    tx.do(
        _JUDGE, rail_=NAME, card_account_id_=event.card_account_id, event_id_=event.event_id,
        verdict=verdict, payment_id=payment.id if payment else None, applied_at=tx.now,
    )  # fmt: skip
