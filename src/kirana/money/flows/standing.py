"""Standing orders: payments to somebody on a day, or every week or month on a day.

Confirmed once, for this payee, amount and rhythm. Each run is an ordinary payment whose id derives
from the order, so no run is made twice. One that is refused is tried again the next day and then
left out; runs that were missed altogether, since nothing ran or it was paused, do not pile up.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import bindparam, insert, select, update

from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import IdReused, InvalidInput, NotFound
from kirana.platform.stream import Change
from kirana.values import (
    Actor,
    Mandate,
    Money,
    OwnerId,
    StandingOrderId,
    TransferId,
    UserId,
    derived_id,
)

from ..events import StandingOrderRefused
from ..ledger import apply, open_currency
from ..model import Group, Move, Reason, Refused, Scrutiny, digest
from ..owners import find_owner, require_confirmation, require_mandate, require_owner
from ..problems import SameAccount
from ..refusals import Attempt, attempt_of, note_refused
from ..screening import Screen, require_unlisted
from ..tables import standing_orders as orders
from ..tables import standing_runs as runs
from ..wallets import wallet_key
from ..ways import WALLET, objection_to, require_way
from .calendars import Rhythm, day_of, morning, today

FURTHEST_DAYS = 366 * 2
_PAGE = 100

_FIND = Q(select(orders).where(orders.c.id == bindparam("id")))
_MINE = Q(
    select(orders)
    .where(orders.c.payer_id == bindparam("me"))
    .order_by(orders.c.created_at.desc(), orders.c.id.desc())
)
_DUE = Q(
    select(orders)
    .where(orders.c.next_at <= bindparam("now"))
    .order_by(orders.c.next_at, orders.c.id)
    .limit(_PAGE)
)
_ADD = Q(insert(orders))
_SET = Q(
    update(orders)
    .where(orders.c.id == bindparam("id_"))
    .values(
        state=bindparam("state"),
        number=bindparam("number"),
        tries=bindparam("tries"),
        next_on=bindparam("next_on"),
        next_at=bindparam("next_at"),
    )
)
_SET_AMOUNT = Q(
    update(orders)
    .where(orders.c.id == bindparam("id_"))
    .values(amount_minor=bindparam("amount_minor"))
)
_ADD_RUN = Q(insert(runs))
_RUNS = Q(
    select(runs).where(runs.c.order_id == bindparam("id")).order_by(runs.c.number, runs.c.attempt)
)
_LAST_RUN = Q(
    select(runs)
    .where(runs.c.order_id == bindparam("id"))
    .order_by(runs.c.number.desc(), runs.c.attempt.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class StandingRun:
    """One attempt at one run: the transfer that it made, or the slug of why it made none."""

    due_on: str
    attempt: int
    transfer_id: TransferId | None
    problem: str | None
    at: int


@dataclass(frozen=True, slots=True)
class StandingOrder:
    """`payer_id` pays `payee_id` this much, next on `next_on`."""

    id: StandingOrderId
    payer_id: OwnerId
    payee_id: OwnerId
    amount: Money
    rhythm: Rhythm
    first_on: str
    ends_after: int | None
    ends_on: str | None
    state: Literal["active", "paused", "ended"]
    next_on: str | None
    """The day of the run that is next; of one that is tried again, the day it was for."""
    next_at: int | None
    last: StandingRun | None
    """What came of the latest run."""
    created_at: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What is confirmed: how much, how often, from when, and until when."""

    amount: Money
    rhythm: Rhythm
    first_on: date
    ends_after: int | None = None
    ends_on: date | None = None


