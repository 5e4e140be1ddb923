"""The PIN that confirms a payment.

Hashing takes 28 ms on purpose, so it never happens in the writer: a route reads the state, tries
the PIN in a thread, and a command records what came of it. The command looks at the lock again, so
many tries at once count one after another.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import bindparam, select, update

from kirana.platform.db import Q, Refusal, Tx, upsert
from kirana.platform.problems import NotAllowed
from kirana.platform.stream import Change
from kirana.values import Actor, UserId

from .codes import use_code
from .model import PIN_TRIES, Address, is_pin, pin_locked_until
from .problems import PinLocked, PinNotSet, WeakPin
from .tables import addresses, pins
from .users import require_person

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_FIND = Q(select(pins).where(pins.c.user_id == bindparam("user_id")))
_SAVE = Q(
    upsert(pins, ["user_id"], ["pin_hash", "wrong", "locked_until", "changed_at", "reset_at"])
)
_COUNT = Q(
    update(pins)
    .where(pins.c.user_id == bindparam("user_id_"))
    .values(wrong=bindparam("wrong_"), locked_until=bindparam("locked_until_"))
)
_OWNS = Q(
    select(addresses.c.key).where(
        addresses.c.key == bindparam("key"), addresses.c.user_id == bindparam("user_id")
    )
)


@dataclass(frozen=True, slots=True)
class TriedPin:
    """What came of trying a PIN against the hash that was stored at that moment."""

    pin_hash: str
    is_right: bool


@dataclass(frozen=True, slots=True)
class ProvenAddress:
    """An address of one's own and a fresh code for it: the way back to a forgotten PIN."""

    address: Address
    code: str


class WrongPin(Refusal):
    """This is not your PIN."""

    status: ClassVar[int] = 403

    def __init__(self, user_id: UserId, *, tries_left: int, retry_after_s: int | None) -> None:
        facts = {} if retry_after_s is None else {"retry_after_s": retry_after_s}
        super().__init__(tries_left=tries_left, **facts)
        self._user_id = user_id

    def remember(self, tx: Tx) -> None:
        """Count the try; from the fifth on, lock the PIN for longer and longer."""
        if row := tx.one(_FIND, user_id=self._user_id):
            wrong = row.wrong + 1
            tx.do(
                _COUNT,
                user_id_=self._user_id,
                wrong_=wrong,
                locked_until_=pin_locked_until(wrong, tx.now),
            )


def hash_pin(pin: str) -> str:
    """What is stored of a PIN. Slow: call it in a thread. Raises: WeakPin."""
    if not is_pin(pin):
        raise WeakPin()
    return _hasher().hash(pin)


def try_pin(pin_hash: str, pin: str) -> TriedPin:
    """Slow: call it in a thread."""
    from argon2.exceptions import VerificationError

    try:
        return TriedPin(pin_hash, _hasher().verify(pin_hash, pin))
    except VerificationError:
        return TriedPin(pin_hash, is_right=False)


def get_pin_hash(tx: Tx, *, by: Actor) -> str:
    """What to try a PIN against. Raises: PinNotSet, PinLocked, NotAllowed for guests."""
    require_person(by)
    pin_hash: str = _unlocked(tx, by.person_id)[0]
    return pin_hash


def has_pin(tx: Tx, *, by: Actor) -> bool:
    return tx.one(_FIND, user_id=by.person_id) is not None


def set_pin(
    tx: Tx, pin_hash: str, *, proof: TriedPin | ProvenAddress | None = None, by: Actor
) -> None:
    """Choose a PIN. Replacing one takes the old one, or a code sent to an address of one's own;
    with a code, larger payments have to wait for a while.

    Raises: WrongPin, PinLocked, WrongCode, NotAllowed (guests, or no proof).
    """
    require_person(by)
    reset_at = None
    if known := tx.one(_FIND, user_id=by.person_id):
        reset_at = known.reset_at
        if isinstance(proof, TriedPin):
            use_pin(tx, proof, by=by)
        elif proof and tx.one(_OWNS, key=proof.address.key, user_id=by.person_id):
            use_code(tx, proof.address, proof.code, for_id=by.person_id)
            reset_at = tx.now
        else:
            raise NotAllowed()
    tx.do(
        _SAVE,
        user_id=by.person_id,
        pin_hash=pin_hash,
        wrong=0,
        locked_until=None,
        changed_at=tx.now,
        reset_at=reset_at,
    )
    tx.publish([by.person_id], Change("user", by.person_id))


def use_pin(tx: Tx, tried: TriedPin, *, by: Actor) -> None:
    """Record a try. Raises: PinNotSet, PinLocked, WrongPin."""
    pin_hash, wrong = _unlocked(tx, by.person_id)
    if not tried.is_right or tried.pin_hash != pin_hash:
        locked_until = pin_locked_until(wrong + 1, tx.now)
        raise WrongPin(
            by.person_id,
            tries_left=max(0, PIN_TRIES - wrong - 1),
            retry_after_s=None if locked_until is None else (locked_until - tx.now) // 1000,
        )
    if wrong:
        tx.do(_COUNT, user_id_=by.person_id, wrong_=0, locked_until_=None)


def _unlocked(tx: Tx, user_id: UserId) -> tuple[str, int]:
    row = tx.one(_FIND, user_id=user_id)
    if row is None:
        raise PinNotSet()
    if row.locked_until is not None and row.locked_until > tx.now:
        raise PinLocked(retry_after_s=(row.locked_until - tx.now) // 1000 + 1)
    return row.pin_hash, row.wrong


@cache
def _hasher() -> "PasswordHasher":
    """19 MiB, two passes, one lane. Source: OWASP password storage cheat sheet."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
