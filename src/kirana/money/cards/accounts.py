"""A shop's own account at Stripe: what its buyers pay by card goes there, and never through the
operator.

The shop gives a key, which is kept sealed. Until Stripe has accepted it (`account_checks`), and
when Stripe refuses it, nobody is sent there.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound
from kirana.platform.settings import Settings
from kirana.platform.stream import Change
from kirana.platform.vault import Unopened, Vault, open_vault
from kirana.values import Actor, CardAccountId, Mandate, OwnerId, UserId

from ..events import CardAccountChanged, CardAccountDue
from ..model import digest
from ..owners import open_owner, require_confirmation, require_mandate
from ..rails.stripe import Account
from .tables import card_accounts

_KEY = re.compile(r"(?:sk|rk)_(?P<mode>live|test)_[A-Za-z0-9_]{8,240}")

_FIND = Q(select(card_accounts).where(card_accounts.c.id == bindparam("id")))
_OF_OWNER = Q(
    select(card_accounts)
    .where(card_accounts.c.owner_id == bindparam("owner_id"), card_accounts.c.state != "ended")
    .order_by(card_accounts.c.created_at.desc(), card_accounts.c.id.desc())
)
_TAKING = Q(
    select(card_accounts.c.id).where(
        card_accounts.c.owner_id == bindparam("owner_id"), card_accounts.c.state == "on"
    )
)
_ADD = Q(insert(card_accounts))
_CHANGING = (
    "state", "is_live", "ending", "sealed_key", "sealed_secret", "endpoint_id", "trouble",
    "checked_at", "ended_at",
)  # fmt: skip
_SAVE = Q(
    update(card_accounts)
    .where(card_accounts.c.id == bindparam("id_"))
    .values({name: bindparam(f"{name}_") for name in _CHANGING})
)


@dataclass(frozen=True, slots=True)
class CardAccount:
    """An account at Stripe, as its owner sees it. No key is ever shown again."""

    id: CardAccountId
    state: Literal["checking", "on", "refused"]
    is_live: bool
    """Not so with a key for trying out: nobody's money moves."""
    ending: str
    """The last characters of its key."""
    hears: bool
    """Whether Stripe tells us by itself. Else we ask, which takes minutes."""
    trouble: str | None
    """Why it is refused, as a code."""
    created_at: int
    checked_at: int | None


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A key on its way into the books: nothing that could be read."""

    sealed: bytes
    ending: str
    is_live: bool
    digest: str


def seal_key(vault: Vault, id: CardAccountId, text: str) -> SealedKey:
    """Raises: InvalidInput for what is no secret key."""
    key = text.strip()
    found = _KEY.fullmatch(key)
    if found is None:
        message = "A secret or restricted key of Stripe begins with sk_ or rk_."
        raise InvalidInput(errors=[{"field": "key", "message": message}])
    known_by = hashlib.sha256(key.encode()).hexdigest()
    return SealedKey(
        vault.seal(key, place_of(id, "key")), key[-4:], found["mode"] == "live", known_by
    )


def add_card_account(tx: Tx, id: CardAccountId, key: SealedKey, *, by: Actor) -> CardAccount:
    """Be paid by card through one's own account from now on, once Stripe has accepted the key.
    Always confirmed. Safe to repeat with the same id.

    Raises: ConfirmationRequired, ConfirmationWrong, IdReused; NotAllowed for guests and whoever may
    not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    if by.kind == "guest":
        raise NotAllowed()
    fp = digest(by.person_id, by.user_id, "card-account", key.digest)
    if known := tx.one(_FIND, id=id):
        if known.fp != fp:
            raise IdReused(id=str(id))
        return _seen(known)
    require_confirmation(tx, id, fp, by=by)
    open_owner(tx, by.user_id)
    for row in in_use(tx, by.user_id):
        if row.state == "checking":
            end_account(tx, row)
    tx.do(
        _ADD, id=id, owner_id=by.user_id, state="checking", is_live=key.is_live,
        ending=key.ending, sealed_key=key.sealed, sealed_secret=None, endpoint_id=None,
        trouble=None, by_id=by.person_id, created_at=tx.now, checked_at=None, ended_at=None, fp=fp,
    )  # fmt: skip
    tx.emit(CardAccountDue(id))
    tx.publish([by.user_id], Change("card_account", id))
    return _seen(require_account(tx, id))


