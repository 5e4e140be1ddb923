"""MT940: statements in lines of tagged text, `:61:` for each booking and `:86:` for what it is.

Source: SWIFT MT940 Customer Statement Message, and the `?20` subfields of German banks.
"""

import re
from dataclasses import replace
from datetime import date

from .lines import BankFile, BankLine, decoded, money_of, number, reference_of
from .problems import refuse

_TAG = re.compile(r"^:([0-9]{2}[A-Z]?):", re.M)
_BOOKING = re.compile(
    r"(?P<value>[0-9]{6})(?P<entry>[0-9]{4})?(?P<mark>R?[CD])(?P<funds>[A-Z])?"
    r"(?P<amount>[0-9]{1,12},[0-9]{0,4})(?P<kind>[A-Z][A-Z0-9]{3})"
    r"(?P<customer>[^\n]*?)(?://(?P<bank>[^\n]*))?(?:\n(?P<more>.*))?",
    re.S,
)
_BALANCE = re.compile(r"(?P<mark>[CD])[0-9]{6}(?P<code>[A-Z]{3})(?P<amount>[0-9]{1,12},[0-9]{0,4})")
_TEXTS = [*range(20, 30), *range(60, 64)]


def recognizes(content: bytes) -> bool:
    return re.search(rb"^:20:", content[:2048], re.M) is not None


def read(content: bytes, *, encoding: str = "utf-8") -> BankFile:
    """Raises: StatementRefused."""
    text = decoded(content, encoding).replace("\r\n", "\n").replace("\r", "\n")
    lines: list[BankLine] = []
    warnings: list[str] = []
    for fields in _statements(text):
        lines += _statement(fields, warnings)
    return BankFile("mt940", number(lines), tuple(warnings))


def _statements(text: str) -> list[list[tuple[str, str]]]:
    """The tags and values of each statement: each begins with `:20:`."""
    found = list(_TAG.finditer(text))
    ends = [it.start() for it in found[1:]] + [len(text)]
    fields = [
        (it[1], _without_trailer(text[it.end() : end])) for it, end in zip(found, ends, strict=True)
    ]
    starts = [at for at, (tag, _) in enumerate(fields) if tag == "20"]
    if not starts:
        refuse("no-statement", "There is no MT940 statement in the file.")
    return [fields[a:b] for a, b in zip(starts, [*starts[1:], len(fields)], strict=True)]


def _without_trailer(value: str) -> str:
    """Without the `-` or `-}` that ends a message, and what follows it."""
    return re.split(r"\n-(?:\}|$|\n)", value.rstrip(), maxsplit=1)[0].rstrip("\n")


def _statement(fields: list[tuple[str, str]], warnings: list[str]) -> list[BankLine]:
    values = dict(fields)
    opening = _balance(values, "60")
    account = values.get("25", "").strip().rpartition("/")[2]
    if not account:
        refuse("account", "The statement does not name its account.")
    code, before = opening
    lines: list[BankLine] = []
    for at, (tag, value) in enumerate(fields):
        if tag == "61":
            line = _booking(value, account, code)
            follows = fields[at + 1] if at + 1 < len(fields) else ("", "")
            lines.append(_described(line, follows[1]) if follows[0] == "86" else line)
    if before + sum(it.amount.amount_minor for it in lines) != _balance(values, "62")[1]:
        warnings.append("The lines do not add up to the difference of the balances.")
    return lines


def _balance(values: dict[str, str], tag: str) -> tuple[str, int]:
    text = values.get(f"{tag}F") or values.get(f"{tag}M") or ""
    match = _BALANCE.match(text.strip())
    if match is None:
        refuse("balance", "A balance is missing or broken.", f":{tag}F:")
    money = money_of(match["amount"].replace(",", "."), match["code"], f":{tag}F:")
    return match["code"], money.amount_minor if match["mark"] == "C" else -money.amount_minor


def _booking(text: str, account: str, code: str) -> BankLine:
    match = _BOOKING.fullmatch(text)
    if match is None:
        refuse("broken", "A booking is broken.", f":61:{text[:30]}")
    place = f":61:{text[:30]}"
    value_on = _date(match["value"], place)
    money = money_of(match["amount"].replace(",", "."), code, place)
    is_reversal = match["mark"].startswith("R")
    came = match["mark"] in ("C", "RD")
    customer = reference_of(match["customer"])
    return BankLine(
        account=account,
        booked_on=_entry_date(match["entry"], value_on, place),
        value_on=value_on,
        amount=money if came else -money,
        references=(customer,) if customer else (),
        bank_reference=reference_of(match["bank"]),
        text=(match["more"] or "").replace("\n", " ").strip(),
        is_reversal=is_reversal,
    )


def _date(text: str, place: str) -> date:
    try:
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:6]))
    except ValueError:
        return refuse("date", f"{text} is no date.", place)


def _entry_date(text: str | None, value_on: date, place: str) -> date:
    """Month and day, in the year that is nearest to the value date."""
    if text is None:
        return value_on
    candidates = []
    for year in (value_on.year - 1, value_on.year, value_on.year + 1):
        try:
            candidates.append(date(year, int(text[:2]), int(text[2:])))
        except ValueError:
            continue
    if not candidates:
        refuse("date", f"{text} is no date.", place)
    return min(candidates, key=lambda it: abs(it - value_on))


def _described(line: BankLine, text: str) -> BankLine:
    """With what `:86:` says: as `?20` subfields, as `/EREF/` words, or as plain text."""
    if re.match(r"[0-9]{3}\?", text):
        subfields = dict(re.findall(r"\?([0-9]{2})([^?]*)", text.replace("\n", "")))
        words = "".join(subfields.get(str(number), "") for number in _TEXTS)
        line = replace(
            line,
            counterparty=(subfields.get("32", "") + subfields.get("33", "")).strip() or None,
            counterparty_account=subfields.get("31", "").strip() or None,
        )
        end_to_end_id = re.search(r"EREF\+(.*?)(?=[A-Z]{4}\+|$)", words)
        remittance = re.search(r"SVWZ\+(.*?)(?=[A-Z]{4}\+|$)", words)
        shown = remittance[1] if remittance else words
    else:
        words = text.replace("\n", "")
        end_to_end_id = re.search(r"/EREF/([^/]*)", words)
        remittance = re.search(r"/REMI/(?:USTD//)?([^/]*)", words)
        name = re.search(r"/NAME/([^/]*)", words)
        line = replace(line, counterparty=name[1].strip() if name else None)
        shown = remittance[1] if remittance else text.replace("\n", " ")
    return replace(
        line,
        end_to_end_id=reference_of(end_to_end_id[1]) if end_to_end_id else None,
        text=shown.strip(),
    )
