"""The merchant's side of conversations: for now the greeting.

Who manages a shop is asked of `business`; what is said goes through `chat` like any message.
"""

from .greetings import Greeting, find_greeting, get_greeting, greet, save_greeting
from .ownership import erase_user, export_user

__all__ = [
    "Greeting",
    "erase_user",
    "export_user",
    "find_greeting",
    "get_greeting",
    "greet",
    "save_greeting",
]
