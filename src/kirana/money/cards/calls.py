"""Calls to the provider: what is to be asked next, asked, and what came of it.

Before a call is made, a committed line says that it is about to be. A call whose answer was lost,
or was an error of the provider's own, may have happened: it is looked up by our id first. Found: it
has. Not found after no answer: the same call again, by the same key, since it may be under way yet.
Not found after an error: a new attempt, by a new key, for the old one would bring the error again.
After `SURE_WITHIN_MS`, while the provider still knows the keys, it is left to a person.
"""

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlalchemy import bindparam, select

from kirana.platform.db import Q, Row, Tx
from kirana.platform.jobs import Outside
from kirana.platform.problems import NotAllowed, NotFound
from kirana.values import Actor, Mandate, Money, RailPaymentId

from ..events import RailPaymentDue
from ..model import OPERATOR
from ..owners import require_mandate, require_operator
from ..rails.stripe import Account, Broken, Busy, KeyRefused, Lost, Provider, Report, Stage, Turned
from .accounts import account_at, find_account, note_refused
from .elsewhere import follow, hear_refund
from .payments import (
    Decision,
    RailPayment,
    amount_of,
    find_row,
    go_on,
    is_operators,
    is_over,
    log_step,
    require_row,
    save,
    seen,
)
from .reports import apply_report, look_into, next_look
from .settlements import is_elsewhere, to_settle
from .tables import rail_payments

SURE_WITHIN_MS = 23 * 3600_000
LEASE_MS = 120_000
"""After so long without an answer, the process that asked is taken for dead."""
SWEEP = 200
_DECIDED = {"end": ("called_off", Stage.ENDED), "done": ("by_hand", Stage.SETTLED)}
_CALLS_AT_ONCE = 4

