"""What stands in a cell: numbers, prices, dates, answers, lists. Pure.

A number is never guessed. One decimal sign holds for the whole file and is decided from all of its
numbers; where they leave it open (`1,234` alone), the person is asked.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from kirana.values import MAX_AMOUNT_MINOR, Money, UnknownCurrency, currency

DecimalSign = Literal[".", ","]


class BadCell(Exception):
    """A cell that cannot be read. `code` is one of the codes of `notes`."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Signs:
    """What the numbers of a file say about their decimal sign."""

    point: str = ""
    """A number in which the point can only be the decimal sign; empty when there is none."""
    comma: str = ""
    either: str = ""
    """A number that can be read both ways, such as `1,234`."""

    @property
    def decided(self) -> DecimalSign | None:
        """The sign, or nothing when somebody has to be asked."""
        if self.point and self.comma:
            return None
        if self.comma:
            return ","
        if self.point or not self.either:
            return "."
        return None


def read_signs(numbers: Iterable[str]) -> Signs:
    """Look for the decimal sign in all `numbers` of a file; what is no number says nothing."""
    point = comma = either = ""
    for written in numbers:
        number = _bare(written)[0]
        if number.isdigit() or not re.fullmatch(r"[\d.,]*\d[\d.,]*", number):
            continue
        sign = _decimal_sign_of(number)
        if sign == ".":
            point = point or written
        elif sign == ",":
            comma = comma or written
        elif sign == "?":
            either = either or written
    return Signs(point, comma, either)


def _decimal_sign_of(number: str) -> str:
    """`.` or `,`; `?` when it can be either; empty when the number holds no sign or makes no sense.

    The number has at least one sign and otherwise only digits.
    """
    points, commas = number.count("."), number.count(",")
    if points and commas:
        last = max(".,", key=number.rfind)
        return last if _reads(number, last) else ""
    sign = "." if points else ","
    other = "," if points else "."
    if points + commas > 1:  # 1.234.567: only grouping can be repeated
        return other if _reads(number, other) else ""
    whole, _, rest = number.partition(sign)
    if len(rest) != 3 or not whole or len(whole) > 3 or whole.startswith("0"):
        return sign
    return "?"


def _reads(number: str, sign: str) -> bool:
    group = re.escape("," if sign == "." else ".")
    return (
        re.fullmatch(
            rf"(\d+|\d{{1,3}}({group}\d{{2,3}})*{group}\d{{3}})?({re.escape(sign)}\d*)?", number
        )
        is not None
    )


def read_number(written: str, sign: DecimalSign) -> Decimal:
    """The number in a cell. Raises: BadCell."""
    number = _bare(written)[0]
    return _number(number, sign, "not-a-number")


def read_money(written: str, sign: DecimalSign, code: str) -> Money | None:
    """The price in a cell; nothing when it is in another currency than `code`.

    `10.00 USD`, `$10` and `10` are prices. More decimals than the currency has are refused unless
    they are zeros. Raises: BadCell.
    """
    number, said = _bare(written)
    if said and said != code and said not in _signs_of(code):
        if _is_currency(said):
            return None
        raise BadCell("not-a-price")
    amount = _number(number, sign, "not-a-price")
    if amount < 0:
        raise BadCell("negative-price")
    exponent = currency(code).exponent
    minor = amount.scaleb(exponent)
    if minor != minor.to_integral_value():
        raise BadCell("too-many-decimals", currency=code, exponent=exponent)
    if minor > MAX_AMOUNT_MINOR:
        raise BadCell("price-too-large")
    return Money(int(minor), code)


def read_count(written: str, sign: DecimalSign) -> int:
    """A whole number of things in stock; may be below zero. Raises: BadCell."""
    number = read_number(written, sign)
    if number != number.to_integral_value() or abs(number) > 10**9:
        raise BadCell("not-a-whole-number")
    return int(number)


