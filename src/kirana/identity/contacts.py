"""Whom a user knows, and how they are found: by telephone number, handle or QR code."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, delete, select

from kirana.platform.db import Q, Tx, any_of, upsert
from kirana.platform.problems import NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, Page, UserId

from .blocks import has_blocked
from .model import NAME_MAX, Address, Card, clean_name
from .problems import CannotMeanYourself
from .tables import contacts
from .users import find_by_address, find_by_handle, find_user, get_cards, require_person

_PAGE = 200
_FIRST = UUID(int=0)

_LIST = Q(
    select(contacts)
    .where(contacts.c.user_id == bindparam("user_id"), contacts.c.contact_id > bindparam("after"))
    .order_by(contacts.c.contact_id)
    .limit(bindparam("limit"))
)
_SAVE = Q(upsert(contacts, ["user_id", "contact_id"], ["name"]))
_ADOPT = Q(upsert(contacts, ["user_id", "contact_id"]))
_DELETE = Q(
    delete(contacts).where(
        contacts.c.user_id == bindparam("user_id"),
        contacts.c.contact_id == bindparam("contact_id"),
    )
)
_WHO_KNOWS = Q(
    select(contacts.c.user_id)
    .where(any_of(contacts.c.user_id, "user_ids"))
    .where(contacts.c.contact_id == bindparam("contact_id"))
)
_WHOM_KNOWS = Q(
    select(contacts.c.contact_id)
    .where(contacts.c.user_id == bindparam("user_id"))
    .where(any_of(contacts.c.contact_id, "contact_ids"))
)
_LIST_EITHER = Q(
    select(contacts).where(
        (contacts.c.user_id == bindparam("id")) | (contacts.c.contact_id == bindparam("id"))
    )
)


@dataclass(frozen=True, slots=True)
class Contact:
    """A user whom one has saved, perhaps under a name of one's own."""

    user: Card
    name: str | None
    created_at: int


def save_contact(tx: Tx, contact_id: UserId, name: str | None = None, *, by: Actor) -> Contact:
    """Keep a user as a contact; `name` is what `by` calls them. Raises: NotFound."""
    if contact_id == by.user_id:
        raise CannotMeanYourself()
    known = find_user(tx, contact_id)
    if known is None or known.erased_at or has_blocked(tx, contact_id, by.user_id):
        raise NotFound(user_id=contact_id)
    name = clean_name(name or "")[:NAME_MAX].strip() or None
    tx.do(_SAVE, user_id=by.user_id, contact_id=contact_id, name=name, created_at=tx.now)
    tx.publish([by.user_id], Change("contact", contact_id))
    return Contact(get_cards(tx, [contact_id])[contact_id], name, tx.now)


def remove_contact(tx: Tx, contact_id: UserId, *, by: Actor) -> None:
    """Forget a contact; one that is none is forgotten already."""
    if tx.do(_DELETE, user_id=by.user_id, contact_id=contact_id):
        tx.publish([by.user_id], Change("contact", contact_id))


def list_contacts(tx: Tx, *, after: UserId | None = None, by: Actor) -> Page[Contact]:
    """The contacts of `by`, in no particular order; the reader's language sorts names."""
    rows = tx.all(_LIST, user_id=by.user_id, after=after or _FIRST, limit=_PAGE + 1)
    cards = get_cards(tx, [row.contact_id for row in rows[:_PAGE]])
    items = [Contact(cards[row.contact_id], row.name, row.created_at) for row in rows[:_PAGE]]
    return Page(items, str(rows[_PAGE - 1].contact_id) if len(rows) > _PAGE else None)


def who_knows(tx: Tx, user_ids: Iterable[UserId], contact_id: UserId) -> set[UserId]:
    """Those of `user_ids` who keep `contact_id` as a contact."""
    rows = tx.all(_WHO_KNOWS, user_ids=list(user_ids), contact_id=contact_id)
    return {row.user_id for row in rows}


def whom_knows(tx: Tx, user_id: UserId, contact_ids: Iterable[UserId]) -> set[UserId]:
    """Those of `contact_ids` whom `user_id` keeps as a contact."""
    rows = tx.all(_WHOM_KNOWS, user_id=user_id, contact_ids=list(contact_ids))
    return {row.contact_id for row in rows}


def find_user_by(
    tx: Tx, *, phone: Address | None = None, handle: str | None = None, by: Actor
) -> Card:
    """The user with this number or handle. Whoever blocked `by` is not found.

    Raises: NotFound, NotAllowed (a guest cannot look up numbers).
    """
    card = None
    if phone is not None:
        require_person(by)
        card = find_by_address(tx, phone)
    elif handle is not None:
        card = find_by_handle(tx, handle)
    if card is None or has_blocked(tx, card.id, by.user_id):
        raise NotFound()
    return card


def adopt(tx: Tx, guest_id: UserId, user_id: UserId) -> None:
    """For this room only: a guest's contacts, and those who have the guest, go to the user."""
    for row in tx.all(_LIST_EITHER, id=guest_id):
        tx.do(_DELETE, user_id=row.user_id, contact_id=row.contact_id)
        owner = user_id if row.user_id == guest_id else row.user_id
        contact = user_id if row.contact_id == guest_id else row.contact_id
        if owner != contact:
            tx.do(
                _ADOPT, user_id=owner, contact_id=contact, name=row.name, created_at=row.created_at
            )
            tx.publish([owner], Change("contact", contact))
