"""UPI, in India. The app's answer after paying is a claim; the proof is the bank's line."""

import re

from kirana.values import Money

from ..amounts import require_currency
from ..port import Details, Link, Offer, Reading
from ..problems import refuse_address
from ..texts import has_controls
from .code import PERSON, UpiCode, parse, read_code, sign_is_last, write_code

__all__ = ["CURRENCY", "NAME", "UpiCode", "check_address", "offer", "read", "recognizes"]

NAME = "upi"
CURRENCY = "INR"

_APPS = {
    "Google Pay": "tez://upi/pay?",
    "PhonePe": "phonepe://pay?",
    "Paytm": "paytmmp://pay?",
    "BHIM": "bhim://pay?",
}
"""An iPhone does not ask which app a upi: link means: one link for each app does."""
_PLACE = re.compile(r"[A-Za-z0-9._-]{2,256}@[A-Za-z][A-Za-z0-9.-]{1,63}")


def check_address(details: Details) -> dict[str, str]:
    """`vpa`, `name`, and for a merchant the four digits of `mcc`. Raises: InvalidInput."""
    vpa = details.get("vpa", "").strip().lower()
    if not _PLACE.fullmatch(vpa):
        refuse_address("vpa", "A UPI id looks like asha@bank.")
    name = " ".join(details.get("name", "").split())
    if not name or len(name) > 99 or has_controls(name):
        refuse_address("name", "Write the name as the bank has it, in up to 99 characters.")
    mcc = details.get("mcc", "").strip()
    if mcc and not re.fullmatch("[0-9]{4}", mcc):
        refuse_address("mcc", "The merchant's trade has four digits.")
    return {"vpa": vpa, "name": name, **({"mcc": mcc} if mcc else {})}


def offer(address: Details, amount: Money | None, reference: str, *, attempt: int = 1) -> Offer:
    """The reference, and two digits of the attempt, are `tr`. Raises: CodeRefused."""
    require_currency(amount, CURRENCY)
    code = UpiCode(
        pa=address["vpa"],
        pn=address["name"],
        mc=address.get("mcc"),
        tr=f"{reference}{attempt:02}",
        am=amount,
    )
    text = write_code(code)
    query = text.partition("?")[2]
    return Offer(text, (Link(text), *(Link(to + query, app) for app, to in _APPS.items())))


def recognizes(text: str) -> bool:
    return text[:4].lower() == "upi:"


def read(text: str) -> Reading:
    """Raises: CodeRefused."""
    code, fields = read_code(text), parse(text)
    warnings = []
    if code.pn is None:
        warnings.append("The payee's name is missing.")
    if len(code.tn or "") > 50:
        warnings.append("The note has more than 50 characters: apps may cut it.")
    if not sign_is_last(fields):
        warnings.append("The signature does not stand at the end, so it does not cover the rest.")
    if code.mam is not None and code.mam != code.am:
        warnings.append("The payer may pay another amount.")
    if code.mc in (None, PERSON) and code.am is not None and code.tr is None:
        warnings.append("No reference comes back with the money.")
    return Reading(
        rail=NAME,
        currency=CURRENCY,
        amount_minor=code.am.amount_minor if code.am else None,
        payee=code.pa,
        name=code.pn,
        reference=code.tr,
        note=code.tn,
        fields=fields,
        warnings=tuple(warnings),
    )
