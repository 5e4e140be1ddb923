"""What a shop takes along, and what goes when it goes."""

from kirana.platform.db import Tx
from kirana.values import BusinessId, UserId

from .greetings import Greeting, find_greeting, forget_greeting


def export_user(tx: Tx, user_id: UserId) -> Greeting:
    """All that this room knows of a user: the greeting, if it is a shop."""
    return find_greeting(tx, BusinessId(user_id))


def erase_user(tx: Tx, user_id: UserId) -> None:
    """Forget the shop's words. Again: nothing."""
    forget_greeting(tx, BusinessId(user_id))
