"""What Stripe writes down of the money it holds for us, and what it sends to the bank. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from .amounts import signed_from_rail
from .reports import Object, Stage, id_of, kirana_id


@dataclass(frozen=True, slots=True)
class Line:
    """A balance transaction. What counts in the end is `amount_minor` less `fee_minor`."""

    external_id: str
    type: str
    currency: str
    amount_minor: int
    """Above zero: it came."""
    fee_minor: int
    """What Stripe keeps of it; below zero it gives back what it kept."""
    source_id: str | None
    kirana_id: UUID | None
    """What its source carries of ours."""
    payment_external_id: str | None
    """Of which payment it is, where the source says so."""
    is_refund: bool
    at: int
    """Milliseconds."""


@dataclass(frozen=True, slots=True)
class Payout:
    """Money on its way to the operator's bank: `OPEN`, there (`SETTLED`), or come back."""

    external_id: str
    currency: str
    amount_minor: int
    """Below zero where Stripe takes what it is owed from the bank."""
    stage: Stage
    reason: str | None


_PAYOUT_STAGES = {
    "pending": Stage.OPEN,
    "in_transit": Stage.OPEN,
    "paid": Stage.SETTLED,
    "failed": Stage.RETURNED,
    "canceled": Stage.RETURNED,
}


def line_of(it: Object) -> Line:
    """Raises: CodeRefused for an amount that makes no sense; KeyError for what is no line."""
    source = it.get("source")
    about: Object = source if isinstance(source, Mapping) else {}
    currency = str(it["currency"]).upper()
    return Line(
        external_id=str(it["id"]),
        type=str(it["type"]),
        currency=currency,
        amount_minor=signed_from_rail(it["amount"], currency),
        fee_minor=signed_from_rail(it["fee"], currency),
        source_id=id_of(source),
        kirana_id=kirana_id(about),
        payment_external_id=id_of(about.get("payment_intent")),
        is_refund=about.get("object") == "refund",
        at=int(it["created"]) * 1000,
    )


def payout_of(it: Object) -> Payout | None:
    """None in a state that is not known. Raises: CodeRefused, KeyError."""
    stage = _PAYOUT_STAGES.get(it["status"])
    if stage is None:
        return None
    currency = str(it["currency"]).upper()
    return Payout(
        external_id=str(it["id"]),
        currency=currency,
        amount_minor=signed_from_rail(it["amount"], currency),
        stage=stage,
        reason=it.get("failure_code"),
    )