_DUE = Q(
    select(rail_payments)
    .where(rail_payments.c.look_at <= bindparam("now"))
    .order_by(rail_payments.c.look_at)
    .limit(SWEEP)
)


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask. `is_search` looks for what an earlier call may have done."""

    payment_id: RailPaymentId
    card_account_id: UUID
    step: str
    key: str
    is_search: bool
    amount: Money
    external_id: str
    session_id: str
    looked_up_by: str
    parent_external_id: str
    is_held: bool
    since: int
    """When it was first asked for. A repeat says the same to the letter, times too."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: `done` with a report, `not_found`, `turned`, `lost`, `broken`,
    `busy`, or `keyless`; `refused` is busy as long as the key is not taken."""

    name: str
    report: Report | None = None
    detail: str | None = None


async def call_rail(outside: Outside, payment_id: RailPaymentId, looks: bool) -> None:
    """Make the calls of one payment that can be made now."""
    settings = outside.settings
    for _ in range(_CALLS_AT_ONCE):
        call = await outside.db.write(begin_call, payment_id, looks=looks)
        if call is None:
            return
        account = await _account_of(outside, call)
        outcome = (
            await asyncio.to_thread(
                ask, account, call, title=settings.name, public_url=settings.public_url
            )
            if account
            else Outcome("keyless")
        )
        await outside.db.write(end_call, payment_id, call, outcome)
        looks = False
        if outcome.name not in ("done", "not_found"):
            return


async def _account_of(outside: Outside, call: Call) -> Account | None:
    settings = outside.settings
    if call.card_account_id == OPERATOR:
        return Account(settings.stripe_key, settings.stripe_url)
    row = await outside.db.read(find_account, call.card_account_id)
    return await asyncio.to_thread(account_at, settings, row)


def hear_due(tx: Tx, event: RailPaymentDue) -> None:
    """There is a call to be made: outside of any transaction."""
    tx.enqueue(call_rail, payment_id=event.payment_id, looks=event.looks)


def look_at_rail_payments(tx: Tx) -> None:
    """Sweep: ask how those stand of which nobody told us, and try again what failed."""
    for row in tx.all(_DUE, now=tx.now):
        if is_elsewhere(row) and is_over(row):
            follow(tx, row)
            continue
        # A call that is in doubt goes on at once; else the next sweep need not ask the same again.
        save(tx, row, look_at=tx.now if row.step else tx.now + LEASE_MS)
        go_on(tx, row.id, looks=True)


def look_soon(tx: Tx, payment_id: RailPaymentId) -> None:
    """Somebody is back from the provider's page: ask how it stands, and wait for nobody to tell.
    Nothing where nothing can be asked, or is being asked."""
    row = find_row(tx, payment_id)
    if row is None or is_over(row) or row.attention or row.step:
        return
    save(tx, row, look_at=tx.now + LEASE_MS)
    go_on(tx, row.id, looks=True)


def begin_call(tx: Tx, payment_id: RailPaymentId, *, looks: bool) -> Call | None:
    """Write down that a call is about to be made; None when there is nothing to ask now.

    `looks`: with nothing to be done, ask how it stands.
    """
    row = require_row(tx, payment_id)
    if row.attention or (row.step and row.look_at > tx.now):
        return None
    if row.step is None:
        step = next_step(row)
        if step is None:
            return _glance(tx, row) if looks else None
        row = row._replace(step=step, attempt=1, step_since=tx.now, tries=0)
    elif row.doubt in ("calling", "lost", "broken", "turned"):
        return _call(tx, row, is_search=True)
    elif tx.now - row.step_since >= SURE_WITHIN_MS:
        look_into(tx, row, "unknown")
        return None
    row = log_step(tx, row, row.step, "calling")
    row = save(tx, row, doubt="calling", look_at=tx.now + LEASE_MS)
    return _call(tx, row, is_search=False)


def end_call(tx: Tx, payment_id: RailPaymentId, call: Call, outcome: Outcome) -> None:
    """Write down what came of a call, and what follows from it."""
    row = require_row(tx, payment_id)
    row = log_step(tx, row, _name_of(call), outcome.name, outcome.detail)
    if outcome.name == "done":
        assert outcome.report is not None
        _arrive(tx, row, call, outcome.report)
    elif outcome.name == "turned":
        _turn(tx, row, call, outcome.detail or "refused")
    elif outcome.name == "keyless":
        look_into(tx, row, "no-key")
    elif outcome.name == "refused" and not is_operators(row):
        _refused(tx, row, call, outcome)
    elif call.is_search or call.step == "look":
        _search_ended(tx, row, call, outcome)
    else:
        # "busy" decides nothing; if the same call is under way, its key brings the answer.
        _wait(tx, row, doubt=outcome.name)


def ask(account: Account, call: Call, *, title: str, public_url: str) -> Outcome:
    """Make the call. Blocks."""
    provider = _provider(account)
    try:
        report = _ask(provider, call, title=title, public_url=public_url)
    except Turned as turned:
        return Outcome("turned", detail=turned.code)
    except Lost as lost:
        return Outcome("lost", detail=str(lost))
    except Broken as broken:
        return Outcome("broken", detail=str(broken))
    except KeyRefused as refused:
        return Outcome("refused", detail=refused.why)
    except Busy as busy:
        return Outcome("busy", detail=str(busy))
    return Outcome("done", report) if report else Outcome("not_found")


def decide_case(tx: Tx, id: RailPaymentId, decision: Decision, *, by: Actor) -> RailPayment:
    """A person has looked: `look` again, `retry` the call with a new key, `end` it, since it did
    not happen; or, of what goes back from a shop's own account, it was `done` there. Safe to
    repeat.

    Raises: NotAllowed unless an operator does it, or of an own account its owner, and for a refund
    that has to be settled; NotFound.
    """
    row = require_row(tx, id)
    _require_decider(tx, row, by)
    if row.attention is None:
        return seen(row)
    if to_settle(tx, row):
        raise NotAllowed()
    if decision == "done" and (is_operators(row) or row.kind != "refund"):
        raise NotAllowed()
    row = log_step(tx, row, row.step or "report", "decided", f"{decision} {by.person_id}")
    row = row._replace(attention=None)
    if is_over(row):
        return seen(save(tx, row))
    if decision == "retry" and row.step:
        row = row._replace(attempt=row.attempt + 1, step_since=tx.now, doubt="not_found")
    elif decision in ("end", "done"):
        code, stage = _DECIDED[decision]
        row = row._replace(step=None, step_since=None, doubt=None)
        return seen(_over(tx, row, code, stage=stage))
    row = save(tx, row, tries=0, look_at=tx.now)
    go_on(tx, row.id, looks=True)
    return seen(row)


def _require_decider(tx: Tx, row: Row, by: Actor) -> None:
    if is_operators(row):
        require_operator(tx, by=by)
        return
    require_mandate(Mandate.SPEND, by=by)
    if row.payee_id != by.user_id:
        raise NotFound()


def next_step(row: Row) -> str | None:
    """What Kirana wants of the provider now."""
    if row.kind == "dispute" or row.stage >= Stage.ENDED:
        return None
    if row.kind == "refund":
        return "refund" if row.external_id is None else None
    if row.session_id is None and row.stage <= Stage.OPEN:
        return "open_page" if row.wanted != "cancel" else None
    if row.stage == Stage.AUTHORIZED:
        wanted: str | None = row.wanted
        return wanted
    return "close_page" if row.wanted == "cancel" else None


def _glance(tx: Tx, row: Row) -> Call | None:
    if row.external_id is None or is_over(row):
        if row.look_at is not None:
            save(tx, row, look_at=None)
        return None
    row = save(tx, row, look_at=tx.now + LEASE_MS)
    return _call(tx, row, is_search=False, step="look")


def _call(tx: Tx, row: Row, *, is_search: bool, step: str | None = None) -> Call:
    parent = find_row(tx, row.parent_id) if row.parent_id else None
    step = step or row.step
    return Call(
        payment_id=row.id,
        card_account_id=row.card_account_id,
        step=step,
        key=f"{row.id}:{step}:{row.attempt}",
        is_search=is_search,
        amount=amount_of(row),
        external_id=row.external_id or "",
        session_id=row.session_id or "",
        looked_up_by=(row.stage <= Stage.OPEN and row.session_id) or row.external_id or "",
        parent_external_id=(parent and parent.external_id) or "",
        is_held=row.kind == "order",
        since=row.step_since or tx.now,
    )


def _ask(provider: Provider, call: Call, *, title: str, public_url: str) -> Report | None:
    if call.is_search and call.step == "open_page":
        return provider.find_page(call.payment_id, since=call.since)
    if call.is_search and call.step == "refund":
        return provider.find_refund(call.payment_id, call.parent_external_id)
    if call.step == "open_page":
        return provider.open_page(
            call.payment_id, call.amount, key=call.key, is_held=call.is_held, title=title,
            back_to=f"{public_url}/card/{call.payment_id}", now=call.since,
        )  # fmt: skip
    if call.step == "refund":
        return provider.refund(call.payment_id, call.parent_external_id, call.amount, key=call.key)
    if call.is_search or call.step == "look":
        return provider.look_up(call.looked_up_by)
    if call.step == "capture":
        return provider.capture(call.external_id, call.amount, key=call.key)
    if call.step == "cancel":
        return provider.cancel(call.external_id, key=call.key)
    return provider.close_page(call.session_id, key=call.key)


def _arrive(tx: Tx, row: Row, call: Call, report: Report) -> None:
    """An answer that says how it stands. A call that was looked for has happened if what it was
    to bring about is so."""
    if is_elsewhere(row) and row.step is None:
        hear_refund(tx, row, report)
        return
    row = apply_report(tx, row, report)
    if row.attention:
        return
    if row.step is not None and next_step(row) == row.step:
        if call.is_search and row.doubt != "turned":
            _not_found(tx, row)
        elif call.step == row.step:
            look_into(tx, row, row.reason or "no-effect")
        return
    row = row._replace(step=None, step_since=None, doubt=None, tries=0)
    row = save(tx, row, look_at=next_look(tx, row))
    if next_step(row):
        go_on(tx, row.id)


def _turn(tx: Tx, row: Row, call: Call, code: str) -> None:
    """The provider refused: nothing happened. What follows depends on what was asked."""
    if call.is_search or call.step == "look":
        look_into(tx, row, code)
    elif call.step in ("open_page", "refund"):
        _over(tx, row._replace(step=None, step_since=None, doubt=None), code)
    else:
        # It stands otherwise than we thought: paid, say, in the moment in which it was called off.
        save(tx, row, doubt="turned", reason=code, look_at=tx.now)
        go_on(tx, row.id)


def _refused(tx: Tx, row: Row, call: Call, outcome: Outcome) -> None:
    """The shop's key is taken no longer. Whoever was to pay there need not wait for another."""
    note_refused(tx, row.card_account_id)
    if call.step == "open_page" and not call.is_search:
        _turn(tx, row, call, outcome.detail or "key-refused")
    else:
        _wait(tx, row, doubt=row.doubt if call.is_search else "busy")


