"""The operator puts money into wallets, and into the floats of agents."""

from enum import StrEnum

from kirana.platform.db import Tx
from kirana.values import Actor, Money, OwnerId, TransferId

from .ledger import post
from .model import OPERATOR, AccountKey, Code, Group, Move, Transfer
from .owners import open_owner, require_agent_owner, require_operator, require_owner


class Source(StrEnum):
    """Where the operator's side of it stands."""

    CASH = "cash"
    BANK = "bank"
    CREDIT = "credit"  # nothing came in: a gift, or credit for use on this server


class Into(StrEnum):
    WALLET = "wallet"
    FLOAT = "float"


_SOURCES = {
    Source.CASH: Code.CASH_BOX,
    Source.BANK: Code.BANK,
    Source.CREDIT: Code.CREDIT_GIVEN,
}
_INTO = {Into.WALLET: Code.WALLET, Into.FLOAT: Code.AGENT_FLOAT}


def top_up(
    tx: Tx,
    id: TransferId,
    owner_id: OwnerId,
    amount: Money,
    *,
    source: Source = Source.CASH,
    into: Into = Into.WALLET,
    by: Actor,
) -> Transfer:
    """The operator has received money, or gives credit, and pays it into a wallet or a float.

    Raises: NotAllowed unless an operator does it; NotFound, also for the float of somebody who
    is no agent and could not use it; AccountFrozen, AccountClosed, CounterFull, IdReused.
    """
    require_operator(tx, by=by)
    if by.kind == "system":
        open_owner(tx, owner_id)
    require_owner(tx, owner_id)
    if into is Into.FLOAT:
        require_agent_owner(tx, owner_id)
    move = Move.posted(
        operator_key(source, amount.currency),
        AccountKey(owner_id, _INTO[into], amount.currency),
        amount,
    )
    return post(tx, Group(id, (move,), "top_up", by.person_id))[0]


def operator_key(source: Source, currency: str) -> AccountKey:
    return AccountKey(OPERATOR, _SOURCES[source], currency)
