"""A person has just proven, for one purpose, that it is really them. Valid for two minutes.

The purpose is a `challenge`, the SHA-256 of what is confirmed; who asks for a confirmation checks
that it is its own.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select

from kirana.platform.db import Q, Tx
from kirana.platform.problems import IdReused
from kirana.values import Actor, Confirmation, UserId

from .model import CONFIRMATION_LIFE, DAY
from .passkeys import Assertion, use_passkey
from .pins import TriedPin, use_pin
from .problems import PasskeyRefused
from .tables import confirmations, passkeys, pins

_FIND = Q(select(confirmations).where(confirmations.c.id == bindparam("id")))
_PIN = Q(select(pins.c.reset_at, pins.c.changed_at).where(pins.c.user_id == bindparam("user_id")))
_NEWEST_PASSKEY = Q(
    select(func.max(passkeys.c.created_at).label("at")).where(
        passkeys.c.user_id == bindparam("user_id")
    )
)
_INSERT = Q(insert(confirmations))
_FORGET = Q(delete(confirmations).where(confirmations.c.created_at < bindparam("before")))


@dataclass(frozen=True, slots=True)
class Confirmed:
    """To be sent as the header `Kirana-Confirmation` with what it confirms."""

    id: UUID
    valid_until: int


def confirm_by_pin(
    tx: Tx, confirmation_id: UUID, challenge: bytes, tried: TriedPin, *, by: Actor
) -> Confirmed:
    """Raises: PinNotSet, WrongPin, PinLocked, IdReused."""
    use_pin(tx, tried, by=by)
    return _confirm(tx, confirmation_id, "pin", challenge, by)


def confirm_by_passkey(
    tx: Tx, confirmation_id: UUID, challenge: bytes, assertion: Assertion, *, by: Actor
) -> Confirmed:
    """`assertion` was made for this very challenge. Raises: PasskeyRefused, IdReused."""
    if assertion.confirms != challenge:
        raise PasskeyRefused()
    if use_passkey(tx, assertion, "confirmation", for_id=confirmation_id) != by.person_id:
        raise PasskeyRefused()
    return _confirm(tx, confirmation_id, "passkey", challenge, by)


def find_confirmation(tx: Tx, confirmation_id: UUID, *, of: UserId) -> Confirmation | None:
    """The confirmation with this id, if it is theirs and still fresh."""
    row = tx.one(_FIND, id=confirmation_id)
    if row is None or row.user_id != of or tx.now >= row.created_at + CONFIRMATION_LIFE:
        return None
    renewed_at = _renewed_at(tx, of, row.method)
    return Confirmation(row.method, row.challenge, row.created_at, renewed_at)


def _renewed_at(tx: Tx, user_id: UserId, method: str) -> int | None:
    """Since when somebody may hold this proof who held none of the former ones: whoever has got
    hold of one's telephone number gets a code, and with it a new PIN or another passkey."""
    pin = tx.one(_PIN, user_id=user_id)
    if pin is None:
        return None
    if method == "pin":
        reset_at: int | None = pin.reset_at
        return reset_at
    passkey = tx.one(_NEWEST_PASSKEY, user_id=user_id)
    newest: int | None = passkey.at if passkey else None
    return newest if newest is not None and newest > pin.changed_at else None


def forget_confirmations(tx: Tx) -> None:
    tx.do(_FORGET, before=tx.now - DAY)


def _confirm(
    tx: Tx,
    confirmation_id: UUID,
    method: Literal["pin", "passkey"],
    challenge: bytes,
    by: Actor,
) -> Confirmed:
    if known := tx.one(_FIND, id=confirmation_id):
        if (known.user_id, known.challenge) != (by.person_id, challenge):
            raise IdReused(id=confirmation_id)
        return Confirmed(confirmation_id, known.created_at + CONFIRMATION_LIFE)
    tx.do(
        _INSERT,
        id=confirmation_id,
        user_id=by.person_id,
        method=method,
        challenge=challenge,
        created_at=tx.now,
    )
    return Confirmed(confirmation_id, tx.now + CONFIRMATION_LIFE)
