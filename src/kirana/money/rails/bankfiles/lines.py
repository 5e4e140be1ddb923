"""A line of a bank statement, whatever file it came in."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Literal

from kirana.values import MAX_AMOUNT_MINOR, Money, UnknownCurrency, currency

from .problems import refuse

MAX_BYTES = 20 << 20
MAX_LINES = 100_000

_NO_REFERENCE = {"", "NONREF", "NOTPROVIDED", "NOREF"}
"""What banks write where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    """Money that came (`amount` above zero) or went."""

    account: str
    """Whose statement it is: an IBAN, or the number that the file has."""
    booked_on: date
    amount: Money
    value_on: date | None = None
    end_to_end_id: str | None = None
    """What the payer's bank passed on as it was given."""
    references: tuple[str, ...] = ()
    """All others: of the creditor, the mandate, the customer."""
    bank_reference: str | None = None
    """The bank's own name for it."""
    counterparty: str | None = None
    counterparty_account: str | None = None
    text: str = ""
    is_reversal: bool = False
    index: int = 0
    """The how-many-th it is of those in its file that look the same."""

    @property
    def line_hash(self) -> str:
        """The same in every file that this line comes in, and in no other line."""
        key = [*self._look(), self.index]
        return sha256(json.dumps(key, ensure_ascii=False).encode()).hexdigest()

    def _look(self) -> tuple[str | int, ...]:
        return (
            self.account,
            self.booked_on.isoformat(),
            self.amount.amount_minor,
            self.amount.currency,
            self.bank_reference or f"{self.end_to_end_id or ''} {self.text}",
        )


@dataclass(frozen=True, slots=True)
class BankFile:
    """What was read. Warnings are for whoever imports it."""

    format: Literal["camt", "mt940", "ofx", "csv"]
    lines: list[BankLine]
    warnings: tuple[str, ...] = ()


def number(lines: Iterable[BankLine]) -> list[BankLine]:
    """Tell apart what looks the same: two coffees of one day are two."""
    seen: Counter[tuple[str | int, ...]] = Counter()
    numbered = []
    for line in lines:
        look = line._look()
        numbered.append(replace(line, index=seen[look]))
        seen[look] += 1
    if len(numbered) > MAX_LINES:
        refuse("too-many", f"The file has more than {MAX_LINES} lines.")
    return numbered


def money_of(text: str, code: str, place: str) -> Money:
    """A decimal number as minor units, exactly. Raises: StatementRefused."""
    try:
        exponent = currency(code).exponent
    except UnknownCurrency:
        refuse("currency", f"{code[:20]} is no currency.", place)
    if not re.fullmatch(r"[+-]?[0-9]{1,18}(\.[0-9]{0,10})?", text):
        refuse("amount", f"{text[:20]} is no amount.", place)
    exact = Decimal(text).scaleb(exponent)
    if abs(exact) > MAX_AMOUNT_MINOR or exact != int(exact):
        refuse("amount", f"{text} {code} is no whole number of its smallest unit.", place)
    return Money(int(exact), code)


def reference_of(text: str | None) -> str | None:
    """None for what banks write where there is none."""
    text = (text or "").strip()
    return None if text.upper() in _NO_REFERENCE else text


def date_of(text: str, place: str) -> date:
    """An ISO date, or the date of an ISO instant as the bank wrote it. Raises: StatementRefused."""
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return refuse("date", f"{text[:20]} is no date.", place)


def decoded(content: bytes, encoding: str) -> str:
    """Raises: StatementRefused for another character set than the one named."""
    try:
        return content.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except LookupError:
        return refuse("charset", f"{encoding} is no character set.")
    except UnicodeDecodeError as error:
        return refuse("charset", f"The file is not in {encoding}: look at byte {error.start}.")


def require_size(content: bytes) -> None:
    """Raises: StatementRefused."""
    _require_bytes(len(content))


def require_announced_size(content_length: str) -> None:
    """The same, before all of a file has come. Raises: StatementRefused."""
    _require_bytes(int(content_length) if content_length.isdecimal() else 0)


def _require_bytes(count: int) -> None:
    if count > MAX_BYTES:
        refuse("too-large", f"The file is larger than {MAX_BYTES >> 20} megabytes.")