def check_again(tx: Tx, id: CardAccountId, *, by: Actor) -> CardAccount:
    """Ask Stripe anew what the key may do: after it was changed there. Safe to repeat.

    Raises: NotFound for somebody else's; NotAllowed for whoever may not spend a shop's money.
    """
    row = _own(tx, id, by)
    tx.emit(CardAccountDue(id))
    return _seen(row)


def end_card_account(tx: Tx, id: CardAccountId, *, by: Actor) -> None:
    """Send nobody there any more. What is under way goes on; then the key is forgotten. Safe to
    repeat.

    Raises: NotFound for somebody else's; NotAllowed for whoever may not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    row = tx.one(_FIND, id=id)
    if row is None or row.owner_id != by.user_id:
        raise NotFound()
    if row.state != "ended":
        end_account(tx, row)


def list_card_accounts(tx: Tx, *, by: Actor) -> list[CardAccount]:
    """One's own, the latest first: that which takes payments, and one that is to take its place.

    Raises: NotAllowed for whoever may not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    return [_seen(row) for row in in_use(tx, by.user_id)]


def export_card_accounts(tx: Tx, owner_id: OwnerId) -> list[CardAccount]:
    return [_seen(row) for row in in_use(tx, owner_id)]


def forget_card_accounts(tx: Tx, owner_id: OwnerId) -> None:
    """Somebody leaves: nobody is sent there any more."""
    for row in in_use(tx, owner_id):
        end_account(tx, row)


def note_refused(tx: Tx, id: CardAccountId) -> None:
    """Stripe takes the key no longer: nobody is sent there until it does."""
    row = find_account(tx, id)
    if row is not None and row.state == "on":
        save_account(tx, row, state="refused", trouble="key-refused")


def account_of(tx: Tx, owner_id: OwnerId) -> CardAccountId | None:
    """Where this owner is paid by card, unless it is through the operator."""
    row = tx.one(_TAKING, owner_id=owner_id)
    return CardAccountId(row.id) if row else None


def find_account(tx: Tx, id: UUID) -> Row | None:
    return tx.one(_FIND, id=id)


def require_account(tx: Tx, id: UUID) -> Row:
    row = tx.one(_FIND, id=id)
    assert row is not None, "It is never deleted."
    return row


def in_use(tx: Tx, owner_id: OwnerId) -> list[Row]:
    return tx.all(_OF_OWNER, owner_id=owner_id)


def account_at(settings: Settings, row: Row | None) -> Account | None:
    """The account, with its key; None when that is gone, or opens no more. Blocks."""
    key = _unseal(settings, row, "key")
    return Account(key, settings.stripe_url) if key else None


def secret_of(settings: Settings, row: Row | None) -> str | None:
    """What Stripe signs with when it tells us of this account. Blocks."""
    return _unseal(settings, row, "secret")


def place_of(id: CardAccountId, what: Literal["key", "secret"]) -> str:
    return f"card-account/{id}/{what}"


def end_account(tx: Tx, row: Row) -> None:
    save_account(tx, row, state="ended", ended_at=tx.now)
    tx.emit(CardAccountDue(row.id))
    if row.state == "on":
        tx.emit(CardAccountChanged(row.id, row.owner_id, is_on=False))


def save_account(tx: Tx, row: Row, **changes: Any) -> None:
    row = row._replace(**changes)
    tx.do(_SAVE, id_=row.id, **{f"{name}_": getattr(row, name) for name in _CHANGING})
    tx.publish([UserId(row.owner_id)], Change("card_account", row.id))


def _unseal(settings: Settings, row: Row | None, what: Literal["key", "secret"]) -> str | None:
    sealed = getattr(row, f"sealed_{what}", None)
    if row is None or sealed is None:
        return None
    try:
        return open_vault(settings).unseal(sealed, place_of(row.id, what))
    except Unopened:
        return None


def _own(tx: Tx, id: CardAccountId, by: Actor) -> Row:
    require_mandate(Mandate.SPEND, by=by)
    row = tx.one(_FIND, id=id)
    if row is None or row.owner_id != by.user_id or row.state == "ended":
        raise NotFound()
    return row


def _seen(row: Row) -> CardAccount:
    return CardAccount(
        id=row.id,
        state=row.state,
        is_live=row.is_live,
        ending=row.ending,
        hears=row.sealed_secret is not None,
        trouble=row.trouble,
        created_at=row.created_at,
        checked_at=row.checked_at,
    )
