"""The text of a PayNow code: what it holds, written and read.

Source: Association of Banks in Singapore, PayNow QR specification (SGQR).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kirana.values import Money

from .. import emv
from ..problems import refuse

_GUI = "SG.PAYNOW"
_TYPES: dict[str, Literal["mobile", "uen"]] = {"0": "mobile", "2": "uen"}
_NUMBERS = {kind: number for number, kind in _TYPES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PayNowCode:
    """Whom to pay: a `mobile` number as +65…, or the `uen` of a company."""

    proxy_type: Literal["mobile", "uen"]
    proxy: str
    amount: Money | None = None
    is_editable: bool = False
    """Whether the payer may pay another amount."""
    expiry: str | None = None
    """The last day as YYYYMMDD; some codes add the time as HHMMSS."""
    reference: str | None = None
    merchant: str = "NA"
    city: str = "Singapore"
    initiation: Literal["11", "12"] = "11"
    """12: made for one payment. Real codes mix them up."""


def write_code(code: PayNowCode) -> str:
    """Raises: CodeRefused for what cannot be written."""
    account = {
        "00": _GUI,
        "01": _NUMBERS[code.proxy_type],
        "02": code.proxy,
        "03": "1" if code.is_editable else "0",
    }
    if code.expiry is not None:
        account["04"] = code.expiry
    fields: emv.Fields = {
        "00": "01", "01": code.initiation, "26": account, "52": "0000", "53": "702",
    }  # fmt: skip
    fields |= emv.write_amount(code.amount)
    fields |= {"58": "SG", "59": code.merchant, "60": code.city}
    if code.reference is not None:
        fields["62"] = {"01": code.reference}
    text = emv.compose(fields)
    read_code(text)
    return text


def read_code(text: str) -> PayNowCode:
    """Raises: CodeRefused."""
    fields = emv.parse(text)
    account = emv.find_template(fields, _GUI)
    if account is None:
        refuse("no-account", "No PayNow account is named in it.", "26")
    emv.require_country(fields, "SG", "SGD")
    emv.require_lengths(fields)
    minor = emv.read_amount(fields, "SGD")
    proxy_type, proxy = _proxy(account)
    return PayNowCode(
        proxy_type=proxy_type,
        proxy=proxy,
        amount=None if minor is None else Money(minor, "SGD"),
        is_editable=_is_editable(account, default=minor is None),
        expiry=_expiry(account),
        reference=emv.text_at(fields, "62.01"),
        merchant=emv.text_at(fields, "59") or "NA",
        city=emv.text_at(fields, "60") or "Singapore",
        initiation=_initiation(fields),
    )


def _proxy(account: emv.Template) -> tuple[Literal["mobile", "uen"], str]:
    proxy_type, proxy = _TYPES.get(account.get("01", "")), account.get("02", "")
    if proxy_type is None:
        refuse("proxy-type", "The kind of proxy is 0, a mobile number, or 2, a UEN.", "26.01")
    if proxy_type == "mobile" and not re.fullmatch(r"\+[0-9]{8,15}", proxy):
        refuse("proxy", "The mobile number has to be written with + and its country.", "26.02")
    if proxy_type == "uen" and not re.fullmatch(r"[0-9A-Z]{9,13}", proxy):
        refuse("proxy", "A UEN has nine or ten letters and digits, and may have a suffix.", "26.02")
    return proxy_type, proxy


def _is_editable(account: emv.Template, *, default: bool) -> bool:
    value = account.get("03")
    if value not in ("0", "1", None):
        refuse("editable", "Field 26.03 is 1 or 0.", "26.03")
    return default if value is None else value == "1"


def _expiry(account: emv.Template) -> str | None:
    text = account.get("04")
    if text is None:
        return None
    try:
        if not re.fullmatch("[0-9]{8}([0-9]{6})?", text):
            raise ValueError
        datetime.strptime(text.ljust(14, "0"), "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        refuse("expiry", "The last day is none: it is written YYYYMMDD.", "26.04")
    return text


def _initiation(fields: emv.Fields) -> Literal["11", "12"]:
    initiation = emv.text_at(fields, "01") or "11"
    if initiation not in ("11", "12"):
        refuse("initiation", "Tag 01 is 11 or 12.", "01")
    return "12" if initiation == "12" else "11"
