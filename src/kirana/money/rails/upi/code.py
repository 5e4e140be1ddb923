"""The text of a UPI link or QR code: what it holds, written and read.

Source: NPCI, UPI Linking Specification 1.6. A person may no longer collect from a person since
1 October 2025: what asks for money is a link or QR code that the payer pushes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_to_bytes

from kirana.values import Money

from ..amounts import minor_of, text_of
from ..problems import refuse
from ..texts import require_line, require_text

_PAY = "upi://pay?"
_KNOWN = ("pa", "pn", "mc", "tid", "tr", "tn", "am", "mam", "cu", "url", "mode", "orgid")
_MOST_NOTE = 50
PERSON = "0000"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpiCode:
    """Whom to pay: `pa` is a payment address such as asha@bank. Names are the standard's."""

    pa: str
    pn: str | None = None
    mc: str | None = None
    """The merchant's trade, four digits; 0000 for a person."""
    tid: str | None = None
    tr: str | None = None
    """The reference, new for every attempt."""
    tn: str | None = None
    am: Money | None = None
    mam: Money | None = None
    """The least that may be paid."""
    url: str | None = None
    mode: str | None = None
    orgid: str | None = None
    others: dict[str, str] = field(default_factory=dict)
    """What the standard does not know, or we do not."""
    sign: str | None = None


def write_code(code: UpiCode) -> str:
    """Raises: CodeRefused for what cannot be written."""
    if len(code.tn or "") > _MOST_NOTE:
        refuse("note", f"A note has at most {_MOST_NOTE} characters.", "tn")
    values = {
        **{name: getattr(code, name) for name in _KNOWN if name not in ("am", "mam", "cu")},
        "am": _text_of(code.am),
        "mam": _text_of(code.mam),
        "cu": "INR",
    }
    ordered = [(name, values[name]) for name in _KNOWN]
    ordered += [*code.others.items(), ("sign", code.sign)]
    text = _PAY + "&".join(
        f"{_quote(key)}={_quote(value, '@' if key == 'pa' else '')}"
        for key, value in ordered
        if value
    )
    read_code(text)
    return text


def read_code(text: str) -> UpiCode:
    """Raises: CodeRefused."""
    values = {key: value for key, value in parse(text).items() if value is not None}
    if "pa" not in values:
        refuse("payee", "No payee is named in it.", "pa")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,256}@[A-Za-z0-9][A-Za-z0-9.-]{1,63}", values["pa"]):
        refuse("payee", "The payee has to be a payment address such as asha@bank.", "pa")
    if values.pop("cu", "INR") != "INR":
        refuse("currency", "The currency has to be INR.", "cu")
    am, mam = _amount(values, "am"), _amount(values, "mam")
    mc = values.get("mc")
    if mc is not None and not re.fullmatch("[0-9]{4}", mc):
        refuse("merchant", "The merchant's trade has four digits.", "mc")
    if mc not in (None, PERSON) and am is not None and "tr" not in values:
        refuse("reference", "A merchant who asks for an amount needs a reference.", "tr")
    texts = {name: values.pop(name, None) for name in _KNOWN if name not in ("am", "mam", "cu")}
    sign = values.pop("sign", None)
    return UpiCode(**texts, am=am, mam=mam, others=values, sign=sign)  # type: ignore[arg-type]


def parse(text: str) -> dict[str, str | None]:
    """Every key; None for one that is empty or says `null`. Raises: CodeRefused.

    A plus sign is a plus sign: only %20 is a space. A value begins after the first `=`.
    """
    require_line(text)
    if text[:13].lower() == "upi://mandate":
        refuse("mandate", "This asks for a permission to debit repeatedly, not for a payment.")
    if text[: len(_PAY)].lower() != _PAY:
        refuse("not-a-code", "A UPI code begins with upi://pay?")
    values: dict[str, str | None] = {}
    for part in text[len(_PAY) :].split("&"):
        if not part:
            continue
        key, _, value = part.partition("=")
        key = _unquote(key, key)
        if not key:
            refuse("no-key", "A value has no key.")
        if key in values:
            refuse("repeated-field", "A key stands there twice.", key)
        value = _unquote(value, key)
        values[key] = None if value in ("", "null") else value
    return values


def _amount(values: dict[str, str], key: str) -> Money | None:
    text = values.pop(key, None)
    if text is None:
        return None
    minor = minor_of(text, "INR", decimals=2)
    if not minor:
        refuse("amount", "The amount has to be more than 0, with up to two decimals.", key)
    return Money(minor, "INR")


def _text_of(amount: Money | None) -> str | None:
    return None if amount is None else text_of(amount)


def _quote(text: str, safe: str = "") -> str:
    require_text(text)
    return quote(text, safe=safe)


def _unquote(text: str, key: str) -> str:
    if re.search("%(?![0-9A-Fa-f]{2})", text):
        refuse("encoding", "A percent sign has to be followed by two digits.", key)
    try:
        plain = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        refuse("encoding", "What is percent-encoded is no UTF-8.", key)
    require_line(plain)
    return plain


def sign_is_last(keys: Iterable[str]) -> bool:
    """A signature covers what stands before it."""
    ordered = list(keys)
    return "sign" not in ordered or ordered[-1] == "sign"
