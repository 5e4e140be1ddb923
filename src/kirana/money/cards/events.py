"""What a provider tells by itself. It is kept byte for byte, each event once, before anything is
done about it; a job does that."""

from sqlalchemy import bindparam, select, update

from kirana.platform.db import Q, Row, Tx, upsert

from ..problems import LedgerRefusal
from ..rails import CodeRefused
from ..rails.stripe import NAME, Report, Told, payout_of, read_event, report_of
from .elsewhere import note_refund
from .lines import note_payout, read_soon
from .payments import all_or_nothing, find_by_external, find_row, go_on
from .reports import apply_dispute, apply_report, look_into
from .tables import rail_events

WAIT_MS = 30_000
"""How long an event waits at first that came before the one it follows from; then as long again as
it has waited."""
WAIT_MOST_MS = 23 * 3600_000

_KEEP = Q(upsert(rail_events, ["rail", "event_id"]))
_FIND = Q(
    select(rail_events).where(
        rail_events.c.rail == bindparam("rail"), rail_events.c.event_id == bindparam("event_id")
    )
)
_JUDGE = Q(
    update(rail_events)
    .where(
        rail_events.c.rail == bindparam("rail_"), rail_events.c.event_id == bindparam("event_id_")
    )
    .values(
        verdict=bindparam("verdict"),
        payment_id=bindparam("payment_id"),
        applied_at=bindparam("applied_at"),
    )
)


def receive_event(tx: Tx, told: Told, body: bytes) -> None:
    """Keep an event that was verified, once: one that is known changes nothing."""
    if tx.one(_FIND, rail=NAME, event_id=told.id):
        return
    tx.do(
        _KEEP, rail=NAME, event_id=told.id, type=told.type, body=body, verdict="new",
        payment_id=None, received_at=tx.now, applied_at=None,
    )  # fmt: skip
    tx.enqueue(apply_event, event_id=told.id)


def apply_event(tx: Tx, event_id: str) -> None:
    """Do what an event is about."""
    event = tx.one(_FIND, rail=NAME, event_id=event_id)
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
    is_right = row is not None and (row.kind == "refund") == (report.kind == "refund")
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
    payment = find_by_external(tx, report.payment_external_id or "")
    if payment is None:
        _wait(tx, event, report)
        return
    row = note_refund(tx, payment, report)
    read_soon(tx)
    _judge(tx, event, "attention" if row.attention else "applied", row)


def _dispute(tx: Tx, event: Row, report: Report) -> None:
    payment = find_by_external(tx, report.payment_external_id or "")
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
        tx.enqueue(apply_event, run_at=tx.now + wait_ms, event_id=event.event_id)


def _judge(tx: Tx, event: Row, verdict: str, payment: Row | None = None) -> None:
    tx.do(
        _JUDGE, rail_=NAME, event_id_=event.event_id, verdict=verdict,
        payment_id=payment.id if payment else None, applied_at=tx.now,
    )  # fmt: skip
