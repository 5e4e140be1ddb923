"""A sheet whose header row is known: cells by the name of their column. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .sniffing import Record


@dataclass(frozen=True, slots=True)
class Header:
    """A column's name as it stands in the file, its plain name, and the unit read off it."""

    written: str
    name: str
    unit: str


class Table:
    """Rows below their headers. `name` is always lower case, with single spaces, without unit."""

    def __init__(self, header: Record, records: Iterable[Record]) -> None:
        self.headers = tuple(read_header(cell) for cell in header.cells)
        self._index: dict[str, int] = {}
        for position, column in enumerate(self.headers):
            if column.name:
                self._index.setdefault(column.name, position)
        width = len(self.headers)
        self.rows: list[Row] = []
        self.too_long: list[Record] = []
        """Rows with more cells than there are headers."""
        for record in records:
            if len(record.cells) > width and any(cell.strip() for cell in record.cells[width:]):
                self.too_long.append(record)
            else:
                self.rows.append(Row(record.row, record.cells, self._index))

    def __contains__(self, name: str) -> bool:
        return name in self._index

    @property
    def names(self) -> Iterable[str]:
        return self._index.keys()

    def written(self, name: str) -> str:
        """The header of a column as it stands in the file."""
        position = self._index.get(name)
        return name if position is None else self.headers[position].written

    def unit(self, name: str) -> str:
        position = self._index.get(name)
        return "" if position is None else self.headers[position].unit

    def cells(self, name: str) -> Iterator[str]:
        """All cells of a column that are not empty."""
        if name in self._index:
            for row in self.rows:
                if cell := row[name]:
                    yield cell

    def matching(self, pattern: str) -> list[tuple[str, re.Match[str]]]:
        """The columns whose whole name fits `pattern`, in the order of the file."""
        return [(name, found) for name in self._index if (found := re.fullmatch(pattern, name))]

    def unused(self, used: Iterable[str]) -> tuple[str, ...]:
        """The headers outside `used` that have something below them."""
        known = set(used)
        return tuple(
            self.headers[position].written
            for name, position in self._index.items()
            if name not in known and next(self.cells(name), None) is not None
        )


class Row:
    """One record: its spreadsheet number and its cells, trimmed; a missing cell is empty."""

    __slots__ = ("_cells", "_index", "row")

    def __init__(self, row: int, cells: tuple[str, ...], index: dict[str, int]) -> None:
        self.row = row
        self._cells = cells
        self._index = index

    def __getitem__(self, name: str) -> str:
        position = self._index.get(name)
        if position is None or position >= len(self._cells):
            return ""
        return from_cell(self._cells[position])

    def is_dash(self, name: str) -> bool:
        """Whether the cell holds a single `-`, which says: nothing any more."""
        position = self._index.get(name)
        return (
            position is not None
            and position < len(self._cells)
            and self._cells[position].strip() == "-"
        )


def read_header(written: str) -> Header:
    """Trimmed, letter case folded, the unit in brackets read off: `Weight (lbs)`."""
    plain = " ".join(written.replace("\ufeff", "").split())
    name, unit = plain.casefold(), ""
    if match := re.fullmatch(r"(.*\S) \(([^()]*)\)", name):
        name, unit = match[1], match[2]
    return Header(plain, name, unit)


def from_cell(written: str) -> str:
    """The text in a cell, without the apostrophe that keeps a spreadsheet from calculating."""
    text = written.strip()
    return text[1:] if re.match(r"'+[=+\-@]", text) else text


def to_cell(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula; `from_cell` gives it back."""
    return "'" + text if re.match(r"'*[=+\-@]", text) else text
