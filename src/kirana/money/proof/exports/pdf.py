"""A month as pages to read and to print: what was booked, and what is in the wallet before and
after. Calm: one typeface, two sizes, no boxes."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton

from kirana.platform import letters
from kirana.platform.amounts import money_text, own_digits
from kirana.values import Money

from ...days import local
from ...model import OPERATOR
from ..statements import StatementLine
from . import Lines, MonthOfWallet

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

MOST_LINES = 5000
"""More is nothing to read: the other formats have all of it."""
_WIDTH, _HEIGHT, _MARGIN = 595.28, 841.89, 56.0
_TOP, _BOTTOM = _HEIGHT - _MARGIN, 92.0
_ROW = 29.0
_TEXT, _SMALL, _TINY = 9.5, 7.5, 6.5
_INK, _MUTED, _LINE = (0.13, 0.12, 0.11), (0.42, 0.40, 0.38), (0.86, 0.84, 0.81)
_LEFT, _RIGHT = _MARGIN, _WIDTH - _MARGIN
_NAME_AT, _AMOUNT_AT = _LEFT + 62, _RIGHT - 108
_PURPOSES = {
    "send": "Payment", "request": "Paid request", "purchase": "Order", "refund": "Given back",
    "tip": "Tip", "donation": "Donation", "exchange": "Exchange", "fee": "Fee of this server",
    "top_up": "Put in", "payout": "Paid out", "cash_in": "Cash put in", "cash_out": "Cash paid out",
    "hand_over": "Brought along", "card": "From a card", "correction": "Correction",
}  # fmt: skip
_UNWRITTEN = "(a name in letters this file has not)"
_DIRECTIONS = dict.fromkeys(
    map(ord, "\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2068\u2069")
)


@dataclass(frozen=True, slots=True)
class Paper:
    """What a page says of where it comes from, and in which language's digits. `verify_at` is where
    somebody can look whether the books still are what they were."""

    server: str
    verify_at: str
    language: str = "en"


class _Row(NamedTuple):
    day: str
    name: str
    purpose: str
    amount: str
    balance: str


class Pdf:
    media_type = "application/pdf"
    ending = "pdf"

    def __init__(self, of: MonthOfWallet, paper: Paper) -> None:
        self._of, self._paper = of, paper
        self._locale = _locale(paper.language, of)
        self._rows: list[_Row] = []
        self._came = self._went = Money.zero(of.account.currency)
        self._is_unwritten = False

    def begin(self) -> bytes:
        return b""

    def write(self, page: Lines) -> bytes:
        for line in page.lines:
            if line.posted.amount_minor > 0:
                self._came += line.posted
            else:
                self._went -= line.posted
            if line.posted:
                self._rows.append(self._row(line, page))
        return b""

    def end(self) -> bytes:
        with letters.PAPER:
            return self._drawn()

    def _row(self, line: StatementLine, page: Lines) -> _Row:
        there = local(line.created_at, self._of.zone)
        sign = "+" if line.posted.amount_minor > 0 else "−"
        size = line.posted if line.posted.amount_minor > 0 else -line.posted
        name = page.names.get(line.counterparty_id, "")
        if line.counterparty_id == OPERATOR:
            name = self._paper.server
        purpose = "refund" if line.reverses_id else line.purpose
        return _Row(
            self._digits(format_skeleton("MMMd", there, locale=self._locale)),
            self._writable(name),
            _PURPOSES.get(purpose, purpose.replace("_", " ").capitalize()),
            f"{sign}{self._amount(size)}",
            self._amount(line.balance_after),
        )

    def _drawn(self) -> bytes:
        from reportlab.pdfgen.canvas import Canvas

        of, file = self._of, io.BytesIO()
        canvas = Canvas(file, pagesize=(_WIDTH, _HEIGHT), pageCompression=1)
        title = f"Statement for {self._month()}"
        canvas.setTitle(f"{title}, {of.account.currency}")
        canvas.setAuthor(self._paper.server)
        pages = list(_pages(self._rows))
        for number, (is_first, rows, is_last) in enumerate(pages, 1):
            y = self._head(canvas, title) if is_first else _TOP
            self._columns(canvas, y)
            y -= 22
            for row in rows:
                self._draw_row(canvas, y, row)
                y -= _ROW
            if is_last:
                self._sums(canvas, y)
            self._foot(canvas, number, len(pages))
            canvas.showPage()
        canvas.save()
        return file.getvalue()

    def _head(self, canvas: "Canvas", title: str) -> float:
        of = self._of
        _ink(canvas, _MUTED)
        letters.draw(canvas, _LEFT, _TOP, self._writable(self._paper.server), _TEXT)
        _ink(canvas, _INK)
        letters.draw(canvas, _LEFT, _TOP - 30, title, 20)
        name = letters.shortened(self._writable(of.name), 11, _RIGHT - _LEFT)
        letters.draw(canvas, _LEFT, _TOP - 50, name, 11)
        y = _TOP - 92
        days = [of.since, of.until - 1]
        told = [
            (f"On {self._day(days[0])}", of.opening, False),
            (f"On {self._day(days[1])}", of.closing, True),
        ]
        for text, amount, is_right in told:
            x = _RIGHT if is_right else _LEFT
            _ink(canvas, _MUTED)
            letters.draw(canvas, x, y + 22, text, _SMALL, to_the_right=is_right)
            _ink(canvas, _INK)
            letters.draw(canvas, x, y, self._amount(amount), 16, to_the_right=is_right)
        return y - 36

    def _columns(self, canvas: "Canvas", y: float) -> None:
        _ink(canvas, _MUTED)
        letters.draw(canvas, _LEFT, y, "Day", _SMALL)
        letters.draw(canvas, _NAME_AT, y, "With whom", _SMALL)
        letters.draw(canvas, _AMOUNT_AT, y, "Amount", _SMALL, to_the_right=True)
        letters.draw(canvas, _RIGHT, y, "Balance", _SMALL, to_the_right=True)
        _rule(canvas, y - 6)

    def _draw_row(self, canvas: "Canvas", y: float, row: _Row) -> None:
        _ink(canvas, _INK)
        letters.draw(canvas, _LEFT, y, row.day, _TEXT)
        taken = letters.draw(canvas, _AMOUNT_AT, y, row.amount, _TEXT, to_the_right=True)
        room = _AMOUNT_AT - taken - 12 - _NAME_AT
        letters.draw(canvas, _NAME_AT, y, letters.shortened(row.name, _TEXT, room), _TEXT)
        _ink(canvas, _MUTED)
        letters.draw(canvas, _RIGHT, y, row.balance, _TEXT, to_the_right=True)
        letters.draw(canvas, _NAME_AT, y - 10.5, row.purpose, _SMALL)

    def _sums(self, canvas: "Canvas", y: float) -> None:
        if not self._rows:
            _ink(canvas, _MUTED)
            letters.draw(canvas, _LEFT, y, "Nothing was booked in this month.", _TEXT)
            y -= _ROW
        _rule(canvas, y + 15)
        told = [("Came in", self._came), ("Went out", self._went)]
        if self._of.on_hold:
            told.append(("Of the balance, set aside", self._of.on_hold))
        for text, amount in told:
            _ink(canvas, _MUTED)
            letters.draw(canvas, _NAME_AT, y, text, _TEXT)
            _ink(canvas, _INK)
            letters.draw(canvas, _AMOUNT_AT, y, self._amount(amount), _TEXT, to_the_right=True)
            y -= 16
        if self._is_unwritten:
            _ink(canvas, _MUTED)
            text = "Names in letters this file has not are whole in the spreadsheet of this month."
            letters.draw(canvas, _NAME_AT, y - 4, text, _SMALL)

    def _foot(self, canvas: "Canvas", number: int, count: int) -> None:
        of, y = self._of, _BOTTOM - 34
        _rule(canvas, y + 16)
        _ink(canvas, _MUTED)
        page = f"{self._digits(number)} / {self._digits(count)}"
        letters.draw(canvas, _RIGHT, y, page, _SMALL, to_the_right=True)
        made = self._digits(format_date(local(of.made_at, of.zone), "long", locale=self._locale))
        letters.draw(canvas, _LEFT, y, f"Made on {made}. Days are those of {of.zone}.", _SMALL)
        if of.head is None:
            return
        text = f"The books stood at block {of.head.no}: {of.head.hash}"
        letters.draw(canvas, _LEFT, y - 13, text, _TINY)
        link = f"{self._paper.verify_at}#block={of.head.no}&hash={of.head.hash}"
        told = f"Whether they still say so: {self._paper.verify_at}"
        width = letters.draw(canvas, _LEFT, y - 24, told, _TINY)
        canvas.linkURL(link, (_LEFT, y - 27, _LEFT + width, y - 17))

    def _writable(self, name: str) -> str:
        if letters.can_write(name):
            return name
        self._is_unwritten = True
        return _UNWRITTEN

    def _amount(self, amount: Money) -> str:
        text = money_text(amount.amount_minor, amount.currency, self._locale, has_own_digits=True)
        return text.translate(_DIRECTIONS)

    def _month(self) -> str:
        there = local(self._of.since, self._of.zone)
        return self._digits(format_skeleton("yMMMM", there, locale=self._locale))

    def _day(self, at: int) -> str:
        there = local(at, self._of.zone)
        return self._digits(format_date(there, "long", locale=self._locale))

    def _digits(self, text: object) -> str:
        return own_digits(str(text), self._locale).translate(_DIRECTIONS)


def _pages(rows: list[_Row]) -> Iterable[tuple[bool, list[_Row], bool]]:
    """What goes on which page. The sums want the room of some rows at the end of the last, and are
    on no page alone."""
    room, sums, at = int((_TOP - 150 - _BOTTOM) // _ROW), 3, 0
    while True:
        left = len(rows) - at
        is_last = left <= room - sums
        taken = rows[at : at + (left if is_last else min(room, left - 1))]
        yield at == 0, taken, is_last
        if is_last:
            return
        at, room = at + len(taken), int((_TOP - 22 - _BOTTOM) // _ROW)


def _locale(language: str, of: MonthOfWallet) -> Locale:
    """English for a language that is not known, or has letters that no typeface here has."""
    english = Locale.parse("en")
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return english
    text = money_text(0, of.account.currency, locale, has_own_digits=True)
    text += str(format_date(local(of.since, of.zone), "long", locale=locale))
    return locale if letters.can_write(text.translate(_DIRECTIONS)) else english


def _ink(canvas: "Canvas", color: tuple[float, float, float]) -> None:
    canvas.setFillColorRGB(*color)


def _rule(canvas: "Canvas", y: float) -> None:
    canvas.setStrokeColorRGB(*_LINE)
    canvas.setLineWidth(0.6)
    canvas.line(_LEFT, y, _RIGHT, y)
