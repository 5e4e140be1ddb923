"""One-time codes: the proof that an address is somebody's.

No answer tells whether the address has an account, or whether a code was sent for it.
"""

from typing import ClassVar
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select, update

from kirana.platform.db import Q, Refusal, Tx
from kirana.platform.problems import IdReused, NotFound, RateLimited
from kirana.platform.stream import Change
from kirana.values import Actor

from .delivery import send_code
from .model import (
    CODE_LIFE,
    CODE_TRIES,
    CODES_PER_DAY,
    CODES_PER_HOUR,
    DAY,
    HOUR,
    Address,
    hash_code,
    matches,
)
from .problems import LastAddress
from .tables import addresses, codes, passkeys
from .users import insert_address, require_person

_FIND = Q(select(codes).where(codes.c.id == bindparam("id")))
_COUNT_SINCE = Q(
    select(func.count().label("count"), func.min(codes.c.created_at).label("first_at")).where(
        codes.c.key == bindparam("key"), codes.c.created_at > bindparam("since")
    )
)
_INSERT = Q(insert(codes))
_NEWEST = Q(
    select(codes)
    .where(codes.c.key == bindparam("key"), codes.c.created_at > bindparam("since"))
    .order_by(codes.c.created_at.desc(), codes.c.id.desc())
    .limit(1)
)
_USE = Q(
    update(codes)
    .where(codes.c.id == bindparam("id_"), codes.c.used_by.is_(None))
    .values(used_by=bindparam("used_by_"))
)
_COUNT_TRY = Q(
    update(codes)
    .where(codes.c.id == bindparam("id_"), codes.c.tries < CODE_TRIES)
    .values(tries=codes.c.tries + 1)
)
_LIST_KEYS = Q(select(addresses.c.key).where(addresses.c.user_id == bindparam("user_id")))
_HAS_PASSKEY = Q(select(passkeys.c.id).where(passkeys.c.user_id == bindparam("user_id")).limit(1))
_REMOVE = Q(delete(addresses).where(addresses.c.key == bindparam("key")))
_FORGET = Q(delete(codes).where(codes.c.created_at < bindparam("before")))


class WrongCode(Refusal):
    """This code is wrong, was used before, or is too old. Ask for a new one if in doubt."""

    status: ClassVar[int] = 403

    def __init__(self, address: Address) -> None:
        super().__init__()
        self._address = address

    def remember(self, tx: Tx) -> None:
        """Count the try against the code that is alive. The answer does not say if there is one."""
        if alive := tx.one(_NEWEST, key=self._address.key, since=tx.now - CODE_LIFE):
            tx.do(_COUNT_TRY, id_=alive.id)


def request_code(
    tx: Tx, code_id: UUID, address: Address, code: str, *, language: str | None = None
) -> None:
    """Send `code`, six digits that the caller drew, to `address`. It takes the older one's place.

    Asking again with the same id sends nothing more.

    Raises: RateLimited, IdReused.
    """
    if known := tx.one(_FIND, id=code_id):
        if known.key != address.key:
            raise IdReused(id=code_id)
        return
    for span, most in ((HOUR, CODES_PER_HOUR), (DAY, CODES_PER_DAY)):
        sent = tx.one(_COUNT_SINCE, key=address.key, since=tx.now - span)
        if sent and sent.count >= most:
            raise RateLimited(retry_after_s=(sent.first_at + span - tx.now) // 1000 + 1)
    tx.do(
        _INSERT,
        id=code_id,
        key=address.key,
        code_hash=hash_code(code_id, code),
        tries=0,
        created_at=tx.now,
    )
    tx.enqueue(
        send_code,
        kind=address.kind,
        address=address.text,
        code=code,
        language=language or "en",
        expires_at=tx.now + CODE_LIFE,
    )


def use_code(tx: Tx, address: Address, code: str, *, for_id: UUID) -> None:
    """Let `code` prove `address`, once; again only `for_id`, whose first answer was lost.

    Raises: WrongCode.
    """
    alive = tx.one(_NEWEST, key=address.key, since=tx.now - CODE_LIFE)
    if (
        alive is None
        or alive.tries >= CODE_TRIES
        or alive.used_by not in (None, for_id)
        or not matches(alive.code_hash, hash_code(alive.id, code))
    ):
        raise WrongCode(address)
    tx.do(_USE, id_=alive.id, used_by_=for_id)


def prove_address(tx: Tx, address: Address, code: str, *, by: Actor) -> None:
    """Let `by` show, with a fresh code, that an address of theirs is in their hands.

    Raises: WrongCode, for an address of somebody else too.
    """
    if address.key not in {row.key for row in tx.all(_LIST_KEYS, user_id=by.person_id)}:
        raise WrongCode(address)
    use_code(tx, address, code, for_id=by.person_id)


def add_address(tx: Tx, address: Address, code: str, *, by: Actor) -> None:
    """Give `by` a further address, proven by `code`.

    Raises: WrongCode, AddressTaken, NotAllowed.
    """
    require_person(by)
    use_code(tx, address, code, for_id=by.person_id)
    insert_address(tx, address, by.person_id)
    tx.publish([by.person_id], Change("user", by.person_id))


def remove_address(tx: Tx, address: Address, *, by: Actor) -> None:
    """Give an address up. Raises: NotFound; LastAddress when it is the only way to sign in."""
    keys = [row.key for row in tx.all(_LIST_KEYS, user_id=by.person_id)]
    if address.key not in keys:
        raise NotFound()
    if len(keys) == 1 and tx.one(_HAS_PASSKEY, user_id=by.person_id) is None:
        raise LastAddress()
    tx.do(_REMOVE, key=address.key)
    tx.publish([by.person_id], Change("user", by.person_id))


def forget_codes(tx: Tx) -> None:
    tx.do(_FORGET, before=tx.now - DAY)
