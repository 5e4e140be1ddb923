"""Which keys to encrypt for: what `identity` knows, and the devices that sleep here."""

from collections.abc import Sequence

import msgspec

from kirana import identity
from kirana.platform.db import Tx
from kirana.values import Actor, UserId, user_name

from .people import reach
from .sleepers import list_sleepers


def query_keys(tx: Tx, user_ids: Sequence[UserId], *, by: Actor) -> identity.KeyLists:
    """The keys of these users. Of somebody who cannot be reached one learns nothing, not even
    whether they exist.

    Raises: NotAllowed.
    """
    reachable = reach(tx, user_ids, by=by)
    people = [user_id for user_id in dict.fromkeys(user_ids) if user_id in reachable]
    shown = identity.list_keys(tx, people, by=by)
    for row in list_sleepers(tx, people):
        keys = msgspec.Raw(row.signed_keys.encode())
        shown.device_keys[user_name(row.user_id)][row.device_id] = keys
    for user_id in user_ids:
        shown.device_keys.setdefault(user_name(user_id), {})
    return shown
