"""A month as CSV: every line, also of what is only set aside. Source: RFC 4180."""

import csv
import io
from collections.abc import Iterable, Sequence

from ...days import local
from ...rails.texts import cell
from . import Lines, MonthOfWallet

_COLUMNS = (
    "date", "line", "id", "kind", "purpose", "counterparty", "ref", "amount_minor", "amount",
    "currency", "balance_after", "on_hold_after",
)  # fmt: skip


class Spreadsheet:
    media_type = "text/csv; charset=utf-8"
    ending = "csv"

    def __init__(self, of: MonthOfWallet) -> None:
        self._of = of

    def begin(self) -> bytes:
        """With a mark that it is UTF-8, which spreadsheets want."""
        return b"\xef\xbb\xbf" + _rows([_COLUMNS])

    def write(self, page: Lines) -> bytes:
        return _rows(
            [
                local(line.created_at, self._of.zone).isoformat(timespec="seconds"),
                line.line,
                line.transfer_id,
                line.kind,
                line.purpose,
                cell(page.names.get(line.counterparty_id, "")),
                f"{line.ref.kind} {line.ref.id}" if line.ref else "",
                line.posted.amount_minor,
                line.posted.decimal,
                line.posted.currency,
                line.balance_after.decimal,
                line.on_hold_after.decimal,
            ]
            for line in page.lines
        )

    def end(self) -> bytes:
        return b""


def _rows(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
