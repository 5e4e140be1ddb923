"""CSV: every bank has its own columns, so whoever imports it says which is which."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NoReturn

import msgspec

from kirana.platform.problems import InvalidInput
from kirana.values import Money, UnknownCurrency, currency

from .lines import BankFile, BankLine, decoded, money_of, number, reference_of
from .problems import refuse

MAX_CELL = 10_000
MAX_LINES_BEFORE_HEADER = 100
ENCODINGS = (
    *("utf-8", "utf-16", "cp1250", "cp1251", "cp1252", "cp1254", "cp1256", "cp874"),
    *("iso8859-1", "iso8859-2", "iso8859-15", "shift_jis", "gb18030", "big5", "euc-kr"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """Names of columns, as the file's header has them.

    Amounts stand in one column with their sign; or beside a `direction` column; or in two, one for
    what came and one for what went.
    """

    account: str
    """Whose statement it is: most files do not say."""
    currency: str
    booked_on: str
    value_on: str | None = None
    amount: str | None = None
    direction: str | None = None
    """Says of each amount whether it went: by one of `debit_words`."""
    debit_words: tuple[str, ...] = ("S", "D", "DBIT", "DEBIT")
    came: str | None = None
    went: str | None = None
    text: str | None = None
    counterparty: str | None = None
    counterparty_account: str | None = None
    end_to_end_id: str | None = None
    reference: str | None = None
    bank_reference: str | None = None
    date_format: str = "%Y-%m-%d"
    decimal: Literal[".", ","] = "."
    delimiter: Literal[",", ";", "\t", "|"] = ","
    encoding: str = "utf-8"
    lines_before_header: int = 0


def check_columns(columns: ColumnMap) -> None:
    """Raises: InvalidInput for a map that no file could be read by, in words."""
    if not 0 <= columns.lines_before_header <= MAX_LINES_BEFORE_HEADER:
        _object("lines_before_header", "A header stands within the first hundred lines.")
    if columns.encoding not in ENCODINGS:
        _object("encoding", f"A file is in one of: {', '.join(ENCODINGS)}.")
    if len(msgspec.json.encode(columns)) > MAX_CELL:
        _object("", "No bank has columns of such long names.")
    try:
        currency(columns.currency)
    except UnknownCurrency as unknown:
        _object("currency", str(unknown))
    try:
        datetime.strptime(date(2000, 12, 31).strftime(columns.date_format), columns.date_format)  # noqa: DTZ007
    except (ValueError, re.error):
        _object("date_format", "A format of dates looks like %d.%m.%Y.")


def _object(field: str, message: str) -> NoReturn:
    raise InvalidInput(errors=[{"field": field, "message": message}])


def read(content: bytes, columns: ColumnMap) -> BankFile:
    """Raises: StatementRefused."""
    text = decoded(content, columns.encoding)
    rows = _rows(text, columns)
    header = [it.strip() for it in next(rows, (0, []))[1]]
    _require_columns(header, columns)
    lines = []
    for at, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            refuse("columns", f"This row has {len(row)} cells, not {len(header)}.", f"line {at}")
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=True)}
        lines.append(_line(cells, columns, f"line {at}"))
    return BankFile("csv", number(lines))


def _rows(text: str, columns: ColumnMap) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its last line."""
    lines = io.StringIO(text, newline="")
    for _ in range(columns.lines_before_header):
        lines.readline()
    reader = csv.reader(lines, delimiter=columns.delimiter, strict=True)
    try:
        for row in reader:
            if any(len(cell) > MAX_CELL for cell in row):
                refuse("too-long", "A cell is longer than any bank writes.")
            yield reader.line_num + columns.lines_before_header, row
    except csv.Error:
        refuse("broken", "The quotes of a cell are broken.", f"line {reader.line_num}")


def _require_columns(header: list[str], columns: ColumnMap) -> None:
    if (columns.amount is None) == (columns.came is None and columns.went is None):
        refuse("columns", "Amounts stand either in one column, or in one for each direction.")
    named = (
        *(columns.booked_on, columns.value_on, columns.amount, columns.direction, columns.came),
        *(columns.went, columns.text, columns.counterparty, columns.counterparty_account),
        *(columns.end_to_end_id, columns.reference, columns.bank_reference),
    )
    for name in named:
        if name is not None and header.count(name) != 1:
            refuse("columns", f"The file has no column {name}, or several.")


def _line(cells: dict[str, str], columns: ColumnMap, place: str) -> BankLine:
    def cell(name: str | None) -> str | None:
        return reference_of(cells[name]) if name else None

    reference = cell(columns.reference)
    return BankLine(
        account=columns.account,
        booked_on=_date(cells[columns.booked_on], columns, place),
        value_on=_date(said, columns, place) if (said := cell(columns.value_on)) else None,
        amount=_amount(cells, columns, place),
        end_to_end_id=cell(columns.end_to_end_id),
        references=(reference,) if reference else (),
        bank_reference=cell(columns.bank_reference),
        counterparty=cell(columns.counterparty),
        counterparty_account=cell(columns.counterparty_account),
        text=cell(columns.text) or "",
    )


def _amount(cells: dict[str, str], columns: ColumnMap, place: str) -> Money:
    if columns.amount is not None:
        money = _number(cells[columns.amount], columns, place)
        said = cells[columns.direction].upper() if columns.direction else ""
        return -money if said in columns.debit_words else money
    came = cells[columns.came] if columns.came else ""
    went = cells[columns.went] if columns.went else ""
    if bool(came) == bool(went):
        refuse("amount", "Either something came or something went.", place)
    if came:
        return _number(came, columns, place)
    money = _number(went, columns, place)
    return money if money.amount_minor < 0 else -money


def _number(text: str, columns: ColumnMap, place: str) -> Money:
    """A number with or without thousands set apart: `-1.234,50` where the comma is decimal."""
    group = "." if columns.decimal == "," else ","
    plain = re.sub(rf"(?<=[0-9])[ \u00a0\u202f'’{group}](?=[0-9]{{3}})", "", text)
    if group in plain:
        refuse("amount", f"{text[:20]} is no amount with decimal {columns.decimal}", place)
    return money_of(plain.replace(columns.decimal, "."), columns.currency, place)


def _date(text: str, columns: ColumnMap, place: str) -> date:
    try:
        return datetime.strptime(text, columns.date_format).date()  # noqa: DTZ007
    except (ValueError, re.error):
        return refuse("date", f"{text[:20]} is no date like {columns.date_format}.", place)
