"""What the key of a shop's own account may do: Stripe is asked, and is to tell us of payments, too.

A key that is given may be a new one of an account that is known: then it finds a payment of that
account, and can give back what was paid before. A key goes once nothing is under way by it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from kirana.platform.db import Q, Row, Tx
from kirana.platform.jobs import Outside
from kirana.platform.settings import Settings
from kirana.platform.vault import open_vault
from kirana.values import CardAccountId

from ..events import CardAccountChanged, CardAccountDue
from ..rails.stripe import Broken, Busy, KeyRefused, Lost, Provider, Turned
from .accounts import (
    account_at,
    end_account,
    find_account,
    in_use,
    place_of,
    require_account,
    save_account,
)
from .tables import card_accounts, rail_payments

EVENTS_PATH = "/v1/rails/stripe/events"

_KEPT_TOO_LONG = Q(
    select(card_accounts.c.id).where(
        card_accounts.c.state == "ended", card_accounts.c.sealed_key.is_not(None)
    )
)
_UNDER_WAY = Q(
    select(rail_payments.c.id)
    .where(rail_payments.c.card_account_id == bindparam("id"), rail_payments.c.look_at.is_not(None))
    .limit(1)
)
_LATEST = Q(
    select(rail_payments.c.external_id)
    .where(
        rail_payments.c.card_account_id == bindparam("id"),
        rail_payments.c.kind == "order",
        rail_payments.c.external_id.is_not(None),
    )
    .order_by(rail_payments.c.created_at.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What Stripe says of a key. `into_id` is the account that it is of: one that was known, or the
    one that it was given for."""

    into_id: CardAccountId
    trouble: str | None = None
    sealed_key: bytes | None = None
    sealed_secret: bytes | None = None
    endpoint_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """An account and a payment of it, by which its keys are told from those of another."""

    row: Row
    payment: str


def hear_account_due(tx: Tx, event: CardAccountDue) -> None:
    """Stripe is asked outside of any transaction."""
    tx.enqueue(check_card_account, card_account_id=event.card_account_id)


def let_keys_go(tx: Tx) -> None:
    """Sweep: look at accounts that were ended, and are not forgotten yet."""
    for row in tx.all(_KEPT_TOO_LONG):
        tx.emit(CardAccountDue(row.id))


async def check_card_account(outside: Outside, card_account_id: CardAccountId) -> None:
    """Ask Stripe what a key may do, and to tell us of payments; of an account that was ended, to
    tell us no more. Raises: Lost, Broken, Busy, after which it is tried again."""
    db = outside.db
    row = await db.read(find_account, card_account_id)
    if row is None or row.sealed_key is None:
        return
    if row.state != "ended":
        others = await db.read(_list_others, row)
        checked = await asyncio.to_thread(check_key, outside.settings, row, others)
        await db.write(end_check, card_account_id, checked)
    elif not await db.read(_is_under_way, row.id) and await asyncio.to_thread(
        _stop_listening, outside.settings, row
    ):
        await db.write(forget_key, row.id)


def check_key(settings: Settings, row: Row, others: Sequence[_Known]) -> Checked:
    """Ask. Blocks. Raises: Lost, Broken, Busy."""
    account = account_at(settings, row)
    if account is None:
        return Checked(row.id, "key-lost")
    provider = Provider(account)
    try:
        provider.require_permissions()
        into = next((it.row for it in others if provider.knows(it.payment)), row)
    except KeyRefused as refused:
        return Checked(row.id, refused.why)
    vault = open_vault(settings)
    endpoint_id, sealed_secret = into.endpoint_id, into.sealed_secret
    url = f"{settings.public_url}{EVENTS_PATH}/{into.id}"
    try:
        if endpoint := provider.listen(url, known=endpoint_id):
            endpoint_id = endpoint.id
            sealed_secret = vault.seal(endpoint.secret, place_of(into.id, "secret"))
    except (KeyRefused, Turned):
        # A server that Stripe cannot reach, say: then we ask.
        endpoint_id = sealed_secret = None
    sealed_key = vault.seal(account.key, place_of(into.id, "key"))
    return Checked(into.id, None, sealed_key, sealed_secret, endpoint_id)


def end_check(tx: Tx, id: CardAccountId, checked: Checked) -> None:
    """Write down what Stripe says of a key. Safe to repeat."""
    row, into = require_account(tx, id), require_account(tx, checked.into_id)
    if row.state == "ended":
        return
    if checked.trouble:
        save_account(tx, row, state="refused", trouble=checked.trouble, checked_at=tx.now)
        return
    if into.state == "ended":  # meanwhile
        tx.emit(CardAccountDue(id))
        return
    for other in in_use(tx, row.owner_id):
        if other.id != into.id:
            end_account(tx, other)
    if row.id != into.id:
        forget_key(tx, row.id)
    save_account(
        tx, into, state="on", is_live=row.is_live, ending=row.ending, trouble=None,
        sealed_key=checked.sealed_key, sealed_secret=checked.sealed_secret,
        endpoint_id=checked.endpoint_id, checked_at=tx.now,
    )  # fmt: skip
    if into.state != "on" or row.id != into.id:
        tx.emit(CardAccountChanged(into.id, into.owner_id, is_on=True))


def forget_key(tx: Tx, id: CardAccountId) -> None:
    save_account(tx, require_account(tx, id), sealed_key=None, sealed_secret=None, endpoint_id=None)


def _stop_listening(settings: Settings, row: Row) -> bool:
    """Whether nothing is left to be said."""
    account = account_at(settings, row)
    if account is None or row.endpoint_id is None:
        return True
    try:
        Provider(account).stop_listening(row.endpoint_id)
    except (KeyRefused, Turned):
        return True
    except (Lost, Broken, Busy):
        return False
    return True


def _list_others(tx: Tx, row: Row) -> list[_Known]:
    """The owner's accounts that have taken a payment, with the latest of each."""
    others = [it for it in in_use(tx, row.owner_id) if it.id != row.id]
    latest = [(it, tx.one(_LATEST, id=it.id)) for it in others]
    return [_Known(it, payment.external_id) for it, payment in latest if payment]


def _is_under_way(tx: Tx, id: CardAccountId) -> bool:
    return tx.one(_UNDER_WAY, id=id) is not None
