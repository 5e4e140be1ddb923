"""The operator's switchboard: which ways to pay are on. All are, until one is switched off."""

from sqlalchemy import bindparam, select

from kirana.platform.db import Q, Tx, upsert
from kirana.values import Actor

from .ledger import open_currency
from .model import Reason, Refused
from .owners import require_operator
from .problems import WayOff
from .tables import ways

_OFF = Q(
    select(ways.c.currency, ways.c.way, ways.c.rail).where(ways.c.enabled == bindparam("enabled"))
)
_SET = Q(upsert(ways, ["currency", "way", "rail"], ["enabled"]))

WALLET = ("wallet", "kirana")
AGENT = ("wallet", "agent")
CASH = ("direct", "cash")
CARD = ("wallet", "stripe")
OWN_CARD = ("direct", "stripe")

WayKey = tuple[str, str]
"""Way and rail."""


def switch_way(tx: Tx, currency: str, way: WayKey, *, enabled: bool, by: Actor) -> None:
    """Let people pay in this way, or no longer. What is under way goes on.

    Raises: NotAllowed unless an operator does it.
    """
    require_operator(tx, by=by)
    open_currency(tx, currency)
    tx.do(_SET, currency=currency, way=way[0], rail=way[1], enabled=enabled)


def ways_off(tx: Tx) -> set[tuple[str, str, str]]:
    """All that is switched off: currency, way, rail."""
    return {tuple(row) for row in tx.all(_OFF, enabled=False)}


def require_way(tx: Tx, currency: str, way: WayKey) -> None:
    """Raises: WayOff."""
    if objection_to(tx, currency, way):
        raise WayOff(currency=currency)


def objection_to(tx: Tx, currency: str, way: WayKey) -> Refused | None:
    """Why a payment in this way would be refused, if it would."""
    return object_to(currency, way, ways_off(tx))


def object_to(currency: str, way: WayKey, off: set[tuple[str, str, str]]) -> Refused | None:
    is_off = (currency, *way) in off
    return Refused(Reason.WAY_OFF, currency=currency) if is_off else None
