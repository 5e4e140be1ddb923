"""What a bank is given to pay: a SEPA credit transfer (pain.001), or a plain list."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from sepaxml import SepaTransfer

from kirana.values import Money

from ..rails.texts import cell

SCHEMA = "pain.001.001.09"
_ERASED = {"name": "erased", "iban": "XX00ERASED"}
"""What the schema wants, and no bank takes: its check digits are none."""
_COLUMNS = ("reference", "name", "pay_to", "kind", "amount", "currency")


@dataclass(frozen=True, slots=True)
class BankPayment:
    """`reference` comes back in the bank's line. Without `details` whoever was paid is erased."""

    reference: str
    details: dict[str, str] | None
    amount: Money


@dataclass(frozen=True, slots=True)
class BankOrder:
    """Payments that an `account` makes on a day."""

    id: UUID
    format: Literal["pain.001", "csv"]
    day: str
    account: dict[str, str] | None
    payments: Sequence[BankPayment]


def write_order(order: BankOrder) -> bytes:
    """For a thread."""
    return _pain(order) if order.format == "pain.001" else _list(order)


def _pain(order: BankOrder) -> bytes:
    """Each payment is booked by itself, so that the bank's lines say which have arrived."""
    assert order.account is not None
    account = order.account
    config = {
        "name": account["name"],
        "IBAN": account["iban"],
        "batch": False,
        "currency": "EUR",
        **({"BIC": account["bic"]} if "bic" in account else {}),
    }
    transfer = SepaTransfer(config, schema=SCHEMA)
    for payment in order.payments:
        details = payment.details or _ERASED
        transfer.add_payment(
            {
                "name": details["name"],
                "IBAN": details["iban"],
                "amount": payment.amount.amount_minor,
                "execution_date": date.fromisoformat(order.day),
                "description": payment.reference,
                "endtoend_id": payment.reference,
                **({"BIC": details["bic"]} if "bic" in details else {}),
            }
        )
    content: bytes = transfer.export()
    return content


def _list(order: BankOrder) -> bytes:
    """UTF-8 with a mark, lines end with CRLF. Source: RFC 4180."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow(_COLUMNS)
    for payment in order.payments:
        details = payment.details or {"": "erased"}
        kind, place = _place(details)
        out.writerow(
            [
                payment.reference,
                cell(details.get("name", "")),
                # A telephone number is none of a spreadsheet's formulas.
                place if re.fullmatch(r"\+[0-9]+", place) else cell(place),
                kind,
                payment.amount.decimal,
                payment.amount.currency,
            ]
        )
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _place(details: dict[str, str]) -> tuple[str, str]:
    """What kind of place it is, and which."""
    return next((kind, details[kind]) for kind in details if kind not in ("name", "city", "mcc"))
