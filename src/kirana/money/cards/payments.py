"""Payments through a provider: what is kept of each, and who may see it.

How far one has come is its `stage`, as the provider says; what Kirana still wants of it is
`wanted`. A call whose outcome is not known stays written down as its `step` until it is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from kirana.platform.db import Q, Row, Tx, upsert
from kirana.platform.problems import NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, Mandate, Money, OwnerId, RailPaymentId, UserId

from ..events import RailPaymentDue
from ..ledger import open_currency
from ..model import OPERATOR, Ref, ref_of
from ..owners import operators, require_mandate, require_operator
from ..rails.stripe import NAME, Stage, is_known
from ..ways import CARD, OWN_CARD, objection_to
from .accounts import account_of
from .settlements import Settlement, to_settle
from .tables import rail_payments, rail_steps, rails

RailKind = Literal["top_up", "order", "refund", "dispute"]
RailState = Literal[
    "making", "open", "authorized", "ended", "settled", "returned", "looked_into"
]  # fmt: skip
Decision = Literal["look", "retry", "end", "done"]

_FIND = Q(select(rail_payments).where(rail_payments.c.id == bindparam("id")))
_BY_EXTERNAL = Q(
    select(rail_payments).where(
        rail_payments.c.rail == bindparam("rail"),
        rail_payments.c.card_account_id == bindparam("card_account_id"),
        rail_payments.c.external_id == bindparam("external_id"),
    )
)
_OF_PARENT = Q(
    select(rail_payments)
    .where(rail_payments.c.parent_id == bindparam("parent_id"))
    .order_by(rail_payments.c.created_at, rail_payments.c.id)
)
_OF_OWNER = Q(
    select(rail_payments)
    .where(rail_payments.c.owner_id == bindparam("owner_id"))
    .order_by(rail_payments.c.created_at.desc(), rail_payments.c.id.desc())
)
_OPEN_TOP_UPS = Q(
    select(rail_payments)
    .where(
        rail_payments.c.owner_id == bindparam("owner_id"),
        rail_payments.c.kind == "top_up",
        rail_payments.c.stage < int(Stage.ENDED),
    )
    .order_by(rail_payments.c.created_at.desc(), rail_payments.c.id.desc())
    .limit(50)
)
_ATTENTION = Q(
    select(rail_payments)
    .where(rail_payments.c.attention.is_not(None), rail_payments.c.card_account_id == OPERATOR)
    .order_by(rail_payments.c.created_at, rail_payments.c.id)
    .limit(200)
)
_UNSETTLED = Q(
    select(rail_payments)
    .where(rail_payments.c.look_at.is_not(None), rail_payments.c.card_account_id == OPERATOR)
    .order_by(rail_payments.c.created_at, rail_payments.c.id)
    .limit(200)
)
_OWN_ATTENTION = Q(
    select(rail_payments)
    .where(
        rail_payments.c.attention.is_not(None),
        rail_payments.c.card_account_id != OPERATOR,
        rail_payments.c.payee_id == bindparam("payee_id"),
    )
    .order_by(rail_payments.c.created_at, rail_payments.c.id)
    .limit(200)
)
_ADD = Q(insert(rail_payments))
_CHANGING = (
    "amount_minor", "settled_minor", "shortfall_minor", "stage", "wanted", "attention", "reason",
    "external_id", "session_id", "url", "hold_id", "step", "attempt", "step_since", "doubt",
    "tries", "look_at", "step_count", "changed_at",
)  # fmt: skip
_SAVE = Q(
    update(rail_payments)
    .where(rail_payments.c.id == bindparam("id_"))
    .values({name: bindparam(f"{name}_") for name in _CHANGING})
)
_STEPS = Q(
    select(rail_steps)
    .where(rail_steps.c.payment_id == bindparam("payment_id"))
    .order_by(rail_steps.c.number)
)
_ADD_STEP = Q(insert(rail_steps))
_SWITCH = Q(upsert(rails, ["rail"], ["is_on"]))
_IS_ON = Q(select(rails.c.is_on).where(rails.c.rail == bindparam("rail")))


@dataclass(frozen=True, slots=True)
class RailPayment:
    """A payment by card, a refund to one, or a dispute about one."""

    id: RailPaymentId
    kind: RailKind
    state: RailState
    amount: Money
    settled: Money
    """What came, or went back; the whole of it or less."""
    url: str | None
    """Where it can be paid now."""
    reason: str | None
    """Why it ended or a person has to look, as a code."""
    ref: Ref | None
    parent_id: RailPaymentId | None
    """The payment that this gives back, or that is disputed."""
    is_own: bool
    """It goes through the payee's own account at the provider, and not through the operator's."""
    created_at: int
    changed_at: int


@dataclass(frozen=True, slots=True)
class RailStep:
    """One entry in the log of a payment."""

    step: str
    attempt: int
    outcome: str
    detail: str | None
    at: int


@dataclass(frozen=True, slots=True)
class RailCase:
    """A payment as the operator sees it, with all that was asked of the provider."""

    payment: RailPayment
    owner_id: OwnerId
    payee_id: OwnerId | None
    external_id: str | None
    shortfall: Money
    """Of a dispute: what the payee did not have."""
    steps: list[RailStep]
    step: str | None
    """What was asked of the provider and is not known to have happened."""
    is_over: bool
    """There is nothing to ask any more: a decision notes that somebody has looked."""
    settlement: Settlement | None
    """Operators have to say who bears it."""


def switch_rail(tx: Tx, rail: str, *, is_on: bool) -> None:
    """Say whether the operator's settings reach a provider. At each start."""
    tx.do(_SWITCH, rail=rail, is_on=is_on)


