"""The provider's own account of our money: read line by line, so that its fees and its payouts to
the bank are in the books, and *coming in* is what it owes us to the last minor unit.

A line says what came or went there. What is a payment, a refund or a dispute of ours is booked by
those, so of its line only the fee is; other money is no mistake of the provider's but of nobody
that the books know, so it waits in *suspense*. A payout is booked when it has reached the bank.
Lines come in any order and again: each counts once.
"""

import asyncio
from collections.abc import Sequence

from sqlalchemy import bindparam, func, insert, select, update

from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.platform.jobs import Outside
from kirana.values import Money

from ..events import RailLinesDue
from ..ledger import open_currency
from ..problems import LedgerRefusal
from ..rails.stripe import NAME, Account, Broken, Busy, Line, Lost, Payout, Provider, Stage, Turned
from . import books
from .elsewhere import hear_line
from .payments import all_or_nothing, find_by_external, find_row, go_on
from .tables import rail_lines, rail_payouts, rails

READ_EVERY_MS = 3600_000
READ_SOON_MS = 60_000
"""After money has moved, its line is there."""
READ_BACK_MS = 24 * 3600_000
"""How far before the latest known line is read again: some are written late."""
_PAYOUTS = ("payout", "payout_cancel", "payout_failure", "payout_minimum_balance_hold")

_COSTS = ("stripe_fee", "stripe_fx_fee", "tax_fee", "network_cost")

_RAIL = Q(select(rails).where(rails.c.rail == bindparam("rail")))
_READ_AT = Q(
    update(rails).where(rails.c.rail == bindparam("rail_")).values(read_at=bindparam("at"))
)
_LATEST = Q(select(func.max(rail_lines.c.at).label("at")).where(rail_lines.c.rail == NAME))
_KNOWN = Q(
    select(rail_lines.c.external_id, rail_lines.c.verdict).where(
        rail_lines.c.rail == NAME, any_of(rail_lines.c.external_id, "ids")
    )
)
_ADD = Q(insert(rail_lines))
_FIND = Q(
    select(rail_lines).where(rail_lines.c.rail == NAME, rail_lines.c.external_id == bindparam("id"))
)
_WAITING = Q(
    select(rail_lines).where(rail_lines.c.verdict == "waits").order_by(rail_lines.c.at).limit(500)
)
_JUDGE = Q(
    update(rail_lines)
    .where(rail_lines.c.rail == NAME, rail_lines.c.external_id == bindparam("id_"))
    .values(verdict=bindparam("verdict"), payment_id=bindparam("payment_id"))
)
_PAYOUT = Q(
    select(rail_payouts).where(
        rail_payouts.c.rail == NAME, rail_payouts.c.external_id == bindparam("id")
    )
)
_OPEN_PAYOUTS = Q(
    select(rail_payouts)
    .where(
        rail_payouts.c.rail == NAME,
        (rail_payouts.c.told < int(Stage.SETTLED)) | (rail_payouts.c.booked < rail_payouts.c.told),
    )
    .order_by(rail_payouts.c.noted_at)
    .limit(200)
)
_KEEP_PAYOUT = Q(
    upsert(
        rail_payouts,
        ["rail", "external_id"],
        ["told", "booked", "reason", "changed_at"],
    )
)


def read_soon(tx: Tx, wait_ms: int = READ_SOON_MS) -> None:
    """Money has moved at the provider: have its account read, unless that is to be done sooner."""
    rail = tx.one(_RAIL, rail=NAME)
    if rail is not None and rail.is_on and (rail.read_at or 0) > tx.now + wait_ms:
        tx.do(_READ_AT, rail_=NAME, at=tx.now + wait_ms)


def look_at_rail_lines(tx: Tx) -> None:
    """Sweep: have the provider's account read, when it is time."""
    rail = tx.one(_RAIL, rail=NAME)
    if rail is None or not rail.is_on or (rail.read_at or 0) > tx.now:
        return
    tx.do(_READ_AT, rail_=NAME, at=tx.now + READ_EVERY_MS)
    tx.emit(RailLinesDue(NAME))


def hear_lines_due(tx: Tx, event: RailLinesDue) -> None:
    """It is read outside of any transaction."""
    tx.enqueue(read_rail_lines, rail=event.rail)


async def read_rail_lines(outside: Outside, rail: str) -> None:
    """Read what the provider has written down since the last time, and how its payouts stand."""
    settings = outside.settings
    if not settings.stripe_key:
        return
    provider = Provider(Account(settings.stripe_key, settings.stripe_url))
    try:
        since = await outside.db.read(read_since)
        pages = await asyncio.to_thread(lambda: list(provider.read_balance(since=since)))
        # The earliest first: a fee follows the payment that it was taken of.
        for page in reversed(pages):
            await outside.db.write(note_lines, page)
        for id in await outside.db.read(list_open_payouts):
            payout = await asyncio.to_thread(provider.get_payout, id)
            if payout is not None:
                await outside.db.write(note_payout, payout)
        await outside.db.write(book_waiting)
    except (Lost, Broken, Busy, Turned):
        await outside.db.write(read_soon)


def read_since(tx: Tx) -> int:
    row = tx.one(_LATEST)
    return max(0, row.at - READ_BACK_MS) if row and row.at is not None else 0


def list_open_payouts(tx: Tx) -> list[str]:
    """Those of which it is not known that they have reached the bank, or that the books lack."""
    return [row.external_id for row in tx.all(_OPEN_PAYOUTS)]


