"""Cash: handed over for an order, and taken in or paid out by agents.

Cash for an order is between two people, so it is a memo: the buyer gave it, the shop or its courier
has it. An agent's cash stands against a float that the agent bought of the operator, so an agent
can never make money.
"""

from kirana.platform.db import Tx
from kirana.platform.problems import NotFound
from kirana.values import Actor, Mandate, Money, OwnerId, RequestId, TransferId, derived_id

from ..ledger import post
from ..model import AccountKey, Code, Consent, Group, Move, Transfer
from ..owners import require_agent, require_agent_owner, require_mandate, require_owner
from ..problems import SameAccount
from ..wallets import float_key, wallet_key
from ..ways import AGENT, CASH, objection_to
from .requests import find_request


def collect_cash(
    tx: Tx, request_id: RequestId, *, collector: OwnerId | None = None, by: Actor
) -> Transfer:
    """What is left of a request was handed over in cash, which ends it: to the asker, or to a
    `collector` (a courier), who owes it to the asker until it is handed in. Safe to repeat.

    For a room that has asked permission. A refusal uses nothing up: cash that a courier could not
    carry is collected when they can. Raises: RequestEnded, ClaimOpen, PayeeCannotReceive for a
    courier who carries too much, WayOff, NotFound.
    """
    request = find_request(tx, request_id)
    if request.payer_id is None:
        raise NotFound()
    currency = request.amount.currency
    taken_by = AccountKey(request.asker_id, Code.DIRECT, currency)
    if collector is not None and collector != request.asker_id:
        taken_by = _in_hand(collector, request.asker_id, currency)
    move = Move.posted(AccountKey(request.payer_id, Code.DIRECT, currency), taken_by, request.left)
    id = TransferId(derived_id(request_id, "cash"))
    group = Group(
        id,
        (move,),
        "cash",
        by.person_id,
        request.ref,
        request_id=request_id,
        objection=objection_to(tx, currency, CASH) or request.objection,
        may_be_retried=True,
    )
    return post(tx, group)[0]


def hand_in_cash(
    tx: Tx,
    id: TransferId,
    *,
    collector: OwnerId,
    payee: OwnerId,
    amount: Money,
    by: Actor,
) -> Transfer:
    """A courier gave the cash collected for a shop to the shop. It names no order: the buyer has
    paid already when the courier collected.

    For a room that has asked permission. Raises: InsufficientFunds (more than was collected).
    """
    move = Move.posted(
        _in_hand(collector, payee, amount.currency),
        AccountKey(payee, Code.DIRECT, amount.currency),
        amount,
    )
    return post(tx, Group(id, (move,), "cash_handed_in", by.person_id))[0]


def cash_in(tx: Tx, id: TransferId, customer_id: OwnerId, amount: Money, *, by: Actor) -> Transfer:
    """`by`, an agent, has taken cash and pays it into the customer's wallet from the float.

    Raises: InsufficientFunds, ConfirmationRequired, ConfirmationWrong, NotAllowed for others than
    agents, SameAccount, WayOff, AccountFrozen, AccountClosed, IdReused, NotFound.
    """
    require_agent(tx, by=by)
    require_owner(tx, customer_id)
    return _between(tx, id, by.user_id, customer_id, amount, "cash_in", Consent.ABOVE, by=by)


def cash_out(tx: Tx, id: TransferId, agent_id: OwnerId, amount: Money, *, by: Actor) -> Transfer:
    """`by` pays an agent from the wallet and gets cash for it. Always confirmed.

    Raises: InsufficientFunds, ConfirmationRequired, ConfirmationWrong, SameAccount, WayOff,
    AccountFrozen, AccountClosed, IdReused; NotFound for somebody who is no agent; NotAllowed for
    whoever may not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    require_agent_owner(tx, agent_id)
    return _between(tx, id, agent_id, by.user_id, amount, "cash_out", Consent.ALWAYS, by=by)


def _between(
    tx: Tx,
    id: TransferId,
    agent_id: OwnerId,
    customer_id: OwnerId,
    amount: Money,
    purpose: str,
    consent: Consent,
    *,
    by: Actor,
) -> Transfer:
    if agent_id == customer_id:
        raise SameAccount()
    agent = float_key(agent_id, amount.currency)
    customer = wallet_key(customer_id, amount.currency)
    debit, credit = (agent, customer) if purpose == "cash_in" else (customer, agent)
    group = Group(
        id,
        (Move.posted(debit, credit, amount),),
        purpose,
        by.person_id,
        objection=objection_to(tx, amount.currency, AGENT),
        consent=Consent.NEVER if by.kind == "system" else consent,
        confirmation=by.confirmation,
    )
    return post(tx, group)[0]


def _in_hand(collector: OwnerId, payee: OwnerId, currency: str) -> AccountKey:
    return AccountKey(collector, Code.CASH_IN_HAND, currency, label=payee.hex)
