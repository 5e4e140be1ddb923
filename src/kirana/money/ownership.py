"""What somebody takes along of their money's history, and what goes when they go."""

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, update

from kirana.platform.db import Q, Tx
from kirana.values import Actor, RequestId, UserId

from .bank.lines import ImportedLine, export_lines
from .bank.statements import forget_statements
from .cards.accounts import CardAccount, export_card_accounts, forget_card_accounts
from .cards.commands import forget_rail_payments
from .cards.payments import RailPayment, export_rail_payments
from .flows.addresses import PaymentAddress, export_addresses, forget_addresses
from .flows.claims import Claim, export_claims, forget_claims
from .flows.exchange import forget_quotes
from .flows.links import MoneyLink, export_links
from .flows.payouts import Payout, export_payouts, forget_payouts
from .flows.requests import Request, cancel_request, decline_request, list_requests
from .flows.splits import Split, list_splits
from .flows.standing import StandingOrder, end_standing_orders_of, list_standing_orders
from .ledger import expire_holds
from .owners import forget_usages, open_owner
from .problems import WalletNotEmpty
from .proof.statements import StatementLine, list_statement
from .tables import confirm_lines, owners
from .wallets import Wallet, close_wallet, list_wallets

_PAGE = 500
_FORGET_LINES = Q(delete(confirm_lines).where(confirm_lines.c.owner_id == bindparam("owner_id")))
_ERASED = Q(
    update(owners)
    .where(owners.c.id == bindparam("id_"))
    .values(erased_at=bindparam("erased_at"), tier="unverified", zone="UTC")
)


@dataclass(frozen=True, slots=True)
class WalletExport:
    """A wallet, and its statement from the first line to the last."""

    wallet: Wallet
    lines: list[StatementLine]


@dataclass(frozen=True, slots=True)
class MoneyExport:
    """All that this room knows of a user."""

    wallets: list[WalletExport]
    requests: list[Request]
    splits: list[Split]
    addresses: list[PaymentAddress]
    claims: list[Claim]
    bank_lines: list[ImportedLine]
    cards: list[RailPayment]
    card_accounts: list[CardAccount]
    links: list[MoneyLink]
    standing_orders: list[StandingOrder]
    payouts: list[Payout]


def export_user(tx: Tx, user_id: UserId) -> MoneyExport:
    """A person's own side of everything that moved."""
    by = Actor(user_id, user_id)
    wallets = [
        WalletExport(wallet, _statement(tx, wallet.currency, by=by))
        for wallet in list_wallets(tx, by=by)
    ]
    return MoneyExport(
        wallets,
        _requests(tx, by=by),
        list_splits(tx, by=by),
        export_addresses(tx, user_id),
        export_claims(tx, user_id),
        export_lines(tx, user_id),
        export_rail_payments(tx, user_id),
        export_card_accounts(tx, user_id),
        export_links(tx, user_id),
        list_standing_orders(tx, by=by),
        export_payouts(tx, user_id),
    )


def erase_user(tx: Tx, user_id: UserId) -> None:
    """Close the wallets, end what is asked, forget the rest. The opaque id stays in the books.

    Raises: WalletNotEmpty.
    """
    by = Actor(user_id, user_id)
    expire_holds(tx)
    for wallet in list_wallets(tx, by=by):
        if wallet.balance or wallet.on_hold or wallet.coming:
            raise WalletNotEmpty(currency=wallet.currency)
    for wallet in list_wallets(tx, by=by):
        close_wallet(tx, user_id, wallet.currency, by=by)
    forget_claims(tx, user_id)
    end_standing_orders_of(tx, user_id)
    forget_rail_payments(tx, user_id)
    forget_card_accounts(tx, user_id)
    forget_quotes(tx, user_id)
    forget_payouts(tx, user_id)
    for request in _requests(tx, by=by):
        if request.state == "open":
            end = cancel_request if request.asker_id == user_id else decline_request
            end(tx, request.id, by=by)
    tx.do(_FORGET_LINES, owner_id=user_id)
    forget_addresses(tx, user_id)
    forget_statements(tx, user_id)
    open_owner(tx, user_id)
    forget_usages(tx, user_id)
    tx.do(_ERASED, id_=user_id, erased_at=tx.now)


def _statement(tx: Tx, currency: str, *, by: Actor) -> list[StatementLine]:
    lines: list[StatementLine] = []
    before: int | None = None
    while True:
        page = list_statement(tx, currency, before=before, limit=_PAGE, by=by)
        lines += page.items
        if page.next is None:
            return lines[::-1]
        before = int(page.next)


def _requests(tx: Tx, *, by: Actor) -> list[Request]:
    found: list[Request] = []
    before: RequestId | None = None
    while True:
        page = list_requests(tx, before=before, limit=_PAGE, by=by)
        found += page.items
        if page.next is None:
            return found
        before = page.items[-1].id