def takes_cards(tx: Tx, currency: str, payee_id: OwnerId | None = None) -> bool:
    """Whether one can pay by card in this currency: into a wallet, or `payee_id`."""
    return card_account_for(tx, currency, payee_id) is not None


def card_account_for(tx: Tx, currency: str, payee_id: OwnerId | None) -> UUID | None:
    """Whose account a payment goes through: the payee's own, else the operator's; None where no
    cards are taken."""
    if not is_known(currency):
        return None
    own = account_of(tx, payee_id) if payee_id else None
    if own and objection_to(tx, currency, OWN_CARD) is None:
        return own
    on = tx.one(_IS_ON, rail=NAME)
    is_on = bool(on and on.is_on) and objection_to(tx, currency, CARD) is None
    return OPERATOR if is_on else None


def get_rail_payment(tx: Tx, id: RailPaymentId, *, by: Actor) -> RailPayment:
    """One's own payment by card. Raises: NotFound."""
    row = find_row(tx, id)
    if row is None or by.user_id not in (row.owner_id, row.payee_id):
        raise NotFound()
    return seen(row, whole=row.owner_id == by.user_id)


def list_open_top_ups(tx: Tx, *, by: Actor) -> list[RailPayment]:
    """What is on its way into `by`'s wallets by card, the latest first."""
    return [seen(row) for row in tx.all(_OPEN_TOP_UPS, owner_id=by.user_id)]


def find_rail_payment(tx: Tx, id: UUID) -> RailPayment | None:
    """For a room that has asked permission."""
    row = find_row(tx, id)
    return seen(row) if row else None


def list_rail_cases(tx: Tx, *, under_way: bool = False, by: Actor) -> list[RailCase]:
    """What a person has to look into, oldest first; or what is `under_way`.

    Raises: NotAllowed unless an operator asks.
    """
    require_operator(tx, by=by)
    return [_case(tx, row) for row in tx.all(_UNSETTLED if under_way else _ATTENTION)]


def list_own_rail_cases(tx: Tx, *, by: Actor) -> list[RailCase]:
    """What the owner of an account has to look into there, oldest first.

    Raises: NotAllowed for whoever may not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    return [_case(tx, row) for row in tx.all(_OWN_ATTENTION, payee_id=by.user_id)]


def export_rail_payments(tx: Tx, owner_id: OwnerId) -> list[RailPayment]:
    return [seen(row) for row in tx.all(_OF_OWNER, owner_id=owner_id)]


# For the other files of this room


def find_row(tx: Tx, id: UUID) -> Row | None:
    return tx.one(_FIND, id=id)


def require_row(tx: Tx, id: UUID) -> Row:
    row = find_row(tx, id)
    if row is None:
        raise NotFound()
    return row


def find_by_external(tx: Tx, external_id: str, *, card_account_id: UUID = OPERATOR) -> Row | None:
    return tx.one(_BY_EXTERNAL, rail=NAME, card_account_id=card_account_id, external_id=external_id)


def is_operators(row: Row) -> bool:
    """Whether it goes through the operator's account at the provider."""
    return bool(row.card_account_id == OPERATOR)


def list_of_parent(tx: Tx, parent_id: UUID) -> list[Row]:
    return tx.all(_OF_PARENT, parent_id=parent_id)


def list_of_owner(tx: Tx, owner_id: OwnerId) -> list[Row]:
    return tx.all(_OF_OWNER, owner_id=owner_id)


