"""What goes with a device, and with a person; and what a person takes along."""

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select

from kirana import identity
from kirana.platform.db import Q, Tx
from kirana.values import UserId

from .backups import BackupKeys, keys_of_latest
from .mailboxes import forget_batches, forget_mailbox
from .prekeys import forget_prekeys
from .tables import (
    backed_up_keys,
    dehydrated_devices,
    device_messages,
    fallback_keys,
    key_backups,
    mailboxes,
    one_time_keys,
    secrets,
)

_SECRETS = Q(
    select(secrets.c.name, secrets.c.ciphertext)
    .where(secrets.c.user_id == bindparam("user_id"))
    .order_by(secrets.c.name)
)
_ERASE = [
    Q(delete(table).where(table.c.user_id == bindparam("user_id")))
    for table in (
        one_time_keys,
        fallback_keys,
        device_messages,
        mailboxes,
        backed_up_keys,
        key_backups,
        secrets,
        dehydrated_devices,
    )
]


@dataclass(frozen=True, slots=True)
class KeysExport:
    """What devices keep here for their person. Only the recovery key opens it."""

    backup: BackupKeys
    secrets: dict[str, str]


def export_keys(tx: Tx, user_id: UserId) -> KeysExport:
    """The message keys and secrets of a person, encrypted as they are."""
    held = {row.name: row.ciphertext for row in tx.all(_SECRETS, user_id=user_id)}
    return KeysExport(keys_of_latest(tx, user_id), held)


def erase_keys(tx: Tx, user_id: UserId) -> None:
    """Forget all that devices keep here for a person. Again: nothing."""
    for statement in _ERASE:
        tx.do(statement, user_id=user_id)


def forget_device(tx: Tx, event: identity.DeviceRevoked) -> None:
    """A revoked device gets nothing any more, and nobody begins to encrypt for it."""
    forget_prekeys(tx, event.user_id, str(event.device_id))
    forget_mailbox(tx, event.user_id, str(event.device_id))
    forget_batches(tx, event.device_id)
