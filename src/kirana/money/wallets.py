"""Wallets: what somebody has, one for each currency, opened when it is first used."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, Money, OwnerId, UserId

from .ledger import expire_holds
from .model import Account, AccountKey, Code, Flag, currency_of
from .owners import require_operator
from .problems import WalletNotEmpty
from .tables import accounts

_COLUMNS = [accounts.c[name] for name in Account._fields]
_FIND = Q(select(*_COLUMNS).where(accounts.c.id == bindparam("id")))
_LIST = Q(
    select(*_COLUMNS)
    .where(accounts.c.owner_id == bindparam("owner_id"), accounts.c.code == bindparam("code"))
    .order_by(accounts.c.ledger_id)
)
_SET_FLAGS = Q(
    update(accounts)
    .where(accounts.c.id == bindparam("id_"), accounts.c.version == bindparam("seen_version"))
    .values(flags=bindparam("flags"))
)
_CLOSED = Q(
    update(accounts)
    .where(accounts.c.id == bindparam("id_"))
    .values(closed_at=bindparam("closed_at"))
)
_FROZEN = Flag.DEBITS_FROZEN | Flag.CREDITS_FROZEN


@dataclass(frozen=True, slots=True)
class Wallet:
    """`balance` is all that is there; of it `on_hold` is set aside, and `available` is free.
    `coming` is what others have set aside for this owner."""

    owner_id: OwnerId
    currency: str
    balance: Money
    available: Money
    on_hold: Money
    coming: Money
    is_frozen: bool
    is_closed: bool


def wallet_key(owner_id: OwnerId, currency: str) -> AccountKey:
    return AccountKey(owner_id, Code.WALLET, currency)


def get_wallet(tx: Tx, owner_id: OwnerId, currency: str) -> Wallet:
    """An owner's wallet; an empty one when it was never used."""
    return _wallet(_find_account(tx, wallet_key(owner_id, currency)))


def get_account(tx: Tx, key: AccountKey) -> Account:
    """An account as it stands, opened or not."""
    return _find_account(tx, key)


def float_key(owner_id: OwnerId, currency: str) -> AccountKey:
    return AccountKey(owner_id, Code.AGENT_FLOAT, currency)


def list_wallets(tx: Tx, *, by: Actor) -> list[Wallet]:
    """Every wallet that `by` has used."""
    return [_wallet(account) for account in _list_accounts(tx, by.user_id, Code.WALLET)]


def list_floats(tx: Tx, *, by: Actor) -> list[Money]:
    """What an agent can still pay into wallets, for each currency."""
    return [
        Money(account.available_minor, currency_of(account.ledger_id))
        for account in _list_accounts(tx, by.user_id, Code.AGENT_FLOAT)
    ]


def list_currencies(tx: Tx, owner_id: OwnerId) -> list[str]:
    """The currencies that an owner has used, in a wallet or a float; the fullest wallet first."""
    purses = [
        account
        for code in (Code.WALLET, Code.AGENT_FLOAT)
        for account in _list_accounts(tx, owner_id, code)
        if not account.flags & Flag.CLOSED
    ]
    purses.sort(key=lambda account: -account.balance_minor)
    return list(dict.fromkeys(currency_of(account.ledger_id) for account in purses))


def freeze_wallet(
    tx: Tx, owner_id: OwnerId, currency: str, *, out: bool, into: bool, by: Actor
) -> Wallet:
    """Stop payments out of a wallet, into it, or (both False) neither. What is set aside still
    goes back when its time is over.

    Raises: NotAllowed unless an operator does it; NotFound for a wallet never used.
    """
    require_operator(tx, by=by)
    account = _require_account(tx, wallet_key(owner_id, currency))
    flags = account.flags & ~_FROZEN
    flags |= Flag.DEBITS_FROZEN if out else 0
    flags |= Flag.CREDITS_FROZEN if into else 0
    return _set_flags(tx, account, flags)


def close_wallet(tx: Tx, owner_id: OwnerId, currency: str, *, by: Actor) -> None:
    """Close an empty wallet for good.

    Raises: WalletNotEmpty.
    """
    expire_holds(tx)
    account = _find_account(tx, wallet_key(owner_id, currency))
    if account.version == 0 or account.flags & Flag.CLOSED:
        return
    if account.balance_minor or account.debits_pending or account.credits_pending:
        raise WalletNotEmpty(currency=currency)
    _set_flags(tx, account, account.flags | Flag.CLOSED)
    tx.do(_CLOSED, id_=account.id, closed_at=tx.now)


def _set_flags(tx: Tx, account: Account, flags: int) -> Wallet:
    found = tx.do(_SET_FLAGS, id_=account.id, seen_version=account.version, flags=int(flags))
    assert found == 1
    tx.publish([UserId(account.owner_id)], Change("wallet", account.owner_id))
    return _wallet(account._replace(flags=int(flags)))


def _list_accounts(tx: Tx, owner_id: OwnerId, code: Code) -> list[Account]:
    return [Account._make(row) for row in tx.all(_LIST, owner_id=owner_id, code=int(code))]


def _find_account(tx: Tx, key: AccountKey) -> Account:
    row: Row | None = tx.one(_FIND, id=key.id)
    return Account._make(row) if row else Account.opened(key)


def _require_account(tx: Tx, key: AccountKey) -> Account:
    account = _find_account(tx, key)
    if account.version == 0:
        raise NotFound()
    return account


def _wallet(account: Account) -> Wallet:
    currency = currency_of(account.ledger_id)
    return Wallet(
        owner_id=account.owner_id,
        currency=currency,
        balance=Money(account.balance_minor, currency),
        available=Money(account.available_minor, currency),
        on_hold=Money(account.debits_pending, currency),
        coming=Money(account.credits_pending, currency),
        is_frozen=bool(account.flags & _FROZEN),
        is_closed=bool(account.flags & Flag.CLOSED),
    )
