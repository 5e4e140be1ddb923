"""Rules and usages on their way between the tables and the books of one pass.

Usages, and who has been paid before, are an index over the journal: where a row is missing, since a
rule is new, it is made up from what the journal says.
"""

from collections.abc import Iterable
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select

from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.values import TransferId

from .model import OPERATOR, Account, Books, Code, Kind, Move, Pair, UsageKey, currency_of
from .tables import accounts, entries, limits, owners, payees, transfers, usages, waived
from .usages import (
    NOT_COUNTED,
    PASSED_ON,
    Action,
    Bounds,
    Bucket,
    Payee,
    Rule,
    Usage,
    Window,
    actions_of,
    starts,
)

DAY_MS = 24 * 3_600_000

_RULES = Q(
    select(
        limits.c.tier,
        limits.c.currency,
        limits.c.action,
        limits.c.window,
        limits.c.max_minor,
        limits.c.max_count,
        limits.c.hours,
    ).where(any_of(limits.c.currency, "currencies"))
)
_OWNERS = Q(select(owners.c.id, owners.c.tier, owners.c.zone).where(any_of(owners.c.id, "ids")))
_USAGES = Q(select(usages).where(any_of(usages.c.account_id, "ids")))
_PAYEES = Q(
    select(payees).where(any_of(payees.c.account_id, "payers"), any_of(payees.c.payee_id, "payees"))
)
_WAIVED = Q(
    select(waived.c.account_id, func.sum(waived.c.amount_minor).label("amount_minor"))
    .where(any_of(waived.c.account_id, "ids"), waived.c.at > bindparam("after"))
    .group_by(waived.c.account_id)
)
_FORGET_WAIVED = Q(delete(waived).where(waived.c.at < bindparam("before")))
_up = (
    select(
        transfers.c.id.label("of_id"),
        transfers.c.hold_id,
        transfers.c.created_at,
        transfers.c.purpose,
    )
    .where(any_of(transfers.c.id, "ids"), transfers.c.kind != "refused")
    .cte("up", recursive=True)
)
_up = _up.union_all(
    select(_up.c.of_id, transfers.c.hold_id, transfers.c.created_at, transfers.c.purpose).join_from(
        _up, transfers, transfers.c.id == _up.c.hold_id
    )
)
_MADE_AT = Q(select(_up).where(_up.c.hold_id.is_(None)))
_debits, _credits = accounts.alias("debits"), accounts.alias("credits")
_HISTORY = Q(
    select(
        transfers.c.id,
        transfers.c.kind,
        transfers.c.debit_id,
        transfers.c.credit_id,
        transfers.c.amount_minor,
        transfers.c.hold_id,
        transfers.c.reverses_id,
        transfers.c.purpose,
        transfers.c.created_at,
        _debits.c.code.label("debit_code"),
        _credits.c.code.label("credit_code"),
    )
    .join_from(entries, transfers, transfers.c.seq == entries.c.seq)
    .join(_debits, _debits.c.id == transfers.c.debit_id)
    .join(_credits, _credits.c.id == transfers.c.credit_id)
    .where(
        entries.c.account_id == bindparam("account_id"),
        transfers.c.created_at >= bindparam("since"),
    )
    .order_by(entries.c.version)
)
_FIRST_PAID = Q(
    select(func.min(transfers.c.created_at).label("at"))
    .join_from(entries, transfers, transfers.c.seq == entries.c.seq)
    .where(
        entries.c.account_id == bindparam("account_id"),
        transfers.c.debit_id == bindparam("account_id"),
        transfers.c.credit_id == bindparam("payee_id"),
        transfers.c.kind.in_(["posted", "pending"]),
        transfers.c.reverses_id.is_(None),
        transfers.c.purpose.not_in(sorted(PASSED_ON)),
    )
)
_BUCKETS = [f"{window}_{part}" for window in ("day", "month", "year") for part in Bucket._fields]
_USE = Q(upsert(usages, ["account_id", "action"], _BUCKETS))
_MEET = Q(upsert(payees, ["account_id", "payee_id"], ["minor"]))
_WAIVE = Q(insert(waived))

