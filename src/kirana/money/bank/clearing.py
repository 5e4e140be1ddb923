"""The operator's accounts, each explained by what is still in it.

An item is a transfer that nothing has cleared yet. A transfer the other way clears those that it
belongs to (the same group, what it gives back, what is for the same), and then the oldest. Nothing
clears what a provider costs: it is added up by month and kind. What is left adds up to the balance
of the account, to the last minor unit.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import bindparam, select

from kirana.platform.db import Q, Row, Tx
from kirana.values import Actor, Money, TransferId

from ..model import OPERATOR, Code, currency_of
from ..owners import require_operator
from ..tables import accounts, entries, holds, transfers

CLEARED = (
    Code.COMING_IN, Code.GOING_OUT, Code.BANK, Code.CASH_BOX, Code.RAIL_COSTS, Code.SUSPENSE,
)  # fmt: skip
_PAGE = 2000

_ACCOUNTS = Q(
    select(accounts)
    .where(accounts.c.owner_id == bindparam("owner_id"), accounts.c.code.in_(CLEARED))
    .order_by(accounts.c.ledger_id, accounts.c.code, accounts.c.label)
)
_ENTRIES = Q(
    select(
        entries.c.version,
        entries.c.posted_minor,
        transfers.c.id,
        transfers.c.group_id,
        transfers.c.reverses_id,
        transfers.c.ref_id,
        transfers.c.purpose,
        transfers.c.created_at,
    )
    .join_from(entries, transfers, transfers.c.seq == entries.c.seq)
    .where(
        entries.c.account_id == bindparam("account_id"),
        entries.c.version > bindparam("after"),
    )
    .order_by(entries.c.version)
    .limit(_PAGE)
)
_OPEN_HOLDS = Q(
    select(
        transfers.c.id,
        transfers.c.debit_id,
        transfers.c.purpose,
        transfers.c.created_at,
        holds.c.amount_minor,
    )
    .join_from(holds, transfers, transfers.c.id == holds.c.id)
    .where(
        holds.c.state == "open",
        (transfers.c.debit_id == bindparam("account_id"))
        | (transfers.c.credit_id == bindparam("account_id")),
    )
    .order_by(transfers.c.seq)
)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What is left of a transfer: above zero it is owed to others, below zero the operator has
    it."""

    transfer_id: TransferId
    purpose: str
    amount: Money
    at: int
    count: int = 1
    """Of how many transfers it is the sum; `transfer_id` and `at` are the latest's."""


@dataclass(frozen=True, slots=True)
class ClearingAccount:
    """An account of the operator's. `items` add up to `balance`; what is `waiting` is set aside
    and moves when it is settled."""

    code: int
    currency: str
    rail: str
    """Of which provider; empty where it is of all."""
    balance: Money
    items: list[OpenItem]
    waiting: list[OpenItem]


@dataclass(slots=True)
class _Item:
    row: Row
    left_minor: int


class _OpenItems:
    """What is left in an account, the oldest first. All of it has one sign: whatever has the other
    clears it."""

    def __init__(self) -> None:
        self._queue: deque[_Item] = deque()
        self._of: dict[UUID, list[_Item]] = defaultdict(list)

    def enter(self, row: Row) -> None:
        left = row.posted_minor
        for id in (row.reverses_id, row.group_id, row.ref_id):
            for item in self._of.get(id, ()):
                left = _clear(item, left)
        while left and self._queue and self._queue[0].left_minor * left <= 0:
            left = _clear(self._queue[0], left)
            if not self._queue[0].left_minor:
                self._forget(self._queue.popleft())
        if left:
            item = _Item(row, left)
            self._queue.append(item)
            for id in _names(row):
                self._of[id].append(item)

    def __iter__(self) -> Iterator[_Item]:
        return (item for item in self._queue if item.left_minor)

    def _forget(self, item: _Item) -> None:
        for id in _names(item.row):
            self._of[id] = [it for it in self._of[id] if it is not item]


def _names(row: Row) -> set[UUID]:
    """By what it is found again."""
    return {row.id, row.group_id, row.ref_id} - {None}


def _clear(item: _Item, minor: int) -> int:
    """Let an item be cleared by `minor` of the other sign; what is left of that."""
    if item.left_minor * minor >= 0:
        return minor
    cleared = min(abs(minor), abs(item.left_minor)) * (1 if minor > 0 else -1)
    item.left_minor += cleared
    return minor - cleared


def explain_clearing(tx: Tx, *, by: Actor) -> list[ClearingAccount]:
    """What is in each account. Raises: NotAllowed unless an operator asks."""
    require_operator(tx, by=by)
    return [_explained(tx, row) for row in tx.all(_ACCOUNTS, owner_id=OPERATOR)]


def _explained(tx: Tx, account: Row) -> ClearingAccount:
    currency = currency_of(account.ledger_id)
    return ClearingAccount(
        code=account.code,
        currency=currency,
        rail=account.label,
        balance=Money(account.credits_posted - account.debits_posted, currency),
        items=(_sums if account.code == Code.RAIL_COSTS else _items)(tx, account, currency),
        waiting=[
            OpenItem(
                row.id,
                row.purpose,
                Money(_signed(row, account), currency),
                row.created_at,
            )
            for row in tx.all(_OPEN_HOLDS, account_id=account.id)
        ],
    )


def _items(tx: Tx, account: Row, currency: str) -> list[OpenItem]:
    open_items = _OpenItems()
    for entry in _entries(tx, account):
        open_items.enter(entry)
    return [
        OpenItem(it.row.id, it.row.purpose, Money(it.left_minor, currency), it.row.created_at)
        for it in open_items
    ]


def _sums(tx: Tx, account: Row, currency: str) -> list[OpenItem]:
    """By month, of the world's calendar, and kind."""
    sums: dict[tuple[str, str], OpenItem] = {}
    for row in _entries(tx, account):
        month = datetime.fromtimestamp(row.created_at / 1000, UTC).strftime("%Y-%m")
        amount, count = Money(row.posted_minor, currency), 1
        if before := sums.get((month, row.purpose)):
            amount, count = amount + before.amount, before.count + 1
        sums[month, row.purpose] = OpenItem(row.id, row.purpose, amount, row.created_at, count)
    return list(sums.values())


def _entries(tx: Tx, account: Row) -> Iterator[Row]:
    after = 0
    while page := tx.all(_ENTRIES, account_id=account.id, after=after):
        yield from page
        after = page[-1].version


def _signed(row: Row, account: Row) -> int:
    amount: int = row.amount_minor
    return -amount if row.debit_id == account.id else amount
