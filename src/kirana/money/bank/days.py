"""The daily close: what an owner's bank says of a day, beside what the books say.

A day closes when it is over where its owner lives and a statement of it has come. It is looked at
again when a later file brings more of it.
"""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, cast, func, or_, select

from kirana.platform.db import Int, Q, Tx, upsert
from kirana.platform.stream import Change
from kirana.values import Actor, Mandate, Money, OwnerId, UserId

from ..days import day_of
from ..events import DifferenceFound
from ..model import currency_of
from ..owners import find_owner, require_mandate
from ..tables import bank_days, bank_lines, matches
from .lines import TO_LOOK_AT, ImportedLine, lines_of_day
from .matching import CONFIRMED_SINCE

_DAY_MS = 24 * 3600 * 1000
DAYS = 60
"""How far back the close is shown."""

_BY_BANK = Q(
    select(
        bank_lines.c.booked_on,
        bank_lines.c.currency,
        matches.c.rail,
        cast(func.sum(matches.c.amount_minor), Int).label("amount_minor"),
    )
    .join_from(matches, bank_lines, bank_lines.c.id == matches.c.line_id)
    .where(
        bank_lines.c.owner_id == bindparam("owner_id"),
        bank_lines.c.booked_on >= bindparam("from_on"),
    )
    .group_by(bank_lines.c.booked_on, bank_lines.c.currency, matches.c.rail)
)
_DAYS_OF = (
    select(
        bank_lines.c.owner_id,
        bank_lines.c.booked_on,
        bank_lines.c.currency,
        cast(func.count(), Int).label("line_count"),
    )
    .where(bank_lines.c.booked_on >= bindparam("from_on"))
    .group_by(bank_lines.c.owner_id, bank_lines.c.booked_on, bank_lines.c.currency)
    .subquery("day")
)
_NOT_CLOSED = Q(
    select(_DAYS_OF, bank_days.c.unexplained_count)
    .outerjoin_from(
        _DAYS_OF,
        bank_days,
        and_(
            bank_days.c.owner_id == _DAYS_OF.c.owner_id,
            bank_days.c.booked_on == _DAYS_OF.c.booked_on,
            bank_days.c.currency == _DAYS_OF.c.currency,
        ),
    )
    .where(
        or_(
            bank_days.c.line_count.is_(None),
            bank_days.c.line_count != _DAYS_OF.c.line_count,
        )
    )
    .order_by(_DAYS_OF.c.booked_on, _DAYS_OF.c.owner_id, _DAYS_OF.c.currency)
)
_OWN_DAYS = Q(
    select(bank_lines.c.booked_on, bank_lines.c.currency)
    .where(
        bank_lines.c.owner_id == bindparam("owner_id"),
        bank_lines.c.booked_on >= bindparam("from_on"),
    )
    .distinct()
)
_CLOSE = Q(
    upsert(
        bank_days,
        ["owner_id", "booked_on", "currency"],
        ["line_count", "unexplained_count", "unexplained_minor", "closed_at"],
    )
)


@dataclass(frozen=True, slots=True)
class RailOfDay:
    """What came by a rail: as the bank says, and by the owner's word alone."""

    rail: str
    by_bank: Money
    by_hand: Money


@dataclass(frozen=True, slots=True)
class BankDay:
    """A day in one currency. Of its lines `unexplained_count` wait for the owner, `unexplained` in
    all; what was taken back counts below zero."""

    day: str
    currency: str
    rails: list[RailOfDay]
    unexplained: Money
    unexplained_count: int


def list_days(tx: Tx, *, by: Actor) -> list[BankDay]:
    """What the bank says and what the books say, the newest day first. Raises: NotAllowed."""
    require_mandate(Mandate.SPEND, by=by)
    owner_id, zone = by.user_id, _zone_of(tx, by.user_id)
    from_on = day_of(tx.now - DAYS * _DAY_MS, zone)
    sums: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(
        lambda: defaultdict(lambda: [0, 0])
    )
    for row in tx.all(_OWN_DAYS, owner_id=owner_id, from_on=from_on):
        sums[row.booked_on, row.currency]
    for row in tx.all(_BY_BANK, owner_id=owner_id, from_on=from_on):
        sums[row.booked_on, row.currency][row.rail][0] += row.amount_minor
    for row in tx.all(CONFIRMED_SINCE, owner_id=owner_id, since=tx.now - DAYS * _DAY_MS):
        if missing := row.amount_minor - row.covered_minor:
            day = day_of(row.confirmed_at, zone)
            sums[day, currency_of(row.ledger_id)][row.rail][1] += missing
    return [
        _day(tx, owner_id, day, currency, rails)
        for (day, currency), rails in sorted(sums.items(), reverse=True)
    ]


def close_bank_days(tx: Tx) -> int:
    """Close every day that is over and not closed yet; the number of them. What is unexplained is
    announced."""
    closed = 0
    for row in tx.all(_NOT_CLOSED, from_on=day_of(tx.now - DAYS * _DAY_MS, "UTC")):
        if row.booked_on >= day_of(tx.now, _zone_of(tx, row.owner_id)):
            continue
        unexplained = _unexplained(tx, row.owner_id, row.booked_on, row.currency)
        amount = sum(_open_minor(line) for line in unexplained)
        tx.do(
            _CLOSE,
            owner_id=row.owner_id,
            booked_on=row.booked_on,
            currency=row.currency,
            line_count=row.line_count,
            unexplained_count=len(unexplained),
            unexplained_minor=amount,
            closed_at=tx.now,
        )
        if len(unexplained) > (row.unexplained_count or 0):
            tx.publish([UserId(row.owner_id)], Change("bank_day", row.owner_id))
            tx.emit(
                DifferenceFound(
                    owner_id=row.owner_id,
                    day=row.booked_on,
                    amount=Money(amount, row.currency),
                    lines=len(unexplained),
                )
            )
        closed += 1
    return closed


def _day(
    tx: Tx, owner_id: OwnerId, day: str, currency: str, rails: dict[str, list[int]]
) -> BankDay:
    unexplained = _unexplained(tx, owner_id, day, currency)
    return BankDay(
        day,
        currency,
        [
            RailOfDay(rail, Money(by_bank, currency), Money(by_hand, currency))
            for rail, (by_bank, by_hand) in sorted(rails.items())
        ],
        Money(sum(_open_minor(line) for line in unexplained), currency),
        len(unexplained),
    )


def _unexplained(tx: Tx, owner_id: OwnerId, day: str, currency: str) -> list[ImportedLine]:
    return [it for it in lines_of_day(tx, owner_id, day, currency) if it.state in TO_LOOK_AT]


def _open_minor(line: ImportedLine) -> int:
    return (line.amount - line.matched).amount_minor


def _zone_of(tx: Tx, owner_id: OwnerId) -> str:
    owner = find_owner(tx, owner_id)
    return owner.zone if owner else "UTC"
