"""Bank files: camt.053 and camt.054, MT940, OFX and CSV, read into one kind of line.

A file is read whole or refused; nothing in it is followed. Amounts are exact, or refused.
"""

from . import camt, delimited, mt940, ofx
from .delimited import ColumnMap, check_columns
from .lines import MAX_BYTES, BankFile, BankLine, require_announced_size, require_size
from .problems import StatementRefused, refuse

__all__ = [
    "MAX_BYTES",
    "BankFile",
    "BankLine",
    "ColumnMap",
    "StatementRefused",
    "check_columns",
    "read",
    "require_announced_size",
]


def read(content: bytes, *, columns: ColumnMap | None = None, encoding: str = "utf-8") -> BankFile:
    """The lines of a file. `columns` is for CSV, `encoding` for MT940, which does not say.

    Raises: StatementRefused.
    """
    require_size(content)
    if columns is not None:
        return delimited.read(content, columns)
    if camt.recognizes(content):
        return camt.read(content)
    if ofx.recognizes(content):
        return ofx.read(content)
    if mt940.recognizes(content):
        return mt940.read(content, encoding=encoding)
    return refuse("unknown", "This is no camt, MT940 or OFX file. A CSV file needs its columns.")
