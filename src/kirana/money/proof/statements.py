"""What happened to a wallet or a float, line by line. Read from the entries, by version: no sums,
and pages that stay as they are while new lines arrive."""

from bisect import bisect_left
from dataclasses import dataclass

from sqlalchemy import bindparam, case, select

from kirana.platform.db import Q, Row, Tx
from kirana.values import Actor, Money, OwnerId, Page, TransferId

from ..model import AccountKey, Kind, Ref, ref_of
from ..tables import accounts, entries, transfers
from ..wallets import float_key, wallet_key

_other = accounts.alias("other")
_ALL = (
    select(
        entries,
        transfers.c.id,
        transfers.c.group_id,
        transfers.c.kind,
        transfers.c.purpose,
        transfers.c.amount_minor,
        transfers.c.hold_id,
        transfers.c.reverses_id,
        transfers.c.ref_kind,
        transfers.c.ref_id,
        transfers.c.created_at,
        _other.c.owner_id.label("counterparty_id"),
        (transfers.c.debit_id == entries.c.account_id).label("is_debit"),
    )
    .join_from(entries, transfers, transfers.c.seq == entries.c.seq)
    .join(
        _other,
        _other.c.id
        == case(
            (transfers.c.debit_id == entries.c.account_id, transfers.c.credit_id),
            else_=transfers.c.debit_id,
        ),
    )
    .where(entries.c.account_id == bindparam("account_id"))
)
_LINES = Q(
    _ALL.where(entries.c.version < bindparam("before"))
    .order_by(entries.c.version.desc())
    .limit(bindparam("limit"))
)
_FROM = Q(
    _ALL.where(entries.c.version >= bindparam("first"), entries.c.version < bindparam("end"))
    .order_by(entries.c.version)
    .limit(bindparam("limit"))
)
_LAST_LINE = Q(
    select(entries.c.version)
    .where(entries.c.account_id == bindparam("account_id"))
    .order_by(entries.c.version.desc())
    .limit(1)
)
_WRITTEN_AT = Q(
    select(transfers.c.created_at)
    .join_from(entries, transfers, transfers.c.seq == entries.c.seq)
    .where(
        entries.c.account_id == bindparam("account_id"), entries.c.version == bindparam("version")
    )
)
_AFTER = Q(
    select(entries).where(
        entries.c.account_id == bindparam("account_id"), entries.c.version == bindparam("version")
    )
)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One transfer as this wallet felt it. `posted` came in, or went out when negative; `pending`
    likewise was set aside or released. `amount` is the transfer's own."""

    line: int
    transfer_id: TransferId
    group_id: TransferId
    """Shared by what was moved together."""
    kind: Kind
    purpose: str
    counterparty_id: OwnerId
    is_outgoing: bool
    amount: Money
    posted: Money
    pending: Money
    balance_after: Money
    on_hold_after: Money
    coming_after: Money
    hold_id: TransferId | None
    reverses_id: TransferId | None
    ref: Ref | None
    created_at: int


def list_statement(
    tx: Tx, currency: str, *, before: int | None = None, limit: int = 50, by: Actor
) -> Page[StatementLine]:
    """The lines of `by`'s wallet, the newest first; `before` is the `line` to go on from."""
    return _list(tx, wallet_key(by.user_id, currency), before, limit)


def list_float_statement(
    tx: Tx, currency: str, *, before: int | None = None, limit: int = 50, by: Actor
) -> Page[StatementLine]:
    """The same of `by`'s float: the cash that an agent took in and paid out, and what was bought of
    the operator."""
    return _list(tx, float_key(by.user_id, currency), before, limit)


def first_line_from(tx: Tx, key: AccountKey, at: int) -> int:
    """The first line that was written at `at` or later; the one after the last if there is none.

    Lines are numbered in the order of their times, so looking twenty times finds it among a
    million: no index by time is kept.
    """
    last = tx.one(_LAST_LINE, account_id=key.id)
    lines = range(1, last.version + 1 if last else 1)

    def written_at(line: int) -> int:
        row = tx.one(_WRITTEN_AT, account_id=key.id, version=line)
        assert row is not None, f"line {line} of {key.id} is missing"
        return int(row.created_at)

    return bisect_left(lines, at, key=written_at) + 1


def lines_from(tx: Tx, key: AccountKey, first: int, end: int, limit: int) -> list[StatementLine]:
    """At most `limit` lines from `first` to before `end`, the oldest first."""
    rows = tx.all(_FROM, account_id=key.id, first=first, end=end, limit=limit)
    return [_line(row, key.currency) for row in rows]


def balances_after(tx: Tx, key: AccountKey, line: int) -> tuple[Money, Money]:
    """The balance after a line, and what was on hold then. Line 0: nothing."""
    row = tx.one(_AFTER, account_id=key.id, version=line)
    balance, on_hold = (row.balance_after_minor, row.on_hold_after_minor) if row else (0, 0)
    return Money(balance, key.currency), Money(on_hold, key.currency)


def _list(tx: Tx, key: AccountKey, before: int | None, limit: int) -> Page[StatementLine]:
    rows = tx.all(
        _LINES,
        account_id=key.id,
        before=2**62 if before is None else before,
        limit=limit + 1,
    )
    currency = key.currency
    lines = [_line(row, currency) for row in rows[:limit]]
    return Page(lines, str(lines[-1].line) if len(rows) > limit else None)


def _line(row: Row, currency: str) -> StatementLine:
    return StatementLine(
        line=row.version,
        transfer_id=row.id,
        group_id=row.group_id,
        kind=Kind(row.kind),
        purpose=row.purpose,
        counterparty_id=row.counterparty_id,
        is_outgoing=bool(row.is_debit),
        amount=Money(row.amount_minor, currency),
        posted=Money(row.posted_minor, currency),
        pending=Money(row.pending_minor, currency),
        balance_after=Money(row.balance_after_minor, currency),
        on_hold_after=Money(row.on_hold_after_minor, currency),
        coming_after=Money(row.coming_after_minor, currency),
        hold_id=row.hold_id,
        reverses_id=row.reverses_id,
        ref=ref_of(row.ref_kind, row.ref_id),
        created_at=row.created_at,
    )
