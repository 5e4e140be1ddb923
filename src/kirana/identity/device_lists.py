"""When the keys of somebody's devices change, whoever encrypts for them has to know.

`devices_rev` only grows: when a device first shows its keys, when it is vouched for, when it is
revoked, and when the identity's own keys are replaced. Never for one-time keys.
"""

from collections.abc import Iterable

from sqlalchemy import and_, bindparam, delete, or_, select, update

from kirana.platform.db import Q, Tx, any_of
from kirana.values import DeviceId, UserId

from .events import DeviceKeysChanged
from .tables import devices, key_signatures, users

_RAISE = Q(
    update(users)
    .where(users.c.id == bindparam("id_"))
    .values(devices_rev=users.c.devices_rev + 1)
    .returning(users.c.devices_rev)
)
_REVS = Q(select(users.c.id, users.c.devices_rev).where(any_of(users.c.id, "ids")))
_WITH_KEYS = Q(
    select(devices.c.user_id)
    .where(any_of(devices.c.user_id, "ids"))
    .where(devices.c.revoked_at.is_(None), devices.c.signed_keys.is_not(None))
    .distinct()
)
_FORGET = Q(
    update(devices)
    .where(devices.c.id == bindparam("id_"), devices.c.signed_keys.is_not(None))
    .values(signed_keys=None)
)
_FORGET_SIGNATURES = Q(
    delete(key_signatures).where(
        or_(
            and_(
                key_signatures.c.target_user_id == bindparam("user_id"),
                key_signatures.c.target_key_id == bindparam("device"),
            ),
            and_(
                key_signatures.c.signer_user_id == bindparam("user_id"),
                key_signatures.c.signer_key_id == bindparam("key_id"),
            ),
        )
    )
)


def raise_devices_rev(tx: Tx, user_id: UserId, *, is_new_identity: bool = False) -> None:
    """Say that this user's keys are others than before."""
    row = tx.one(_RAISE, id_=user_id)
    assert row is not None
    tx.emit(DeviceKeysChanged(user_id, row.devices_rev, is_new_identity))


def devices_rev_of(tx: Tx, user_ids: Iterable[UserId]) -> dict[UserId, int]:
    """How often the keys of these users have changed; who does not exist is left out."""
    return {row.id: row.devices_rev for row in tx.all(_REVS, ids=list(user_ids))}


def has_keys(tx: Tx, user_ids: Iterable[UserId]) -> set[UserId]:
    """Who of these has a device that something can be encrypted for."""
    return {row.user_id for row in tx.all(_WITH_KEYS, ids=list(user_ids))}


def forget_keys(tx: Tx, device_id: DeviceId, user_id: UserId) -> bool:
    """For this room only: a revoked device has no keys, and vouches for nothing.

    Answers whether it had any.
    """
    if not tx.do(_FORGET, id_=device_id):
        return False
    tx.do(_FORGET_SIGNATURES, user_id=user_id, device=str(device_id), key_id=f"ed25519:{device_id}")
    return True
