"""What an object of Stripe says, read into one shape. Pure.

Events come doubled, late and in any order, so an event is only its object as it was then; stages
have an order, and what is behind where a payment stands already says nothing new.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

from kirana.values import Money

from .amounts import from_rail

Object = Mapping[str, Any]

METADATA_KEY = "kirana_id"
"""What every object that Kirana makes carries: the id of its payment."""


class Stage(IntEnum):
    """How far it has come. The later is the greater: it is believed over the earlier."""

    OPEN = 10  # the payer may pay
    AUTHORIZED = 20  # the bank has set the money aside
    ENDED = 30  # it will not be paid: canceled, declined for good, or its time is over
    SETTLED = 40  # the money is there (of a refund: it is on its way to the card)
    RETURNED = 50  # of a refund: it came back; of a dispute: it was won


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of one payment, refund or dispute."""

    kind: str
    """`payment`, `refund` or `dispute`."""
    stage: Stage
    external_id: str
    amount: Money
    """Of a payment that is settled: what was received, which may be less."""
    kirana_id: UUID | None
    payment_external_id: str | None = None
    """Of which payment this is the refund or the dispute."""
    session_id: str | None = None
    url: str | None = None
    reason: str | None = None
    """Why it ended, in Stripe's own codes."""


_INTENT_STAGES = {
    "requires_payment_method": Stage.OPEN,
    "requires_confirmation": Stage.OPEN,
    "requires_action": Stage.OPEN,
    "processing": Stage.OPEN,
    "requires_capture": Stage.AUTHORIZED,
    "canceled": Stage.ENDED,
    "succeeded": Stage.SETTLED,
}
_REFUND_STAGES = {
    "requires_action": Stage.OPEN,
    "pending": Stage.OPEN,
    "succeeded": Stage.SETTLED,
    "canceled": Stage.RETURNED,
    "failed": Stage.RETURNED,
}
_DISPUTE_STAGES = {
    "needs_response": Stage.SETTLED,
    "under_review": Stage.SETTLED,
    "lost": Stage.SETTLED,
    "prevented": Stage.ENDED,
    "warning_needs_response": Stage.OPEN,
    "warning_under_review": Stage.OPEN,
    "warning_closed": Stage.ENDED,
    "won": Stage.RETURNED,
}
"""A warning takes no money yet."""


def report_of(it: Object) -> Report | None:
    """What an object says; None for one of a kind, or in a state, that says nothing to Kirana, and
    for one that lacks what it must have.

    Raises: CodeRefused for an amount that makes no sense.
    """
    read = {
        "checkout.session": _of_session,
        "payment_intent": _of_intent,
        "refund": _of_refund,
        "dispute": _of_dispute,
    }.get(str(it.get("object")))
    try:
        return read(it) if read else None
    except KeyError:
        return None


def _of_session(it: Object) -> Report | None:
    """A page to pay at. Once it has its payment, that says more; an expired page ends it."""
    intent = it.get("payment_intent")
    report = _of_intent(intent) if isinstance(intent, Mapping) else None
    if report and (report.stage is not Stage.OPEN or it.get("status") != "expired"):
        return _with_page(report, it)
    if it.get("amount_total") is None or it.get("currency") is None:
        return None
    is_over = it.get("status") == "expired"
    return Report(
        kind="payment",
        stage=Stage.ENDED if is_over else Stage.OPEN,
        external_id=id_of(intent) or str(it["id"]),
        amount=from_rail(it["amount_total"], it["currency"]),
        kirana_id=kirana_id(it),
        session_id=str(it["id"]),
        url=_web_address(it.get("url")),
        reason="expired" if is_over else None,
    )


def _with_page(report: Report, it: Object) -> Report:
    return Report(
        kind=report.kind,
        stage=report.stage,
        external_id=report.external_id,
        amount=report.amount,
        kirana_id=report.kirana_id or kirana_id(it),
        session_id=str(it["id"]),
        url=_web_address(it.get("url")),
        reason=report.reason,
    )


def _of_intent(it: Object) -> Report | None:
    stage = _INTENT_STAGES.get(it["status"])
    if stage is None:
        return None
    count = it["amount_received"] if stage is Stage.SETTLED else it["amount"]
    return Report(
        kind="payment",
        stage=stage,
        external_id=it["id"],
        amount=from_rail(count, it["currency"]),
        kirana_id=kirana_id(it),
        reason=it.get("cancellation_reason"),
    )


def _of_refund(it: Object) -> Report | None:
    return _of_other("refund", _REFUND_STAGES, it, it.get("failure_reason"))


def _of_dispute(it: Object) -> Report | None:
    return _of_other("dispute", _DISPUTE_STAGES, it, it.get("reason"))


def _of_other(
    kind: str, stages: Mapping[str, Stage], it: Object, reason: str | None
) -> Report | None:
    stage = stages.get(it["status"])
    if stage is None:
        return None
    return Report(
        kind=kind,
        stage=stage,
        external_id=it["id"],
        amount=from_rail(it["amount"], it["currency"]),
        kirana_id=kirana_id(it),
        payment_external_id=id_of(it.get("payment_intent")),
        reason=reason,
    )


def kirana_id(it: Object) -> UUID | None:
    text = (it.get("metadata") or {}).get(METADATA_KEY)
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _web_address(it: Any) -> str | None:
    """Where people are sent: nothing but a page."""
    text = str(it or "")
    return text if text.startswith(("https://", "http://")) else None


def id_of(it: Any) -> str | None:
    found = it["id"] if isinstance(it, Mapping) else it
    return str(found) if found else None
