"""The text of a PromptPay code: what it holds, written and read.

Source: Bank of Thailand, Thai QR Payment Standard.
"""

import re
from dataclasses import dataclass

from kirana.values import Money

from .. import emv
from ..problems import refuse

TRANSFER, BILL = "A000000677010111", "A000000677010112"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPayCode:
    """Whom to pay: one of `phone` (0066 and nine digits), `id_number` (of a person or a company,
    13 digits), `ewallet` (15) and `biller_id`, which takes references."""

    phone: str | None = None
    id_number: str | None = None
    ewallet: str | None = None
    biller_id: str | None = None
    ref1: str | None = None
    ref2: str | None = None
    ref3: str | None = None
    amount: Money | None = None
    country_first: bool = False
    """Some writers put the country before the currency."""


def phone_of(text: str) -> str:
    """`081 222 3333` or `+66 81 222 3333` as the codes spell it."""
    digits = re.sub(r"[^0-9]", "", text)
    return "0066" + re.sub(r"^(0066|66|0)", "", digits)


def write_code(code: PromptPayCode) -> str:
    """Raises: CodeRefused for what cannot be written."""
    fields: emv.Fields = {"00": "01", "01": "11" if code.amount is None else "12"}
    if code.biller_id is None:
        fields["29"] = _given(
            {"00": TRANSFER, "01": code.phone, "02": code.id_number, "03": code.ewallet}
        )
    else:
        fields["30"] = _given({"00": BILL, "01": code.biller_id, "02": code.ref1, "03": code.ref2})
    place: emv.Fields = {"58": "TH"}
    money: emv.Fields = {"53": "764"}
    if code.country_first:
        fields |= place | money | emv.write_amount(code.amount)
    else:
        fields |= money | emv.write_amount(code.amount) | place
    if code.ref3 is not None:
        fields["62"] = {"07": code.ref3}
    text = emv.compose(fields)
    read_code(text)
    return text


def read_code(text: str) -> PromptPayCode:
    """Raises: CodeRefused."""
    if _is_slip(text):
        refuse("slip", "This is the code on a slip: somebody says that they paid. No proof.")
    fields = emv.parse(text)
    transfer = emv.find_template(fields, TRANSFER) or {}
    bill = emv.find_template(fields, BILL) or {}
    if not transfer and not bill:
        refuse("no-account", "No PromptPay account is named in it.", "29")
    emv.require_country(fields, "TH", "THB")
    emv.require_lengths(fields)
    minor = emv.read_amount(fields, "THB")
    _require_initiation(fields)
    code = PromptPayCode(
        phone=transfer.get("01"),
        id_number=transfer.get("02"),
        ewallet=transfer.get("03"),
        biller_id=bill.get("01"),
        ref1=bill.get("02"),
        ref2=bill.get("03"),
        ref3=emv.text_at(fields, "62.07"),
        amount=None if minor is None else Money(minor, "THB"),
        country_first=list(fields).index("58") < list(fields).index("53"),
    )
    _require_payee(code)
    return code


def _is_slip(text: str) -> bool:
    """A slip's code begins with a template, and its checksum is tag 91."""
    return re.match(r"00[0-9]{2}0006[0-9]{6}01", text) is not None and text[-8:-4] == "9104"


def _require_payee(code: PromptPayCode) -> None:
    shapes = [
        ("29.01", code.phone, "0066[0-9]{9}", "The telephone number is 0066 and nine digits."),
        ("29.02", code.id_number, "[0-9]{13}", "The id has 13 digits."),
        ("29.03", code.ewallet, "[0-9]{15}", "The e-wallet has 15 digits."),
        ("30.01", code.biller_id, "[0-9]{13}([0-9]{2})?", "The biller has 13 or 15 digits."),
    ]
    given = [shape for shape in shapes if shape[1] is not None]
    if len(given) != 1:
        refuse("payee", "A PromptPay code names one payee.", "29")
    for field, value, shape, sentence in given:
        if not re.fullmatch(shape, value or ""):
            refuse("payee", sentence, field)
    for field, ref in (("30.02", code.ref1), ("30.03", code.ref2)):
        if ref is not None and len(ref) > 20:
            refuse("reference", "A reference has at most 20 characters.", field)


def _require_initiation(fields: emv.Fields) -> None:
    if emv.text_at(fields, "01") not in (None, "11", "12"):
        refuse("initiation", "Tag 01 is 11 or 12.", "01")


def _given(template: dict[str, str | None]) -> emv.Template:
    return {tag: value for tag, value in template.items() if value is not None}
