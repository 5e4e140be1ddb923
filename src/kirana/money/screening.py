"""Which payments people have to look at before they go through: by amount, and by a list of names.

A payment that must be looked at is set aside for its payee. Who is on the list is asked with the
names that people have now, so a change of name or list is felt at once.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from msgspec import Meta
from sqlalchemy import bindparam, insert, select, update

from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.platform.problems import IdReused, NotFound
from kirana.platform.stream import Change
from kirana.values import MAX_AMOUNT_MINOR, Actor, OwnerId, UserId

from .events import ReviewNeeded
from .ledger import open_currency
from .model import Group, Kind, Reason, Refused, Transfer
from .owners import NameOf, operators, require_operator
from .problems import NeedsReview
from .refusals import Attempt, RefusedPayment, newest_refused
from .tables import review_rules, reviews, watched_names

Why = Literal["amount", "name"]
Screen: TypeAlias = Callable[[Tx, Collection[OwnerId]], set[OwnerId]]
"""Whose payments must be looked at, of these. `NameList` is the one that comes with Kirana."""
Approvals = Annotated[int, Meta(ge=1, le=2)]
AboveMinor = Annotated[int, Meta(ge=0, le=MAX_AMOUNT_MINOR)]

_RULES = Q(select(review_rules).order_by(review_rules.c.at.desc(), review_rules.c.id.desc()))
_FIND_RULE = Q(select(review_rules).where(review_rules.c.id == bindparam("id")))
_ADD_RULE = Q(insert(review_rules))
_NOTE = Q(upsert(reviews, ["transfer_id"]))
_NAMES = Q(
    select(watched_names)
    .where(watched_names.c.ended_at.is_(None))
    .order_by(watched_names.c.name, watched_names.c.id)
)
_FIND_NAMES = Q(select(watched_names).where(any_of(watched_names.c.id, "ids")))
_ADD_NAME = Q(insert(watched_names))
_END_NAME = Q(
    update(watched_names)
    .where(watched_names.c.id == bindparam("id_"))
    .values(ended_at=bindparam("ended_at"))
)


@dataclass(frozen=True, slots=True)
class ReviewRule:
    """Payments of a currency from one wallet to another above `above_minor` are looked at by so
    many operators before they go through."""

    currency: str
    above_minor: int
    approvals: int


@dataclass(frozen=True, slots=True)
class WatchedName:
    """Payments from and to whoever is called so are looked at."""

    id: UUID
    name: str
    by_id: UserId
    at: int


def set_review_rule(
    tx: Tx, id: UUID, currency: str, above_minor: int | None, approvals: int, *, by: Actor
) -> None:
    """Look at payments above this from now on, or (None) at none for their amount. Safe to repeat
    with the same `id`.

    Raises: NotAllowed unless an operator does it; IdReused.
    """
    require_operator(tx, by=by)
    if known := tx.one(_FIND_RULE, id=id):
        if (known.currency, known.above_minor, known.approvals) != (
            currency,
            above_minor,
            approvals,
        ):
            raise IdReused(id=str(id))
        return
    open_currency(tx, currency)
    tx.do(
        _ADD_RULE,
        id=id,
        currency=currency,
        above_minor=above_minor,
        approvals=approvals,
        by_id=by.person_id,
        at=tx.now,
    )


def list_review_rules(tx: Tx) -> list[ReviewRule]:
    """The rules in force, by currency."""
    newest: dict[str, Row] = {}
    for row in tx.all(_RULES):
        newest.setdefault(row.currency, row)
    return [
        ReviewRule(code, row.above_minor, row.approvals)
        for code, row in sorted(newest.items())
        if row.above_minor is not None
    ]


def watch_name(tx: Tx, id: UUID, name: str, *, by: Actor) -> WatchedName:
    """Look at payments from and to whoever is called so. Safe to repeat with the same `id`.

    Raises: NotAllowed unless an operator does it; IdReused.
    """
    require_operator(tx, by=by)
    for known in tx.all(_FIND_NAMES, ids=[id]):
        if known.name != name:
            raise IdReused(id=str(id))
        return _name(known)
    tx.do(_ADD_NAME, id=id, name=name, by_id=by.person_id, at=tx.now, ended_at=None)
    return WatchedName(id, name, by.person_id, tx.now)


def unwatch_name(tx: Tx, id: UUID, *, by: Actor) -> None:
    """Take a name off the list. Safe to repeat. Raises: NotAllowed, NotFound."""
    require_operator(tx, by=by)
    if not tx.all(_FIND_NAMES, ids=[id]):
        raise NotFound()
    tx.do(_END_NAME, id_=id, ended_at=tx.now)


def list_watched_names(tx: Tx, *, by: Actor) -> list[WatchedName]:
    """For operators: the list. Raises: NotAllowed."""
    require_operator(tx, by=by)
    return [_name(row) for row in tx.all(_NAMES)]


@dataclass(frozen=True, slots=True)
class NameList:
    """Whoever bears a name of the operators' list: each of its words, in any order and writing."""

    name_of: NameOf

    def __call__(self, tx: Tx, owner_ids: Collection[OwnerId]) -> set[OwnerId]:
        listed = [_words(row.name) for row in tx.all(_NAMES)]
        if not listed:
            return set()
        names = self.name_of(tx, owner_ids)
        return {id for id, name in names.items() if any(it <= _words(name) for it in listed)}


