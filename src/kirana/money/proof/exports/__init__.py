"""A month of a wallet as a file.

What is in it is read in pages, and written as it is read: a file may be long, what it takes of
memory is not. Only the PDF is made as a whole, and bounded therefore.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from kirana.platform.db import Tx
from kirana.values import Actor, Money, OwnerId

from ... import chain
from ...days import month_of
from ...model import OPERATOR, AccountKey
from ...owners import NameOf, find_owner
from ...wallets import wallet_key
from ..statements import StatementLine, balances_after, first_line_from, lines_from

Format = Literal["csv", "camt", "pdf", "beancount"]
PAGE = 500


@dataclass(frozen=True, slots=True)
class MonthOfWallet:
    """A month of its owner's zone: which lines of the wallet are in it, and what it held before and
    after. `until` is the next month's first moment, or now."""

    account: AccountKey
    name: str
    month: str
    zone: str
    since: int
    until: int
    made_at: int
    opening: Money
    closing: Money
    on_hold: Money
    first: int
    end: int
    """The line after the last."""
    head: chain.SealedBlock | None
    """Of the books as they were when this was read."""


class Lines(NamedTuple):
    """Some lines, the oldest first, and what those on the other side are called."""

    lines: list[StatementLine]
    names: Mapping[OwnerId, str]


class Writer(Protocol):
    """Makes a file of a month. Called once, for each page in turn, and once."""

    media_type: str
    ending: str

    def begin(self) -> bytes: ...
    def write(self, page: Lines) -> bytes: ...
    def end(self) -> bytes: ...


def open_month(
    tx: Tx, currency_code: str, year: int, month: int, name_of: NameOf, *, by: Actor
) -> MonthOfWallet:
    """The statement of `by`'s wallet for a month of 1 to 12, without its lines."""
    key = wallet_key(by.user_id, currency_code)
    owner = find_owner(tx, by.user_id)
    zone = owner.zone if owner else "UTC"
    since, until = month_of(year, month, zone)
    until = min(until, max(since, tx.now) + 1)
    first, end = first_line_from(tx, key, since), first_line_from(tx, key, until)
    opening, _ = balances_after(tx, key, first - 1)
    closing, on_hold = balances_after(tx, key, end - 1)
    return MonthOfWallet(
        account=key,
        name=name_of(tx, [by.user_id]).get(by.user_id, ""),
        month=f"{year:04}-{month:02}",
        zone=zone,
        since=since,
        until=until,
        made_at=tx.now,
        opening=opening,
        closing=closing,
        on_hold=on_hold,
        first=first,
        end=end,
        head=chain.head(tx),
    )


def read_lines(tx: Tx, of: MonthOfWallet, first: int, name_of: NameOf) -> Lines:
    """The lines of a month from `first` on, at most `PAGE` of them. Lines never change, so pages
    that are read one after another belong together."""
    lines = lines_from(tx, of.account, first, of.end, PAGE)
    others = {line.counterparty_id for line in lines} - {OPERATOR}
    return Lines(lines, name_of(tx, others) if others else {})
