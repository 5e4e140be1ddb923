"""Stripe: cards and wallets. The payer pays on Stripe's own page, so no card's number comes here.

`provider` makes the calls, `webhook` knows what Stripe tells by its signature, and `reports` reads
what either says into one shape, which says how far a payment has come.
"""

from .amounts import from_rail, is_known, to_rail
from .balance import Line, Payout, payout_of
from .provider import (
    NEW_KEY_URL,
    Account,
    Broken,
    Busy,
    Endpoint,
    KeyRefused,
    Lost,
    Provider,
    Turned,
)
from .reports import Report, Stage, report_of
from .webhook import Told, read_event, verify

NAME = "stripe"

__all__ = [
    "NAME",
    "NEW_KEY_URL",
    "Account",
    "Broken",
    "Busy",
    "Endpoint",
    "KeyRefused",
    "Line",
    "Lost",
    "Payout",
    "Provider",
    "Report",
    "Stage",
    "Told",
    "Turned",
    "from_rail",
    "is_known",
    "payout_of",
    "read_event",
    "report_of",
    "to_rail",
    "verify",
]