def note_lines(tx: Tx, lines: Sequence[Line]) -> None:
    """Keep lines of the provider's, each once, and book them. Safe to repeat."""
    ids = [it.external_id for it in lines]
    known = {row.external_id: row.verdict for row in tx.all(_KNOWN, ids=ids)}
    for line in sorted(lines, key=lambda it: (it.at, it.external_id)):
        verdict = known.get(line.external_id)
        # One that was nobody's may be of a payment that is known by now.
        payment = _payment_of(tx, line) if verdict in (None, "foreign") else None
        if verdict is not None:
            continue
        tx.do(
            _ADD, rail=NAME, external_id=line.external_id, type=line.type, currency=line.currency,
            amount_minor=line.amount_minor, fee_minor=line.fee_minor, source_id=line.source_id,
            payment_id=payment.id if payment else None, verdict="waits", at=line.at,
            noted_at=tx.now,
        )  # fmt: skip
        row = tx.one(_FIND, id=line.external_id)
        assert row is not None
        _book(tx, row)
        if payment is not None and payment.look_at is not None:
            # Its line is there, so there is news of it that nobody told.
            go_on(tx, payment.id, looks=True)
        if line.type in _PAYOUTS and line.source_id:
            _expect_payout(tx, line)


def note_payout(tx: Tx, payout: Payout) -> None:
    """How far a payout is, by the provider: later is believed over earlier. Safe to repeat."""
    row = tx.one(_PAYOUT, id=payout.external_id)
    if row is None:
        open_currency(tx, payout.currency)
        told, booked, reason, noted_at = 0, 0, None, tx.now
    else:
        told, booked, reason, noted_at = row.told, row.booked, row.reason, row.noted_at
    told, reason = max(told, int(payout.stage)), payout.reason or reason
    row_now = _keep_payout(tx, payout, told, booked, reason, noted_at)
    try:
        with all_or_nothing(tx):
            booked = _book_payout(tx, row_now)
    except LedgerRefusal:
        # What it pays out has not come in here yet: it is booked when that has.
        return
    if booked != row_now.booked:
        _keep_payout(tx, payout, told, booked, reason, noted_at)


def book_waiting(tx: Tx) -> None:
    """What could not be booked, since what it was taken of had not come in yet."""
    for row in tx.all(_WAITING):
        _book(tx, row)


def _book(tx: Tx, row: Row) -> None:
    verdict = _verdict(row, find_row(tx, row.payment_id) if row.payment_id else None)
    cost = row.fee_minor + (-row.amount_minor if verdict == "cost" else 0)
    foreign = row.amount_minor if verdict == "foreign" else 0
    open_currency(tx, row.currency)
    try:
        with all_or_nothing(tx):
            # Money that was charged in one currency and is kept in another is none that the books
            # could follow: its lines are kept, and not booked.
            if verdict != "other_currency":
                books.keep_line(
                    tx, row, cost=Money(cost, row.currency), foreign=Money(foreign, row.currency)
                )
    except LedgerRefusal:
        return
    tx.do(_JUDGE, id_=row.external_id, verdict=verdict, payment_id=row.payment_id)


def _verdict(row: Row, payment: Row | None) -> str:
    if row.type in _PAYOUTS:
        return "payout"
    if row.type in _COSTS:
        return "cost"
    if payment is None:
        return "foreign"
    return "known" if payment.currency == row.currency else "other_currency"


def _payment_of(tx: Tx, line: Line) -> Row | None:
    """Which of our payments, refunds or disputes a line is of. A refund that does not name ours
    was made elsewhere, and is written down if it is of a payment of ours."""
    if line.type in (*_PAYOUTS, *_COSTS):
        return None
    if line.kirana_id and (found := find_row(tx, line.kirana_id)):
        return found
    of = find_by_external(tx, line.payment_external_id or "")
    return hear_line(tx, of, line) if of is not None and line.is_refund else of


def _expect_payout(tx: Tx, line: Line) -> None:
    """A payout that only a line tells of: it is asked for. One that failed after it was paid is
    asked for again."""
    assert line.source_id is not None
    row = tx.one(_PAYOUT, id=line.source_id)
    if row is None:
        payout = Payout(line.source_id, line.currency, -line.amount_minor, Stage.OPEN, None)
        _keep_payout(tx, payout, int(Stage.OPEN), 0, None, tx.now)
    elif line.type != "payout" and row.told < Stage.RETURNED:
        payout = Payout(line.source_id, row.currency, row.amount_minor, Stage.RETURNED, row.reason)
        note_payout(tx, payout)


def _book_payout(tx: Tx, row: Row) -> int:
    """The books follow; how far they are now."""
    if row.told == Stage.SETTLED and row.booked < Stage.SETTLED:
        books.reach_bank(tx, row)
        return int(Stage.SETTLED)
    if row.told == Stage.RETURNED and row.booked < Stage.RETURNED:
        if row.booked == Stage.SETTLED:
            books.leave_bank(tx, row)
        return int(Stage.RETURNED)
    booked: int = row.booked
    return booked


def _keep_payout(
    tx: Tx, payout: Payout, told: int, booked: int, reason: str | None, noted_at: int
) -> Row:
    tx.do(
        _KEEP_PAYOUT, rail=NAME, external_id=payout.external_id, currency=payout.currency,
        amount_minor=payout.amount_minor, told=told, booked=booked, reason=reason,
        noted_at=noted_at, changed_at=tx.now,
    )  # fmt: skip
    row = tx.one(_PAYOUT, id=payout.external_id)
    assert row is not None
    return row
