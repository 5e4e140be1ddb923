"""Passkeys: signing in and confirming with what the phone or computer holds.

As with a PIN, the checking of signatures happens outside the writer: a route reads the challenge
and the key, `check_…` verifies in a thread, and a command records it. The command uses up the
challenge, so nothing counts twice.
Source: W3C Web Authentication level 3.
"""

import base64
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update

from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import IdReused, NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, UserId

from .model import CHALLENGE_LIFE, DAY, NAME_MAX, clean_name
from .problems import LastAddress, PasskeyRefused
from .tables import addresses, challenges, passkeys
from .users import find_user, require_person

Purpose = Literal["registration", "sign-in", "confirmation"]
Encoded = Annotated[str, msgspec.Meta(max_length=65_536)]
"""Bytes in base64url without padding."""


class AuthenticatorResponse(msgspec.Struct, frozen=True, omit_defaults=True):
    client_data_json: Encoded = msgspec.field(name="clientDataJSON")
    attestation_object: Encoded | None = msgspec.field(name="attestationObject", default=None)
    authenticator_data: Encoded | None = msgspec.field(name="authenticatorData", default=None)
    signature: Encoded | None = None
    user_handle: Encoded | None = msgspec.field(name="userHandle", default=None)


class Credential(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `PublicKeyCredential.toJSON()` gives in the browser."""

    id: Encoded
    raw_id: Encoded = msgspec.field(name="rawId")
    type: Literal["public-key"]
    response: AuthenticatorResponse

    @property
    def credential_id(self) -> bytes:
        """Raises: PasskeyRefused."""
        try:
            return base64url_to_bytes(self.raw_id)
        except ValueError:
            raise PasskeyRefused() from None


_FIND_CHALLENGE = Q(select(challenges).where(challenges.c.id == bindparam("id")))
_INSERT_CHALLENGE = Q(insert(challenges))
_USE_CHALLENGE = Q(
    update(challenges)
    .where(challenges.c.id == bindparam("id_"), challenges.c.used_for.is_(None))
    .values(used_for=bindparam("used_for_"))
)
_FORGET = Q(delete(challenges).where(challenges.c.created_at < bindparam("before")))
_FIND = Q(select(passkeys).where(passkeys.c.id == bindparam("id")))
_FIND_BY_CREDENTIAL = Q(
    select(passkeys).where(passkeys.c.credential_id == bindparam("credential_id"))
)
_LIST = Q(
    select(passkeys)
    .where(passkeys.c.user_id == bindparam("user_id"))
    .order_by(passkeys.c.created_at, passkeys.c.id)
)
_HAS_ADDRESS = Q(
    select(addresses.c.key).where(addresses.c.user_id == bindparam("user_id")).limit(1)
)
_INSERT = Q(insert(passkeys))
_USED = Q(
    update(passkeys)
    .where(passkeys.c.id == bindparam("id_"))
    .values(sign_count=bindparam("sign_count_"), used_at=bindparam("now"))
)
_DELETE = Q(delete(passkeys).where(passkeys.c.id == bindparam("id_")))


@dataclass(frozen=True, slots=True)
class Passkey:
    id: UUID
    name: str
    created_at: int
    used_at: int | None


@dataclass(frozen=True, slots=True)
class Site:
    """For whom a passkey is: the host name of this server, and the origin of its pages."""

    host: str
    origin: str
    name: str

    @classmethod
    def at(cls, public_url: str, name: str) -> "Site":
        parts = urlsplit(public_url)
        return cls(parts.hostname or "localhost", f"{parts.scheme}://{parts.netloc}", name)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What an authenticator is asked to sign, for whom, and which keys they have already."""

    id: UUID
    purpose: Purpose
    challenge: bytes
    user_id: UserId | None
    user_name: str
    credential_ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Registration:
    """A new key whose possession was checked."""

    challenge_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Question:
    """A challenge together with the key that is to answer it."""

    challenge_id: UUID
    challenge: bytes
    confirms: bytes | None
    passkey_id: UUID
    user_id: UserId
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Assertion:
    """A known key's signature that was checked."""

    challenge_id: UUID
    passkey_id: UUID
    sign_count: int
    confirms: bytes | None


def create_challenge(
    tx: Tx,
    challenge_id: UUID,
    purpose: Purpose,
    challenge: bytes,
    *,
    confirms: bytes | None = None,
    by: Actor | None,
) -> Challenge:
    """Keep the 32 random bytes `challenge` for five minutes. The same id again: the first ones.

    For a confirmation `confirms` is what will be confirmed.

    Raises: IdReused, NotAllowed (guests have no passkeys).
    """
    user_id = None
    if purpose != "sign-in":
        if by is None:
            raise PasskeyRefused()
        require_person(by)
        user_id = by.person_id
    if known := tx.one(_FIND_CHALLENGE, id=challenge_id):
        if (known.purpose, known.user_id, known.confirms) != (purpose, user_id, confirms):
            raise IdReused(id=challenge_id)
    else:
        tx.do(
            _INSERT_CHALLENGE,
            id=challenge_id,
            purpose=purpose,
            user_id=user_id,
            challenge=challenge,
            confirms=confirms,
            created_at=tx.now,
        )
    return _challenge(tx, _alive(tx, challenge_id))


def options_for(challenge: Challenge, site: Site) -> bytes:
    """What the browser hands to its authenticator, as JSON."""
    import webauthn
    from webauthn.helpers import structs

    known = [structs.PublicKeyCredentialDescriptor(id=c) for c in challenge.credential_ids]
    if challenge.purpose == "registration":
        assert challenge.user_id is not None
        options: Any = webauthn.generate_registration_options(
            rp_id=site.host,
            rp_name=site.name,
            user_id=challenge.user_id.bytes,
            user_name=challenge.user_name,
            user_display_name=challenge.user_name,
            challenge=challenge.challenge,
            timeout=CHALLENGE_LIFE,
            exclude_credentials=known,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
        )
    else:
        options = webauthn.generate_authentication_options(
            rp_id=site.host,
            challenge=challenge.challenge,
            timeout=CHALLENGE_LIFE,
            allow_credentials=known,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
    return webauthn.options_to_json(options).encode()


def get_challenge(tx: Tx, challenge_id: UUID, *, by: Actor) -> Challenge:
    """The challenge that a new key must answer, while it may. Raises: PasskeyRefused."""
    row = _alive(tx, challenge_id)
    if row.purpose != "registration" or row.user_id != by.person_id:
        raise PasskeyRefused()
    return _challenge(tx, row)


def get_question(
    tx: Tx, challenge_id: UUID, purpose: Purpose, credential_id: bytes, *, for_id: UUID
) -> Question:
    """What a known key must have signed. Raises: PasskeyRefused."""
    challenge = _alive(tx, challenge_id)
    key = tx.one(_FIND_BY_CREDENTIAL, credential_id=credential_id)
    if (
        key is None
        or challenge.purpose != purpose
        or challenge.user_id not in (None, key.user_id)
        or challenge.used_for not in (None, for_id)
    ):
        raise PasskeyRefused()
    return Question(
        challenge_id,
        challenge.challenge,
        challenge.confirms,
        key.id,
        key.user_id,
        key.public_key,
        # A repeat of what succeeded carries the count that was stored then.
        key.sign_count if challenge.used_for is None else 0,
    )


def check_registration(credential: Credential, challenge: Challenge, site: Site) -> Registration:
    """Check an authenticator's answer. Call it in a thread. Raises: PasskeyRefused."""
    import webauthn

    try:
        made = webauthn.verify_registration_response(
            credential=msgspec.json.encode(credential).decode(),
            expected_challenge=challenge.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception as error:  # a parser of hostile input may raise anything
        raise PasskeyRefused() from error
    return Registration(
        challenge.id, made.credential_id, made.credential_public_key, made.sign_count
    )


def check_assertion(credential: Credential, question: Question, site: Site) -> Assertion:
    """Check an authenticator's answer. Call it in a thread. Raises: PasskeyRefused."""
    import webauthn

    try:
        owner = credential.response.user_handle
        if owner and base64url_to_bytes(owner) != question.user_id.bytes:
            raise ValueError("The key is somebody else's.")
        made = webauthn.verify_authentication_response(
            credential=msgspec.json.encode(credential).decode(),
            expected_challenge=question.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=question.public_key,
            credential_current_sign_count=question.sign_count,
            require_user_verification=True,
        )
    except Exception as error:  # a parser of hostile input may raise anything
        raise PasskeyRefused() from error
    return Assertion(
        question.challenge_id, question.passkey_id, made.new_sign_count, question.confirms
    )


def save_passkey(
    tx: Tx, passkey_id: UUID, name: str, registration: Registration, *, by: Actor
) -> Passkey:
    """Keep a new key of `by`. Again with the same id: the first one.

    Raises: PasskeyRefused, IdReused, NotAllowed.
    """
    require_person(by)
    if known := tx.one(_FIND, id=passkey_id):
        same = known.credential_id == registration.credential_id
        if known.user_id != by.person_id or not same:
            raise IdReused(id=passkey_id)
        return _passkey(known)
    challenge = _use(tx, registration.challenge_id, "registration", for_id=passkey_id)
    if challenge.user_id != by.person_id or tx.one(
        _FIND_BY_CREDENTIAL, credential_id=registration.credential_id
    ):
        raise PasskeyRefused()
    name = clean_name(name)[:NAME_MAX].strip() or "Passkey"
    tx.do(
        _INSERT,
        id=passkey_id,
        user_id=by.person_id,
        credential_id=registration.credential_id,
        public_key=registration.public_key,
        sign_count=registration.sign_count,
        name=name,
        created_at=tx.now,
    )
    tx.publish([by.person_id], Change("user", by.person_id))
    return Passkey(passkey_id, name, tx.now, None)


def use_passkey(tx: Tx, assertion: Assertion, purpose: Purpose, *, for_id: UUID) -> UserId:
    """For this room only: use up the challenge, and say whose key it was.

    Raises: PasskeyRefused.
    """
    challenge = _use(tx, assertion.challenge_id, purpose, for_id=for_id)
    key = tx.one(_FIND, id=assertion.passkey_id)
    if key is None or challenge.user_id not in (None, key.user_id):
        raise PasskeyRefused()
    tx.do(_USED, id_=key.id, sign_count_=max(key.sign_count, assertion.sign_count), now=tx.now)
    user_id: UserId = key.user_id
    return user_id


def list_passkeys(tx: Tx, *, by: Actor) -> list[Passkey]:
    return [_passkey(row) for row in tx.all(_LIST, user_id=by.person_id)]


def delete_passkey(tx: Tx, passkey_id: UUID, *, by: Actor) -> None:
    """Raises: NotFound; LastAddress when it is the only way to sign in."""
    row = tx.one(_FIND, id=passkey_id)
    if row is None or row.user_id != by.person_id:
        raise NotFound(id=passkey_id)
    others = len(tx.all(_LIST, user_id=by.person_id)) > 1
    if not others and tx.one(_HAS_ADDRESS, user_id=by.person_id) is None:
        raise LastAddress()
    tx.do(_DELETE, id_=passkey_id)
    tx.publish([by.person_id], Change("user", by.person_id))


def forget_challenges(tx: Tx) -> None:
    tx.do(_FORGET, before=tx.now - DAY)


def base64url_to_bytes(text: str) -> bytes:
    """Raises: ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _alive(tx: Tx, challenge_id: UUID) -> Row:
    row = tx.one(_FIND_CHALLENGE, id=challenge_id)
    if row is None or tx.now >= row.created_at + CHALLENGE_LIFE:
        raise PasskeyRefused()
    return row


def _use(tx: Tx, challenge_id: UUID, purpose: Purpose, *, for_id: UUID) -> Row:
    row = _alive(tx, challenge_id)
    if row.purpose != purpose or row.used_for not in (None, for_id):
        raise PasskeyRefused()
    tx.do(_USE_CHALLENGE, id_=challenge_id, used_for_=for_id)
    return row


def _challenge(tx: Tx, row: Row) -> Challenge:
    keys: list[Row] = []
    user = None
    if row.user_id:
        keys, user = tx.all(_LIST, user_id=row.user_id), find_user(tx, row.user_id)
    return Challenge(
        row.id,
        row.purpose,
        row.challenge,
        row.user_id,
        (user.name or user.handle or "Kirana") if user else "",
        tuple(key.credential_id for key in keys),
    )


def _passkey(row: Row) -> Passkey:
    return Passkey(row.id, row.name, row.created_at, row.used_at)