Met: TypeAlias = tuple[dict[UsageKey, Usage], dict[Pair, Payee]]
"""Usages and payees as a pass found them."""


def load(tx: Tx, books: Books, moves: Iterable[Move]) -> None:
    """Add to the books what the rules of their accounts need."""
    books.bounds = _bounds(tx, books.accounts.values())
    if not books.bounds:
        return
    ids = books.holds.keys() | {move.reverses_id for move in moves if move.reverses_id}
    if ids:
        books.made_at = {
            TransferId(row.of_id): row.created_at
            for row in tx.all(_MADE_AT, ids=list(ids))
            if row.purpose not in NOT_COUNTED | PASSED_ON
        }
    books.usages = _usages(tx, books)
    pairs = _pairs(books, moves)
    books.payees = _payees(tx, books, pairs)
    adding_up = [
        id
        for id, bounds in books.bounds.items()
        if bounds.find(Action.CONFIRM, Window.DAY) is not None
    ]
    if adding_up:
        rows = tx.all(_WAIVED, ids=adding_up, after=books.now - DAY_MS)
        books.unconfirmed = {row.account_id: int(row.amount_minor) for row in rows}


def write(tx: Tx, books: Books, met: Met) -> None:
    """Write what changed. The accounts' own versions guard against a second writer."""
    used, known = met
    tx.many(
        _USE,
        [
            {
                "account_id": account_id,
                "action": action.value,
                **dict(zip(_BUCKETS, (n for bucket in usage for n in bucket), strict=True)),
            }
            for (account_id, action), usage in books.usages.items()
            if used.get((account_id, action)) != usage
        ],
    )
    tx.many(
        _MEET,
        [
            {"account_id": payer, "payee_id": payee, **met_payee._asdict()}
            for (payer, payee), met_payee in books.payees.items()
            if known.get((payer, payee)) != met_payee
        ],
    )
    tx.many(_WAIVE, books.waived)


def forget_waived(tx: Tx) -> None:
    """Payments without a PIN are added up for a day only."""
    tx.do(_FORGET_WAIVED, before=tx.now - 2 * DAY_MS)


def rules_of(tx: Tx, tier: str, currency: str) -> tuple[Rule, ...]:
    rows = tx.all(_RULES, currencies=[currency])
    return tuple(rule_of(row) for row in rows if row.tier == tier)


def rule_of(row: Row) -> Rule:
    action, window = Action(row.action), Window(row.window)
    return Rule(action, window, row.max_minor, row.max_count, row.hours)


def find_usage(tx: Tx, key: UsageKey, bounds: Bounds, now: int) -> Usage:
    """How much of its rules an account has used, as it stands now."""
    id, action = key
    for row in tx.all(_USAGES, ids=[id]):
        if row.action == action.value:
            return _usage(row).at(now, bounds.zone)
    return _retold(tx, id, now, bounds.zone).get(action) or Usage.begun(now, bounds.zone)


def unconfirmed_of(tx: Tx, account: Account, now: int) -> int:
    """What went without a PIN in the last 24 hours."""
    row = tx.one(_WAIVED, ids=[account.id], after=now - DAY_MS)
    return int(row.amount_minor) if row else 0


def _bounds(tx: Tx, found: Iterable[Account]) -> dict[UUID, Bounds]:
    bound = [a for a in found if a.code in (Code.WALLET, Code.CASH_IN_HAND)]
    if not bound:
        return {}
    rows = tx.all(_RULES, currencies=list({currency_of(a.ledger_id) for a in bound}))
    if not rows:
        return {}
    by_tier: dict[tuple[str, str], list[Rule]] = {}
    for row in rows:
        by_tier.setdefault((row.tier, row.currency), []).append(rule_of(row))
    ids = list({account.owner_id for account in bound} - {OPERATOR})
    known = {row.id: row for row in tx.all(_OWNERS, ids=ids)} if ids else {}
    bounds = {}
    for account in bound:
        owner = known.get(account.owner_id)
        tier, zone = (owner.tier, owner.zone) if owner else ("unverified", "UTC")
        if rules := by_tier.get((tier, currency_of(account.ledger_id))):
            bounds[account.id] = Bounds(zone, tuple(rules))
    return bounds


