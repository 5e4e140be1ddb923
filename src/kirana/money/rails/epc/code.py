"""The text of a code for a SEPA credit transfer: what it holds, written and read.

Source: European Payments Council, EPC069-12, Quick Response Code: Guidelines to enable data
capture for the initiation of a SEPA credit transfer.
"""

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from kirana.values import Money

from ..amounts import minor_of, shortest_text_of
from ..check_digits import is_bic, is_iban, is_rf
from ..problems import refuse
from ..texts import has_controls, require_text

CHARSETS = {
    1: "utf-8", 2: "iso8859-1", 3: "iso8859-2", 4: "iso8859-4",
    5: "iso8859-5", 6: "iso8859-7", 7: "iso8859-10", 8: "iso8859-15",
}  # fmt: skip
MAX_BYTES = 331
_NAMES = (
    *("service_tag", "version", "charset", "identification", "bic", "name", "iban", "amount"),
    *("purpose", "reference", "text", "info"),
)
_NEEDED_LINES = 7
_MOST = 999_999_999_99


@dataclass(frozen=True, slots=True, kw_only=True)
class EpcCode:
    """Whom to pay, and either a `reference` for machines or a `text` for people."""

    name: str
    iban: str
    bic: str = ""
    amount: Money | None = None
    purpose: str = ""
    reference: str = ""
    text: str = ""
    info: str = ""
    version: Literal["001", "002"] = "002"
    charset: int = 1


def write_code(code: EpcCode) -> str:
    """Raises: CodeRefused for what cannot be written."""
    lines = [
        "BCD",
        code.version,
        str(code.charset),
        "SCT",
        code.bic,
        code.name,
        code.iban,
        "" if code.amount is None else f"EUR{shortest_text_of(code.amount)}",
        code.purpose,
        code.reference,
        code.text,
        code.info,
    ]
    text = "\n".join(lines).rstrip("\n")
    if read_code(text) != code:
        refuse("line-break", "No line of a code may hold a line break.")
    return text


def read_code(text: str) -> EpcCode:
    """Raises: CodeRefused."""
    fields = {name: value or "" for name, value in parse(text).items()}
    if fields["identification"] != "SCT":
        refuse("kind", "Only credit transfers, SCT, are paid by this code.", "identification")
    code = EpcCode(
        version=_version(fields["version"]),
        charset=_charset(fields["charset"]),
        bic=fields["bic"],
        name=fields["name"],
        iban=fields["iban"],
        amount=_amount(fields["amount"]),
        purpose=fields["purpose"],
        reference=fields["reference"],
        text=fields["text"],
        info=fields["info"],
    )
    _require_size(text, code.charset)
    _require_account(code)
    _require_texts(code)
    return code


def parse(text: str) -> dict[str, str | None]:
    """Every line by its name; None for an empty one. Raises: CodeRefused."""
    require_text(text)
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if lines[0] != "BCD":
        refuse("not-a-code", "A SEPA code begins with the line BCD.", "service_tag")
    if not _NEEDED_LINES <= len(lines) <= len(_NAMES):
        refuse("lines", f"A SEPA code has {_NEEDED_LINES} to {len(_NAMES)} lines.")
    if has_controls("".join(lines)):
        refuse("no-text", "A line holds characters that cannot be seen.")
    return {name: it or None for name, it in zip_longest(_NAMES, lines)}


def _version(text: str) -> Literal["001", "002"]:
    if text not in ("001", "002"):
        refuse("version", "The version is 001 or 002.", "version")
    return "001" if text == "001" else "002"


def _charset(text: str) -> int:
    if not re.fullmatch("[1-8]", text):
        refuse("charset", "The character set is 1 to 8.", "charset")
    return int(text)


def _amount(text: str) -> Money | None:
    if not text:
        return None
    if not re.fullmatch(r"EUR(0|[1-9][0-9]*)(\.[0-9]{1,2})?", text):
        refuse("amount", "The amount is written like EUR12.3.", "amount")
    minor = minor_of(text[3:], "EUR", decimals=2)
    if minor is None or not 1 <= minor <= _MOST:
        refuse("amount", "The amount has to be between 0.01 and 999999999.99.", "amount")
    return Money(minor, "EUR")


def _require_size(text: str, charset: int) -> None:
    try:
        size = len(text.encode(CHARSETS[charset]))
    except UnicodeEncodeError:
        refuse("charset", "Its character set cannot write all of it.", "charset")
    if size > MAX_BYTES:
        refuse("too-long", f"It has {size} bytes, more than {MAX_BYTES}.")


def _require_account(code: EpcCode) -> None:
    if not code.bic and code.version == "001":
        refuse("bic", "Version 001 needs the bank's BIC.", "bic")
    if code.bic and not is_bic(code.bic):
        refuse("bic", "The BIC has eight or eleven letters and digits.", "bic")
    if not is_iban(code.iban):
        refuse("iban", "The IBAN is wrong: its length or its check digits.", "iban")


def _require_texts(code: EpcCode) -> None:
    if not 1 <= len(code.name) <= 70:
        refuse("name", "The name has 1 to 70 characters.", "name")
    if not re.fullmatch("[A-Z0-9]{0,4}", code.purpose):
        refuse("purpose", "The purpose has up to four letters.", "purpose")
    if code.reference and code.text:
        refuse("reference", "It has a reference or a text, not both.", "reference")
    if len(code.reference) > 35:
        refuse("reference", "A reference has at most 35 characters.", "reference")
    if code.reference.startswith("RF") and not is_rf(code.reference):
        refuse("reference", "The check digits of the reference are wrong.", "reference")
    if len(code.text) > 140:
        refuse("text", "The text has at most 140 characters.", "text")
    if len(code.info) > 70:
        refuse("info", "What is for the payer alone has at most 70 characters.", "info")