def read_grams(written: str, sign: DecimalSign, unit: str) -> int:
    """A weight in grams, rounded half up. Raises: BadCell, also for an unknown unit."""
    factor = _GRAMS.get(unit.casefold().strip(" ."))
    if factor is None:
        raise BadCell("weight-unit")
    number = read_number(written, sign)
    if number < 0 or number > 10**9:
        raise BadCell("not-a-number")
    return int((number * factor).quantize(Decimal(1), ROUND_HALF_UP))


def read_answer(written: str) -> bool:
    """Yes or no. Raises: BadCell."""
    answer = _ANSWERS.get(written.strip().casefold())
    if answer is None:
        raise BadCell("not-an-answer")
    return answer


def read_instant(written: str, zone: ZoneInfo, *, end_of_day: bool = False) -> int:
    """Epoch milliseconds of a date or an instant; without an offset it is the shop's `zone`.

    A date alone is its first moment, or the first of the next day with `end_of_day`.
    Raises: BadCell.
    """
    cell = written.strip()
    if re.fullmatch(r"\d{9,10}", cell):
        return int(cell) * 1000
    match = re.fullmatch(
        r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?"
        r"\s*(Z|[+-]\d\d:?\d\d)?)?",
        cell,
    )
    if match is None:
        raise BadCell("not-a-date")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        on = date(int(year), int(month), int(day))
        if hour is None:
            if end_of_day:
                on += timedelta(days=1)
            return _epoch_ms(datetime.combine(on, time(0), zone))
        at = time(int(hour), int(minute), int(second or 0), int((fraction or "0").ljust(6, "0")))
        moment = datetime.combine(on, at, zone)
        if offset:
            moment = datetime.fromisoformat(f"{on}T{at.isoformat()}{_iso_offset(offset)}")
        return _epoch_ms(moment)
    except (ValueError, OverflowError):
        raise BadCell("not-a-date") from None


def read_list(written: str, separator: str = ",") -> tuple[str, ...]:
    """The parts of a cell; a separator after a backslash belongs to its part."""
    parts = re.split(rf"(?<!\\){re.escape(separator)}", written)
    return tuple(
        part.strip().replace("\\" + separator, separator) for part in parts if part.strip()
    )


def write_list(parts: Iterable[str], separator: str = ",") -> str:
    """A cell from which `read_list` reads the same parts."""
    return f"{separator} ".join(part.replace(separator, "\\" + separator) for part in parts)


def split_escaped(written: str, separator: str) -> tuple[str, ...]:
    """The parts that `join_escaped` joined: a backslash protects a separator or a backslash."""
    parts, part, letters = [], "", iter(written)
    for letter in letters:
        if letter == "\\":
            following = next(letters, "")
            part += following if following in (separator, "\\") else letter + following
        elif letter == separator:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    parts.append(part.strip())
    return tuple(filter(None, parts))


def join_escaped(parts: Iterable[str], separator: str) -> str:
    """A cell from which `split_escaped` reads the same parts. Kirana's own files have these."""
    return f"{separator} ".join(
        part.replace("\\", "\\\\").replace(separator, "\\" + separator) for part in parts
    )


def read_path(written: str) -> tuple[str, ...]:
    """A path of categories, split at `>` or `->`."""
    return tuple(part.strip() for part in re.split(r"->|>", written) if part.strip())


def is_barcode(written: str) -> bool:
    """Whether this is a GTIN-8, -12, -13 or -14. Source: GS1 General Specifications 7.9."""
    if not re.fullmatch(r"\d{8}|\d{12,14}", written, flags=re.A):
        return False
    digits = [int(digit) for digit in reversed(written)]
    return sum(digit * (3 if i % 2 else 1) for i, digit in enumerate(digits)) % 10 == 0


def plain_number(number: Decimal | int) -> str:
    """A number as Kirana writes it: a point, no grouping, and never in doubt."""
    written = format(Decimal(number), "f")
    return _unmistakable(written.rstrip("0").rstrip(".") if "." in written else written)