def matching_names(tx: Tx, owner_ids: Collection[OwnerId], name_of: NameOf) -> list[str]:
    """The names of the list that some of these bear now."""
    borne = [_words(name) for name in name_of(tx, owner_ids).values()]
    return [row.name for row in tx.all(_NAMES) if any(_words(row.name) <= it for it in borne)]


def require_unlisted(tx: Tx, attempt: Attempt, *, screen: Screen | None) -> None:
    """What cannot wait for operators is not begun with whoever is on the list; operators see that
    it was tried.

    Raises: NeedsReview.
    """
    owner_ids = {id for id in (attempt.payer_id, attempt.payee_id) if id}
    if screen and screen(tx, owner_ids):
        problem = NeedsReview(currency=attempt.amount.currency)
        if isinstance(screen, NameList):
            names = matching_names(tx, list(owner_ids), screen.name_of)
            attempt = replace(attempt, names=tuple(names))
        problem.attempt = attempt
        raise problem


def objection_to_listed(currency: str, *, is_suspect: bool) -> Refused | None:
    """Why a group that has a side on the list, and cannot wait, would be refused."""
    return Refused(Reason.NEEDS_REVIEW, currency=currency) if is_suspect else None


def bears_listed(tx: Tx, name: str) -> bool:
    """Whether a name is on the list that belongs to nobody here, such as a bank account's."""
    return any(_words(row.name) <= _words(name) for row in tx.all(_NAMES))


def list_refused(tx: Tx, *, by: Actor) -> list[RefusedPayment]:
    """For operators: the newest hundred that were refused for a name. Raises: NotAllowed."""
    require_operator(tx, by=by)
    return newest_refused(tx, 100)


def note_held(tx: Tx, held: Iterable[tuple[Group, Transfer]]) -> None:
    """What was set aside to be looked at is on the operators' desk. Safe to repeat."""
    found = [(group, transfer) for group, transfer in held if transfer.kind is Kind.PENDING]
    if not found:
        return
    needs = {rule.currency: rule.approvals for rule in list_review_rules(tx)}
    for group, transfer in found:
        why: Why = "name" if group.is_suspect else "amount"
        is_new = tx.do(
            _NOTE,
            transfer_id=transfer.id,
            why=why,
            approvals=needs.get(transfer.amount.currency, 1),
            created_at=tx.now,
        )
        if is_new:
            tx.emit(
                ReviewNeeded(
                    transfer_id=transfer.id,
                    payer_id=transfer.payer_id,
                    payee_id=transfer.payee_id,
                    amount=transfer.amount,
                )
            )
    tx.publish([UserId(it) for it in operators(tx)], Change("review", found[0][1].id))


def _words(name: str) -> frozenset[str]:
    plain = "".join(
        it for it in unicodedata.normalize("NFKD", name) if not unicodedata.combining(it)
    )
    return frozenset(re.findall(r"\w+", plain.casefold()))


def _name(row: Row) -> WatchedName:
    return WatchedName(row.id, row.name, row.by_id, row.at)
