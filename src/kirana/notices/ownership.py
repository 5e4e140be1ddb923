"""What a user takes along, and what goes when they go."""

from kirana.platform.db import Tx
from kirana.values import UserId

from .notices import Notice, all_of, forget_all_of


def export_user(tx: Tx, user_id: UserId) -> list[Notice]:
    """All that somebody was told and that is not old."""
    return all_of(tx, user_id)


def erase_user(tx: Tx, user_id: UserId) -> None:
    """Forget what they were told. Again: nothing."""
    forget_all_of(tx, user_id)