def plain_price(amount: Money) -> str:
    """An amount as Kirana writes it into a file: `12.50`, with all decimals of the currency."""
    exponent = currency(amount.currency).exponent
    return _unmistakable(format(Decimal(amount.amount_minor).scaleb(-exponent), f".{exponent}f"))


def _unmistakable(written: str) -> str:
    """`1.250` might be a thousand; `1.2500` is not."""
    return written + "0" if re.search(r"\.\d{3}$", written) else written


_ANSWERS = {
    word: answer
    for answer, words in (
        (True, "1 yes y true ja si sí oui sim tak wahr vrai on x हाँ हां"),
        (False, "0 no n false nein non não nie falsch faux off नहीं"),
    )
    for word in words.split()
}
_GRAMS = {
    "g": Decimal(1),
    "gram": Decimal(1),
    "grams": Decimal(1),
    "kg": Decimal(1000),
    "lb": Decimal("453.59237"),
    "lbs": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
}
_CURRENCY_SIGNS = {
    "€": "EUR",
    "£": "GBP GIP FKP SHP EGP",
    "₹": "INR",
    "¥": "JPY CNY",
    "₦": "NGN",
    "₽": "RUB",
    "₺": "TRY",
    "₴": "UAH",
    "฿": "THB",
    "₫": "VND",
    "₱": "PHP",
    "₩": "KRW KPW",
    "₪": "ILS",
    "R$": "BRL",
    "$": "USD AUD CAD NZD SGD HKD MXN ARS CLP COP TWD UYU",
    "zł": "PLN",
    "Kč": "CZK",
    "kr": "SEK NOK DKK ISK",
    "Rs": "INR PKR LKR NPR MUR",
    "KSh": "KES",
}


def _signs_of(code: str) -> list[str]:
    return [sign for sign, codes in _CURRENCY_SIGNS.items() if code in codes.split()]


def _is_currency(said: str) -> bool:
    try:
        currency(said)
    except UnknownCurrency:
        return said in _CURRENCY_SIGNS
    return True


def _bare(written: str) -> tuple[str, str]:
    """The number in ASCII digits, without spaces and apostrophes; and what stood beside it."""
    text = "".join(_ascii_digit(sign) for sign in written.strip())
    text = re.sub(r"(?<=\d)[\s'’_](?=\d{3}(?!\d))", "", text)
    # `Rs.500`: this point belongs to the sign of the currency.
    text = re.sub(r"^([A-Za-z]{1,3})\.\s*(?=\d)", r"\1 ", text)
    match = re.fullmatch(r"([^\d.,+\-−]*)([+\-−]?)\s*([^\d.,+\-−]*?)\s*([\d.,]+)(.*)", text, re.S)
    if match is None:
        return text, ""
    before, minus, between, number, after = match.groups()
    beside = " ".join(part.strip(" .") for part in (before, between, after) if part.strip(" ."))
    return (("-" if minus in "-−" and minus else "") + number, beside)


def _ascii_digit(sign: str) -> str:
    if sign < "\x80":
        return sign
    if sign == "٫":
        return ","
    if sign == "٬":
        return "'"
    digit = unicodedata.digit(sign, None) if unicodedata.category(sign) == "Nd" else None
    return sign if digit is None else str(digit)


def _number(number: str, sign: DecimalSign, code: str) -> Decimal:
    digits = number.removeprefix("-")
    if not any(map(str.isdigit, digits)) or not _reads(digits, sign):
        raise BadCell(code)
    group = "," if sign == "." else "."
    value = Decimal("0" + digits.replace(group, "").replace(sign, "."))
    return -value if number.startswith("-") else value


def _epoch_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _iso_offset(offset: str) -> str:
    if offset == "Z" or ":" in offset:
        return offset.replace("Z", "+00:00")
    return f"{offset[:3]}:{offset[3:]}"