def _usages(tx: Tx, books: Books) -> dict[UsageKey, Usage]:
    found = {
        (row.account_id, Action(row.action)): _usage(row)
        for row in tx.all(_USAGES, ids=list(books.bounds))
    }
    for id, bounds in books.bounds.items():
        counted = {rule.action for rule in bounds.rules if bounds.counts(rule.action)}
        missing = [action for action in counted if (id, action) not in found]
        if missing and books.accounts[id].version:
            told = _retold(tx, id, books.now, bounds.zone)
            found.update({(id, action): told[action] for action in missing if action in told})
    return found


def _usage(row: Row) -> Usage:
    return Usage(
        Bucket(row.day_start, row.day_minor, row.day_times),
        Bucket(row.month_start, row.month_minor, row.month_times),
        Bucket(row.year_start, row.year_minor, row.year_times),
    )


def _retold(tx: Tx, account_id: UUID, now: int, zone: str) -> dict[Action, Usage]:
    """An account's usages as they would be, had its rules been there since the year began."""
    told: dict[Action, Usage] = {}
    made: dict[UUID, tuple[Action, int]] = {}
    held: dict[UUID, tuple[int, int]] = {}
    """What each hold holds, and how often it was counted: what is left of another one, never."""
    for row in tx.all(_HISTORY, account_id=account_id, since=starts(now, zone)[2]):
        minor, count = row.amount_minor, 0
        root = row.hold_id or row.reverses_id
        if row.purpose in PASSED_ON and row.debit_id == account_id:
            continue
        if root is None:
            paying, receiving = actions_of(row.debit_code, row.credit_code)
            action = paying if row.debit_id == account_id else receiving
            if action is None or row.purpose in NOT_COUNTED:
                continue
            made[row.id] = (action, row.created_at)
            count = 1
        elif root not in made:
            continue
        elif row.kind in (Kind.VOID, Kind.EXPIRE):
            minor, count = -row.amount_minor, -held.pop(root, (0, 0))[1]
        elif row.kind == Kind.POST:
            minor = row.amount_minor - held[root][0]
        elif row.reverses_id:
            minor = -row.amount_minor
        if root is not None:
            made[row.id] = made[root]
        if row.kind == Kind.PENDING:
            held[row.id] = (row.amount_minor, count)
        action, made_at = made[row.id]
        usage = told.get(action) or Usage.begun(now, zone)
        told[action] = usage.counted(minor, count, made_at)
        if row.purpose in PASSED_ON:
            del made[row.id]
    return told


def _pairs(books: Books, moves: Iterable[Move]) -> set[Pair]:
    """Whom the payers of a pass pay, where it matters whether they did before."""
    pairs = {(move.debit.id, move.credit.id) for move in moves if move.debit and move.credit}
    pairs |= {(hold.debit_id, hold.credit_id) for hold in books.holds.values()}
    pairs |= {(it.debit_id, it.credit_id) for it in books.originals.values()}
    return {
        (payer, payee)
        for payer, payee in pairs
        if (bounds := books.bounds.get(payer)) and bounds.knows_payees
    }


def _payees(tx: Tx, books: Books, pairs: set[Pair]) -> dict[Pair, Payee]:
    if not pairs:
        return {}
    payers, paid = zip(*pairs, strict=True)
    found = {
        (row.account_id, row.payee_id): Payee(row.first_at, row.until, row.minor)
        for row in tx.all(_PAYEES, payers=list(set(payers)), payees=list(set(paid)))
    }
    for pair in pairs - found.keys():
        if books.accounts[pair[0]].version:
            row = tx.one(_FIRST_PAID, account_id=pair[0], payee_id=pair[1])
            if row and row.at is not None:
                found[pair] = Payee(row.at, row.at, 0)
    return found
