"""PromptPay, in Thailand: by telephone, by national or tax id, by e-wallet, or as a biller."""

import re

from kirana.values import Money

from .. import emv
from ..amounts import require_currency
from ..check_digits import is_thai_id
from ..port import Details, Offer, Reading
from ..problems import refuse_address
from .code import BILL, TRANSFER, PromptPayCode, phone_of, read_code, write_code

__all__ = ["CURRENCY", "NAME", "PromptPayCode", "check_address", "offer", "read", "recognizes"]

NAME = "promptpay"
CURRENCY = "THB"

_KINDS = ("phone", "id_number", "ewallet", "biller_id")


def check_address(details: Details) -> dict[str, str]:
    """One of `phone`, `id_number`, `ewallet` and `biller_id`. Raises: InvalidInput."""
    given = [kind for kind in _KINDS if details.get(kind, "").strip()]
    if len(given) != 1:
        refuse_address("phone", "Give a telephone number, an id, an e-wallet or a biller.")
    [kind] = given
    digits = re.sub(r"[\s().\-]", "", details[kind])
    if kind == "phone":
        if not re.fullmatch(r"(\+66|0066|0)[689][0-9]{8}", digits):
            refuse_address("phone", "This is no mobile number of Thailand.")
        return {"phone": phone_of(digits)}
    if kind == "ewallet" and not re.fullmatch("[0-9]{15}", digits):
        refuse_address("ewallet", "An e-wallet has 15 digits.")
    if kind == "biller_id" and not re.fullmatch("[0-9]{13}([0-9]{2})?", digits):
        refuse_address("biller_id", "A biller has 13 or 15 digits.")
    if kind == "id_number" and not is_thai_id(digits):
        refuse_address("id_number", "This is no id: it has 13 digits, and the last one checks.")
    return {kind: digits}


def offer(address: Details, amount: Money | None, reference: str, *, attempt: int = 1) -> Offer:
    """Only a biller gets the reference. Raises: CodeRefused."""
    require_currency(amount, CURRENCY)
    if "biller_id" in address:
        code = PromptPayCode(biller_id=address["biller_id"], ref1=reference, amount=amount)
        return Offer(write_code(code))
    code = PromptPayCode(
        phone=address.get("phone"),
        id_number=address.get("id_number"),
        ewallet=address.get("ewallet"),
        amount=amount,
    )
    return Offer(write_code(code), carries_reference=False)


def recognizes(text: str) -> bool:
    return emv.has_template(text, TRANSFER, BILL) or (text.startswith("00") and text[4:8] == "0006")


def read(text: str) -> Reading:
    """Raises: CodeRefused."""
    code = read_code(text)
    warnings = []
    if code.id_number is not None and not is_thai_id(code.id_number):
        warnings.append("The check digit of the id is wrong.")
    if code.biller_id is None:
        warnings.append("No reference comes back with the money.")
    return Reading(
        rail=NAME,
        currency=CURRENCY,
        amount_minor=code.amount.amount_minor if code.amount else None,
        payee=code.phone or code.id_number or code.ewallet or code.biller_id,
        name=emv.text_at(emv.parse(text), "59"),
        reference=code.ref1,
        note=code.ref3,
        fields=emv.flatten(emv.parse(text)),
        warnings=tuple(warnings),
    )
