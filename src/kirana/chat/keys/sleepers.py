"""Dehydrated devices: one of each person sleeps here, encrypted, and receives keys meanwhile.

Whoever loses every device wakes it with the recovery key, and reads what was sent in between.
Source: MSC3814, which the crypto library implements.
"""

from collections.abc import Sequence

from sqlalchemy import select

from kirana.platform.db import Q, Row, Tx, any_of
from kirana.values import UserId

from .tables import dehydrated_devices

_NAMES = Q(
    select(dehydrated_devices.c.user_id, dehydrated_devices.c.device_id).where(
        any_of(dehydrated_devices.c.user_id, "users")
    )
)
_ALL = Q(select(dehydrated_devices).where(any_of(dehydrated_devices.c.user_id, "users")))


def names_of_sleepers(tx: Tx, user_ids: Sequence[UserId]) -> dict[UserId, str]:
    """What the sleeping devices of these people are called."""
    return {row.user_id: row.device_id for row in tx.all(_NAMES, users=list(user_ids))}


def list_sleepers(tx: Tx, user_ids: Sequence[UserId]) -> list[Row]:
    """For this folder only: the sleeping devices of these people."""
    return tx.all(_ALL, users=list(user_ids))
