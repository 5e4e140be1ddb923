"""Bank transfers in euros (SEPA) by the code of the European Payments Council."""

import re

from kirana.values import Money

from ..amounts import require_currency
from ..check_digits import SEPA, is_bic, is_iban, rf_of
from ..port import Details, Offer, Reading
from ..problems import refuse_address
from ..texts import has_controls
from .code import EpcCode, parse, read_code, write_code

__all__ = ["CURRENCY", "NAME", "EpcCode", "check_address", "offer", "read", "recognizes"]

NAME = "epc"
CURRENCY = "EUR"


def check_address(details: Details) -> dict[str, str]:
    """`iban`, `name` and optionally `bic`. Raises: InvalidInput."""
    iban = re.sub(r"\s", "", details.get("iban", "")).upper()
    if not is_iban(iban):
        refuse_address("iban", "This is no IBAN: a character is wrong or missing.")
    if iban[:2] not in SEPA:
        refuse_address("iban", "Banks of this country cannot be paid by SEPA.")
    name = " ".join(details.get("name", "").split())
    if not 1 <= len(name) <= 70 or has_controls(name):
        refuse_address("name", "Write the name as the bank has it, in up to 70 characters.")
    bic = re.sub(r"\s", "", details.get("bic", "")).upper()
    if bic and not is_bic(bic):
        refuse_address("bic", "A BIC has eight or eleven letters and digits.")
    return {"iban": iban, "name": name, **({"bic": bic} if bic else {})}


def offer(address: Details, amount: Money | None, reference: str, *, attempt: int = 1) -> Offer:
    """The reference is a creditor reference, RF. Raises: CodeRefused."""
    require_currency(amount, CURRENCY)
    code = EpcCode(
        name=address["name"],
        iban=address["iban"],
        bic=address.get("bic", ""),
        amount=amount,
        reference=rf_of(reference),
    )
    return Offer(write_code(code))


def recognizes(text: str) -> bool:
    return re.match(r"BCD(\r?\n|$)", text) is not None


def read(text: str) -> Reading:
    """Raises: CodeRefused."""
    code = read_code(text)
    warnings = []
    if code.iban[:2] not in SEPA:
        warnings.append("The bank's country takes no part in SEPA.")
    return Reading(
        rail=NAME,
        currency=CURRENCY,
        amount_minor=code.amount.amount_minor if code.amount else None,
        payee=code.iban,
        name=code.name,
        reference=code.reference or None,
        note=code.text or None,
        fields=parse(text),
        warnings=tuple(warnings),
    )