def add_row(
    tx: Tx,
    id: UUID,
    kind: RailKind,
    *,
    owner_id: OwnerId,
    amount: Money,
    by_id: UserId,
    fp: bytes = b"",
    **more: Any,
) -> Row:
    open_currency(tx, amount.currency)
    columns: dict[str, Any] = {column.name: None for column in rail_payments.c}
    columns |= {
        "id": id,
        "rail": NAME,
        "card_account_id": OPERATOR,
        "kind": kind,
        "owner_id": owner_id,
        "currency": amount.currency,
        "amount_minor": amount.amount_minor,
        "settled_minor": 0,
        "shortfall_minor": 0,
        "stage": 0,
        "attempt": 0,
        "tries": 0,
        "step_count": 0,
        "by_id": by_id,
        "created_at": tx.now,
        "changed_at": tx.now,
        "fp": fp,
        **more,
    }
    tx.do(_ADD, **columns)
    return require_row(tx, id)


def save(tx: Tx, row: Row, **changes: Any) -> Row:
    """Write down what has changed, and tell whom it concerns."""
    was_case = row.attention is not None
    row = row._replace(changed_at=tx.now, **changes)
    tx.do(_SAVE, id_=row.id, **{f"{name}_": getattr(row, name) for name in _CHANGING})
    concerned = {UserId(it) for it in (row.owner_id, row.payee_id) if it and it != OPERATOR}
    if (was_case or row.attention) and is_operators(row):
        concerned |= {UserId(it) for it in operators(tx)}
    tx.publish(sorted(concerned), Change("rail_payment", row.id))
    return row


def log_step(
    tx: Tx, row: Row, step: str, outcome: str, detail: str | None = None, *, attempt: int = 0
) -> Row:
    """Add a line to the log; the row with the number of lines."""
    tx.do(
        _ADD_STEP,
        payment_id=row.id,
        number=row.step_count,
        step=step,
        attempt=attempt or row.attempt,
        outcome=outcome,
        detail=detail[:200] if detail else None,
        at=tx.now,
    )
    return row._replace(step_count=row.step_count + 1)


def go_on(tx: Tx, id: UUID, *, looks: bool = False) -> None:
    """Let the next call of a payment be made after this commit; with `looks`, if there is none, ask
    how it stands."""
    tx.emit(RailPaymentDue(RailPaymentId(id), looks))


@contextmanager
def all_or_nothing(tx: Tx) -> Iterator[None]:
    """What is written within is kept, or undone with whatever ends it."""
    savepoint = tx.savepoint()
    try:
        yield
    except BaseException:
        savepoint.undo()
        raise
    savepoint.keep()


def amount_of(row: Row) -> Money:
    return Money(row.amount_minor, row.currency)


def seen(row: Row, *, whole: bool = True) -> RailPayment:
    """A payment as people see it; where it is paid is for its owner only."""
    state = _state(row)
    return RailPayment(
        id=row.id,
        kind=row.kind,
        state=state,
        amount=amount_of(row),
        settled=Money(row.settled_minor, row.currency),
        url=row.url if state == "open" and whole and row.wanted is None else None,
        reason=row.attention or row.reason,
        ref=ref_of(row.ref_kind, row.ref_id),
        parent_id=row.parent_id,
        is_own=not is_operators(row),
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


_STATES: Mapping[int, RailState] = {
    0: "making",
    Stage.OPEN: "open",
    Stage.AUTHORIZED: "authorized",
    Stage.ENDED: "ended",
    Stage.SETTLED: "settled",
    Stage.RETURNED: "returned",
}


def _state(row: Row) -> RailState:
    return "looked_into" if row.attention else _STATES[row.stage]


def is_over(row: Row) -> bool:
    """Whether nothing can be asked of the provider about it. What ended may still be paid, late."""
    last = Stage.ENDED if row.kind == "refund" else Stage.SETTLED
    return bool(row.kind == "dispute" or row.stage >= last)


def _case(tx: Tx, row: Row) -> RailCase:
    return RailCase(
        payment=seen(row),
        owner_id=row.owner_id,
        payee_id=row.payee_id,
        external_id=row.external_id,
        shortfall=Money(row.shortfall_minor, row.currency),
        steps=[
            RailStep(it.step, it.attempt, it.outcome, it.detail, it.at)
            for it in tx.all(_STEPS, payment_id=row.id)
        ],
        step=row.step,
        is_over=is_over(row),
        settlement=to_settle(tx, row),
    )
