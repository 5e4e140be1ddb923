"""What happened to a wallet or a float, line by line. Read from the entries, by version: no sums,
and pages that stay as they are while new lines arrive."""

from dataclasses import dataclass

from sqlalchemy import bindparam, case, select

from kirana.platform.db import Q, Row, Tx
from kirana.values import Actor, Money, OwnerId, Page, TransferId

from .model import AccountKey, Kind, Ref, ref_of
from .tables import accounts, entries, transfers
from .wallets import float_key, wallet_key

_other = accounts.alias("other")
_ALL = (
    select(
        entries,
        transfers.c.id,
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
_BETWEEN = Q(
    _ALL.where(
        transfers.c.created_at >= bindparam("since"), transfers.c.created_at < bindparam("until")
    ).order_by(entries.c.version)
)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One transfer as this wallet felt it. `posted` came in, or went out when negative; `pending`
    likewise was set aside or released. `amount` is the transfer's own."""

    line: int
    transfer_id: TransferId
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


def lines_between(tx: Tx, key: AccountKey, since: int, until: int) -> list[StatementLine]:
    """All lines from one instant to before another, the oldest first."""
    rows = tx.all(_BETWEEN, account_id=key.id, since=since, until=until)
    return [_line(row, key.currency) for row in rows]


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
