"""Signing in and out, and who a request comes from.

A token is 256 random bits that only its holder has; here is its hash, on the row of the device.
"""

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, bindparam, select

from kirana.platform.db import Q, Tx
from kirana.platform.problems import NotAllowed, NotFound, NotSignedIn
from kirana.values import SYSTEM, Actor, DeviceId, UserId

from . import devices, guests
from .codes import use_code
from .confirmations import find_confirmation
from .delegations import may_act_for
from .model import Address, DeviceKind, Me, Session, hash_token
from .passkeys import Assertion, use_passkey
from .suspensions import require_admitted
from .tables import devices as device_rows
from .tables import suspensions, users
from .users import create_person, find_by_address, find_user, get_me

TOKEN_PREFIX = "kir_"  # noqa: S105 (what a token begins with, so that scanners find lost ones)

_AUTHENTICATE = Q(
    select(
        device_rows.c.id.label("device_id"),
        device_rows.c.kind.label("device_kind"),
        device_rows.c.seen_at,
        users.c.id.label("user_id"),
        users.c.kind,
        suspensions.c.suspended_at,
    )
    .join(users, users.c.id == device_rows.c.user_id)
    .outerjoin(
        suspensions, and_(suspensions.c.user_id == users.c.id, suspensions.c.lifted_at.is_(None))
    )
    .where(device_rows.c.token_hash == bindparam("token_hash"))
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Which device signs in, and the hash of the token that its holder is given."""

    device_id: DeviceId
    token_hash: bytes
    name: str = ""
    kind: DeviceKind = "browser"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who it was; `is_new` when the account was made just now."""

    user: Me
    is_new: bool


def new_token() -> str:
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(1_000_000):06}"


def sign_in(
    tx: Tx,
    device: SignIn,
    address: Address,
    code: str,
    *,
    new_user_id: UserId,
    language: str | None = None,
    viewer: Actor | None = None,
) -> SignedIn:
    """Let in whoever proves `address` with `code`; a new address makes a new person.

    A guest (`viewer`) with a new address becomes a person in place and keeps their id. With the
    address of a known person, what is the guest's becomes that person's.
    The same code and device again within its ten minutes give another token: an answer was lost.

    Raises: WrongCode, IdReused, AccountSuspended.
    """
    use_code(tx, address, code, for_id=device.device_id)
    guest = viewer if viewer and viewer.kind == "guest" else None
    owner = find_by_address(tx, address)
    is_new = owner is None
    if owner:
        user_id = owner.id
        if guest:
            guests.merge(tx, guest, user_id, device.device_id)
    elif guest and guests.promote(tx, guest, address, device.device_id):
        user_id = guest.user_id
    else:
        user_id = new_user_id
        create_person(tx, user_id, "", address=address, language=language, by=SYSTEM)
    return SignedIn(_enter(tx, device, user_id), is_new)


def sign_in_with_passkey(
    tx: Tx, device: SignIn, assertion: Assertion, *, viewer: Actor | None = None
) -> SignedIn:
    """Let in whoever holds the passkey that made `assertion`.

    Raises: PasskeyRefused, IdReused, AccountSuspended.
    """
    user_id = use_passkey(tx, assertion, "sign-in", for_id=device.device_id)
    if viewer and viewer.kind == "guest":
        guests.merge(tx, viewer, user_id, device.device_id)
    return SignedIn(_enter(tx, device, user_id), is_new=False)


def open_session(tx: Tx, device: SignIn, user_id: UserId, *, by: Actor) -> Me:
    """Let a device in as `user_id` without proof: for the demo town and the command line.

    Raises: NotAllowed, NotFound, IdReused, AccountSuspended.
    """
    if by.kind != "system":
        raise NotAllowed()
    user = find_user(tx, user_id)
    if user is None or user.kind != "person" or user.erased_at is not None:
        raise NotFound(user_id=user_id)
    return _enter(tx, device, user_id)


def sign_out(tx: Tx, *, by: Actor) -> None:
    """End the session that `by` came with, at once."""
    if by.device_id is not None:
        devices.revoke(tx, by.device_id, by.person_id)


def authenticate(tx: Tx, token_hash: bytes) -> Session | None:
    """What the token with this hash stands for now. One statement, asked with each request."""
    row = tx.one(_AUTHENTICATE, token_hash=token_hash)
    if row is None:
        return None
    return Session(
        row.user_id,
        row.kind,
        row.device_id,
        row.device_kind,
        row.seen_at,
        is_suspended=row.suspended_at is not None,
    )


def resolve(
    tx: Tx,
    token: str,
    *,
    acting_for: UserId | None = None,
    confirmation_id: UUID | None = None,
    even_suspended: bool = False,
) -> Actor:
    """Who a request comes from. A confirmation that is not theirs or too old is left out.

    Raises: NotSignedIn; AccountSuspended; NotAllowed when the person may not act for that shop.
    """
    session = authenticate(tx, hash_token(token))
    if session is None:
        raise NotSignedIn()
    if session.is_suspended and not even_suspended:
        require_admitted(tx, session.user_id)
    return actor_of(tx, session, acting_for=acting_for, confirmation_id=confirmation_id)


def actor_of(
    tx: Tx,
    session: Session,
    *,
    acting_for: UserId | None = None,
    confirmation_id: UUID | None = None,
) -> Actor:
    """The same for a session that is known already. Raises: NotAllowed, AccountSuspended."""
    if acting_for is None:
        acting_for = session.user_id
    elif acting_for != session.user_id:
        if not may_act_for(tx, session.user_id, acting_for):
            raise NotAllowed()
        require_admitted(tx, acting_for)
    return Actor(
        user_id=acting_for,
        person_id=session.user_id,
        kind=session.kind,
        device_id=session.device_id,
        confirmation=(
            find_confirmation(tx, confirmation_id, of=session.user_id) if confirmation_id else None
        ),
    )


def _enter(tx: Tx, device: SignIn, user_id: UserId) -> Me:
    require_admitted(tx, user_id)
    devices.link(
        tx,
        device.device_id,
        user_id,
        kind=device.kind,
        name=device.name,
        token_hash=device.token_hash,
    )
    return get_me(tx, by=Actor(user_id, user_id, device_id=device.device_id))