def make_standing_order(
    tx: Tx,
    id: StandingOrderId,
    payee_id: OwnerId,
    terms: Terms,
    *,
    screen: Screen | None = None,
    by: Actor,
) -> StandingOrder:
    """Pay somebody on a day, or again and again. Always confirmed, once for all that comes of it.
    Safe to repeat with the same `id`.

    Raises: SameAccount, WayOff, IdReused, ConfirmationRequired, ConfirmationWrong, ProofTooNew;
    NeedsReview when one of the two is on the operators' list; InvalidInput for a first day that is
    over, or too far away; NotFound for a payee who is not here; NotAllowed for whoever may not
    spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    fp = _print_of(by, payee_id, terms)
    if known := tx.one(_FIND, id=id):
        if known.fp != fp:
            raise IdReused(id=str(id))
        return _order(tx, known)
    if payee_id == by.user_id:
        raise SameAccount()
    require_owner(tx, payee_id)
    require_way(tx, terms.amount.currency, WALLET)
    attempt = Attempt(id, "coming", by.user_id, payee_id, terms.amount)
    require_unlisted(tx, attempt, screen=screen)
    zone = _zone_of(tx, by.user_id)
    now_on = today(tx.now, zone)
    if not now_on <= terms.first_on <= now_on + timedelta(days=FURTHEST_DAYS):
        raise _invalid("first_on", "The first day is today or later, within two years.")
    if terms.ends_on and terms.ends_on < terms.first_on:
        raise _invalid("ends_on", "It ends on its first day or later.")
    require_confirmation(tx, id, fp, by=by)
    open_currency(tx, terms.amount.currency)
    tx.do(
        _ADD,
        id=id,
        payer_id=by.user_id,
        payee_id=payee_id,
        currency=terms.amount.currency,
        amount_minor=terms.amount.amount_minor,
        rhythm=terms.rhythm,
        first_on=terms.first_on.isoformat(),
        ends_after=terms.ends_after,
        ends_on=terms.ends_on.isoformat() if terms.ends_on else None,
        state="active",
        number=0,
        tries=0,
        next_on=terms.first_on.isoformat(),
        next_at=morning(terms.first_on, zone),
        by_id=by.person_id,
        created_at=tx.now,
        fp=fp,
    )
    _tell(tx, by.user_id)
    return get_standing_order(tx, id, by=by)


def change_standing_order(
    tx: Tx, order_id: StandingOrderId, amount: Money, *, by: Actor
) -> StandingOrder:
    """Another amount from the next run on. Always confirmed.

    Raises: ConfirmationRequired, ConfirmationWrong, ProofTooNew; InvalidInput for another currency
    and for one that has ended; NotFound, NotAllowed.
    """
    row = _own(tx, order_id, by)
    if row.amount_minor == amount.amount_minor and row.currency == amount.currency:
        return _order(tx, row)
    if row.currency != amount.currency or row.state == "ended":
        raise _invalid("amount", "The currency stays, and what has ended stays as it was.")
    content = digest(by.person_id, by.user_id, "standing-amount", order_id, amount)
    require_confirmation(tx, order_id, content, by=by)
    tx.do(_SET_AMOUNT, id_=order_id, amount_minor=amount.amount_minor)
    _tell(tx, by.user_id)
    return get_standing_order(tx, order_id, by=by)


def pause_standing_order(tx: Tx, order_id: StandingOrderId, *, by: Actor) -> StandingOrder:
    """Pay nothing until it is resumed. Safe to repeat. Raises: NotFound, NotAllowed."""
    row = _own(tx, order_id, by)
    if row.state == "active":
        _set(tx, row, "paused", row.number, row.next_on)
    return get_standing_order(tx, order_id, by=by)


def resume_standing_order(tx: Tx, order_id: StandingOrderId, *, by: Actor) -> StandingOrder:
    """Go on with the first day that is not over and was not tried. Safe to repeat.

    Raises: NotFound, NotAllowed.
    """
    row = _own(tx, order_id, by)
    if row.state == "paused":
        zone = _zone_of(tx, row.payer_id)
        last = tx.one(_LAST_RUN, id=row.id)
        was_tried = last is not None and last.number == row.number
        _go_on(tx, row, row.number + was_tried, today(tx.now, zone), zone)
    return get_standing_order(tx, order_id, by=by)


def end_standing_order(tx: Tx, order_id: StandingOrderId, *, by: Actor) -> StandingOrder:
    """Pay nothing any more. Safe to repeat. Raises: NotFound, NotAllowed."""
    row = _own(tx, order_id, by)
    if row.state != "ended":
        _set(tx, row, "ended", row.number, None)
    return get_standing_order(tx, order_id, by=by)


def run_standing_orders(tx: Tx, screen: Screen | None = None) -> int:
    """Make the payments whose day has come; how many orders had one. Runs by the clock."""
    due = tx.all(_DUE, now=tx.now)
    sides = {id for row in due for id in (row.payer_id, row.payee_id)}
    suspects = screen(tx, sides) if screen and sides else set()
    for row in due:
        _run(tx, row, is_suspect=bool({row.payer_id, row.payee_id} & suspects))
    return len(due)


def get_standing_order(tx: Tx, order_id: StandingOrderId, *, by: Actor) -> StandingOrder:
    """One that `by` made. Raises: NotFound."""
    row = tx.one(_FIND, id=order_id)
    if row is None or row.payer_id != by.user_id:
        raise NotFound()
    return _order(tx, row)


def list_standing_orders(tx: Tx, *, by: Actor) -> list[StandingOrder]:
    """All that `by` made, the newest first."""
    return [_order(tx, row) for row in tx.all(_MINE, me=by.user_id)]


def list_standing_runs(tx: Tx, order_id: StandingOrderId, *, by: Actor) -> list[StandingRun]:
    """What came of each run, the oldest first. Raises: NotFound."""
    get_standing_order(tx, order_id, by=by)
    return [_run_of(row) for row in tx.all(_RUNS, id=order_id)]


def end_standing_orders_of(tx: Tx, owner_id: OwnerId) -> None:
    """For this room only: whoever goes pays nothing any more."""
    for row in tx.all(_MINE, me=owner_id):
        if row.state != "ended":
            _set(tx, row, "ended", row.number, None)


def _run(tx: Tx, row: Row, *, is_suspect: bool) -> None:
    zone = _zone_of(tx, row.payer_id)
    step = "run-again" if row.tries else "run"
    id = TransferId(derived_id(row.id, step, row.number))
    amount = Money(row.amount_minor, row.currency)
    move = Move.posted(
        wallet_key(row.payer_id, row.currency), wallet_key(row.payee_id, row.currency), amount
    )
    objection = objection_to(tx, row.currency, WALLET)
    group = Group(
        id,
        (move,),
        "send",
        row.by_id,
        objection=objection,
        scrutiny=Scrutiny.REFUSE,
        is_suspect=is_suspect,
    )
    [outcome] = apply(tx, [group])
    refused = outcome if isinstance(outcome, Refused) else None
    tx.do(
        _ADD_RUN,
        order_id=row.id,
        number=row.number,
        attempt=row.tries,
        due_on=row.next_on,
        transfer_id=None if refused else id,
        problem=refused.reason.value if refused else None,
        at=tx.now,
    )
    if refused and refused.reason is Reason.NEEDS_REVIEW and (attempt := attempt_of(group)):
        note_refused(tx, attempt)
    if refused:
        tx.emit(
            StandingOrderRefused(
                order_id=row.id,
                payer_id=row.payer_id,
                payee_id=row.payee_id,
                amount=amount,
                problem=refused.reason.value,
                is_last=bool(row.tries),
            )
        )
    tomorrow = today(tx.now, zone) + timedelta(days=1)
    if refused and not row.tries:
        _set(tx, row, "active", row.number, row.next_on, morning(tomorrow, zone), tries=1)
    else:
        _go_on(tx, row, row.number + 1, tomorrow, zone)


def _go_on(tx: Tx, row: Row, number: int, not_before: date, zone: str) -> None:
    """To the first run from `number` on whose day is not before this one, if there is any."""
    first = date.fromisoformat(row.first_on)
    last = date.fromisoformat(row.ends_on) if row.ends_on else None
    day = day_of(first, row.rhythm, number)
    while day is not None and day < not_before:
        number += 1
        day = day_of(first, row.rhythm, number)
    is_over = day is None or (row.ends_after is not None and number >= row.ends_after)
    if day is None or is_over or (last is not None and day > last):
        _set(tx, row, "ended", number, None)
    else:
        _set(tx, row, "active", number, day.isoformat(), morning(day, zone))


def _set(
    tx: Tx,
    row: Row,
    state: str,
    number: int,
    next_on: str | None,
    next_at: int | None = None,
    *,
    tries: int = 0,
) -> None:
    tx.do(
        _SET,
        id_=row.id,
        state=state,
        number=number,
        tries=tries,
        next_on=next_on,
        next_at=next_at,
    )
    _tell(tx, row.payer_id)


def _own(tx: Tx, order_id: StandingOrderId, by: Actor) -> Row:
    require_mandate(Mandate.SPEND, by=by)
    row = tx.one(_FIND, id=order_id)
    if row is None or row.payer_id != by.user_id:
        raise NotFound()
    return row


def _print_of(by: Actor, payee_id: OwnerId, terms: Terms) -> bytes:
    return digest(
        by.person_id,
        by.user_id,
        "standing",
        payee_id,
        terms.amount,
        terms.rhythm,
        terms.first_on.isoformat(),
        terms.ends_after,
        terms.ends_on.isoformat() if terms.ends_on else None,
    )


def _zone_of(tx: Tx, owner_id: OwnerId) -> str:
    owner = find_owner(tx, owner_id)
    return owner.zone if owner else "UTC"


def _tell(tx: Tx, owner_id: OwnerId) -> None:
    tx.publish([UserId(owner_id)], Change("wallet", owner_id))


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "message": message}])


def _order(tx: Tx, row: Row) -> StandingOrder:
    last = tx.one(_LAST_RUN, id=row.id)
    return StandingOrder(
        id=row.id,
        payer_id=row.payer_id,
        payee_id=row.payee_id,
        amount=Money(row.amount_minor, row.currency),
        rhythm=row.rhythm,
        first_on=row.first_on,
        ends_after=row.ends_after,
        ends_on=row.ends_on,
        state=row.state,
        next_on=row.next_on,
        next_at=row.next_at,
        last=_run_of(last) if last else None,
        created_at=row.created_at,
    )


def _run_of(row: Row) -> StandingRun:
    return StandingRun(row.due_on, row.attempt, row.transfer_id, row.problem, row.at)
