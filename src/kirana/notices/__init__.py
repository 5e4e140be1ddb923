"""Notices: what somebody is told by itself, outside of their conversations, until they have seen
it.

Whoever has something to tell says of which kind and about what; the words are the client's.
"""

from .notices import (
    Notice,
    forget_notices,
    list_new,
    list_notices,
    mark_seen,
    settle,
    tell,
)
from .ownership import erase_user, export_user

__all__ = [
    "Notice",
    "erase_user",
    "export_user",
    "forget_notices",
    "list_new",
    "list_notices",
    "mark_seen",
    "settle",
    "tell",
]
