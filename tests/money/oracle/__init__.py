"""What money should do, written apart from it: plain dictionaries and no cleverness.

One attempt after another. An answer is "ok" or the slug of the refusal.
"""

from .agreed import Agreed as Oracle
from .payments import Line, Purse

__all__ = ["Line", "Oracle", "Purse"]