def _over(tx: Tx, row: Row, code: str, *, stage: Stage = Stage.ENDED) -> Row:
    """It did not happen and will not; or, with `stage`, it did."""
    return apply_report(
        tx,
        row,
        Report(
            kind=row.kind,
            stage=stage,
            external_id="",
            amount=amount_of(row),
            kirana_id=row.id,
            reason=code,
        ),
    )


def _search_ended(tx: Tx, row: Row, call: Call, outcome: Outcome) -> None:
    if outcome.name == "not_found":
        _not_found(tx, row)
    elif row.step and tx.now - row.step_since >= SURE_WITHIN_MS:
        look_into(tx, row, "unknown")
    else:
        _wait(tx, row, doubt=row.doubt)


def _not_found(tx: Tx, row: Row) -> None:
    """What was looked for has not happened, so far: it is asked for again. By the same key where
    no answer came, since the first may be under way yet."""
    attempt = row.attempt + (row.doubt == "broken")
    row = save(tx, row, doubt="not_found", attempt=attempt, look_at=tx.now)
    if tx.now - row.step_since >= SURE_WITHIN_MS:
        look_into(tx, row, "unknown")


def _wait(tx: Tx, row: Row, *, doubt: str | None) -> None:
    """Try again after a growing while: from two seconds to an hour."""
    tries = row.tries + 1
    wait_ms = min(3600_000, 1000 * 2 ** min(tries, 12))
    save(tx, row, doubt=doubt, tries=tries, look_at=tx.now + wait_ms)


def _name_of(call: Call) -> str:
    return f"find_{call.step}" if call.is_search else call.step


@lru_cache(maxsize=4)
def _provider(account: Account) -> Provider:
    return Provider(account)
