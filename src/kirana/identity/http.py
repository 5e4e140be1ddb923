"""Routes: signing in, one's own profile and devices, and whom one knows."""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, patch, post, put
from litestar.params import Parameter
from msgspec import UNSET, Meta, UnsetType

from kirana.platform.db import Db
from kirana.platform.http import EVEN_SUSPENDED, problems
from kirana.platform.hub import Hub
from kirana.platform.limits import Limits, Rate
from kirana.platform.problems import (
    IdReused,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
)
from kirana.platform.settings import Settings
from kirana.values import Actor, DeviceId, Page, UserId, uuid7

from . import (
    blocks,
    codes,
    confirmations,
    contacts,
    devices,
    guests,
    passkeys,
    pins,
    sessions,
    subscriptions,
    users,
)
from .codes import WrongCode
from .cookies import session_cookie
from .delivery import can_deliver
from .model import Address, Card, Device, Me, hash_token, parse_address, source_key
from .pins import WrongPin
from .problems import (
    AddressInvalid,
    AddressTaken,
    AlreadySignedIn,
    CannotMeanYourself,
    DeliveryUnavailable,
    HandleInvalid,
    HandleTaken,
    LastAddress,
    NameMissing,
    PasskeyRefused,
    PinLocked,
    PinNotSet,
    WeakPin,
)

CODES_PER_SOURCE = Rate(30, 60)
SIGN_INS_PER_SOURCE = Rate(60, 10)
GUESTS_PER_SOURCE = Rate(60, 20)
CHALLENGES_PER_SOURCE = Rate(60, 5)
PINS_PER_PERSON = Rate(10, 5)
LOOKUPS_PER_PERSON = Rate(30, 60)

AddressText = Annotated[str, Meta(min_length=3, max_length=254)]
CodeText = Annotated[str, Meta(pattern=r"^[0-9]{6}$")]
PinText = Annotated[str, Meta(max_length=12)]
NameText = Annotated[str, Meta(max_length=200)]
HandleText = Annotated[str, Meta(max_length=64)]
CountryText = Annotated[str, Meta(pattern=r"^[A-Za-z]{2}$")]
LanguageText = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
ZoneText = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+/-]+$", max_length=64)]
PictureText = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+$", max_length=128)]
ChallengeText = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True)
class RequestCode:
    id: UUID
    address: AddressText
    country: CountryText | None = None
    """Where a number without a country code is meant to be."""
    language: LanguageText | None = None


@dataclass(frozen=True, slots=True)
class OpenSession:
    id: DeviceId
    address: AddressText
    code: CodeText
    country: CountryText | None = None
    device_name: NameText = ""
    wants: Literal["cookie", "token"] = "cookie"
    language: LanguageText | None = None


@dataclass(frozen=True, slots=True)
class OpenPasskeySession:
    id: DeviceId
    challenge_id: UUID
    credential: passkeys.Credential
    device_name: NameText = ""
    wants: Literal["cookie", "token"] = "cookie"


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """`token` is there when it was wanted; otherwise it is in the cookie."""

    user: Me
    is_new: bool
    token: str | None = None


@dataclass(frozen=True, slots=True)
class CreateGuest:
    id: UserId
    device_id: DeviceId
    name: NameText = ""
    language: LanguageText | None = None
    wants: Literal["cookie", "token"] = "cookie"


@dataclass(frozen=True, slots=True)
class GuestCreated:
    user: Card
    token: str | None = None


@dataclass(frozen=True, slots=True)
class AskChallenge:
    id: UUID
    purpose: passkeys.Purpose
    challenge: ChallengeText | None = None
    """For a confirmation: what will be confirmed."""


@dataclass(frozen=True, slots=True)
class AskedChallenge:
    id: UUID
    options: msgspec.Raw
    """For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`."""


@dataclass(frozen=True, slots=True)
class SavePasskey:
    id: UUID
    challenge_id: UUID
    credential: passkeys.Credential
    name: NameText = ""


class EditMe(msgspec.Struct, frozen=True):
    """What is left out stays as it is; null takes it away."""

    name: NameText | UnsetType = UNSET
    handle: HandleText | UnsetType | None = UNSET
    photo_id: PictureText | UnsetType | None = UNSET
    language: LanguageText | UnsetType | None = UNSET
    zone: ZoneText | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True)
class ProveAddress:
    address: AddressText
    code: CodeText
    country: CountryText | None = None


@dataclass(frozen=True, slots=True)
class SetPin:
    """To replace a PIN: the `old_pin`, or an address of one's own and a fresh code sent to it."""

    pin: PinText
    old_pin: PinText | None = None
    address: AddressText | None = None
    code: CodeText | None = None


@dataclass(frozen=True, slots=True)
class PasskeyProof:
    challenge_id: UUID
    credential: passkeys.Credential


@dataclass(frozen=True, slots=True)
class Confirm:
    """One proof: the PIN, or a passkey."""

    id: UUID
    challenge: ChallengeText
    pin: PinText | None = None
    passkey: PasskeyProof | None = None


@dataclass(frozen=True, slots=True)
class RenameDevice:
    name: NameText


@dataclass(frozen=True, slots=True)
class PushSubscription:
    """What the browser's `PushSubscription` says: where it is reached, and its keys in base64."""

    endpoint: Annotated[str, Meta(max_length=subscriptions.MAX_ENDPOINT)]
    p256dh: Annotated[str, Meta(max_length=200)]
    auth: Annotated[str, Meta(max_length=100)]


@dataclass(frozen=True, slots=True)
class CreateToken:
    id: DeviceId
    name: NameText


@dataclass(frozen=True, slots=True)
class TokenCreated:
    """The token is shown this once."""

    id: DeviceId
    name: str
    token: str


@dataclass(frozen=True, slots=True)
class SaveContact:
    name: NameText | None = None


@dataclass(frozen=True, slots=True)
class FindUser:
    """One of the two."""

    phone: AddressText | None = None
    handle: HandleText | None = None
    country: CountryText | None = None


@post(
    "/v1/codes",
    status_code=202,
    raises=problems(AddressInvalid, DeliveryUnavailable, RateLimited, IdReused),
)
async def request_code(
    request: Request[Any, Any, Any], data: RequestCode, db: Db, settings: Settings, limits: Limits
) -> None:
    """Send a one-time code to a telephone number or e-mail address.

    The answer is the same whether or not the address has an account.
    """
    address = _address(data.address, data.country)
    if not can_deliver(address.kind, settings):
        raise DeliveryUnavailable(kind=address.kind)
    _slow_down(limits, settings, request, "codes", CODES_PER_SOURCE)
    await db.write(
        codes.request_code, data.id, address, sessions.new_code(), language=data.language
    )


@post("/v1/sessions", raises=problems(AddressInvalid, WrongCode, RateLimited, IdReused))
async def open_session(
    request: Request[Any, Any, Any],
    data: OpenSession,
    db: Db,
    settings: Settings,
    limits: Limits,
    hub: Hub,
    viewer: Actor | None,
) -> Response[SessionOpened]:
    """Sign in or sign up with a code; `id` is the device's.

    A guest who signs up stays who they are; one who signs in hands everything over.
    """
    address = _address(data.address, data.country)
    _slow_down(limits, settings, request, "sign-ins", SIGN_INS_PER_SOURCE)
    token = sessions.new_token()
    signed_in = await db.write(
        sessions.sign_in,
        _device(data.id, token, data.device_name, data.wants),
        address,
        data.code,
        new_user_id=UserId(uuid7()),
        language=data.language,
        viewer=viewer,
    )
    _reconnect(hub, data.id, viewer)
    return _let_in(signed_in, token, data.wants, settings)


@post(
    "/v1/passkey-challenges",
    raises=problems(PasskeyRefused, IdReused, NotAllowed, NotSignedIn, RateLimited),
)
async def ask_challenge(
    request: Request[Any, Any, Any],
    data: AskChallenge,
    db: Db,
    settings: Settings,
    limits: Limits,
    viewer: Actor | None,
) -> AskedChallenge:
    """What an authenticator is to sign, to register, to sign in or to confirm. Five minutes."""
    if data.purpose != "sign-in" and viewer is None:
        raise NotSignedIn()
    if (data.purpose == "confirmation") != (data.challenge is not None):
        raise _invalid("challenge", "Needed for a confirmation, and only then.")
    _slow_down(limits, settings, request, "challenges", CHALLENGES_PER_SOURCE)
    challenge = await db.write(
        passkeys.create_challenge,
        data.id,
        data.purpose,
        secrets.token_bytes(32),
        confirms=bytes.fromhex(data.challenge) if data.challenge else None,
        by=viewer,
    )
    # In a thread: the first call loads the library, a third of a second.
    options = await asyncio.to_thread(passkeys.options_for, challenge, _site(settings))
    return AskedChallenge(challenge.id, msgspec.Raw(options))


@post("/v1/passkeys", raises=problems(PasskeyRefused, IdReused, NotAllowed, NotSignedIn))
async def save_passkey(
    data: SavePasskey, db: Db, settings: Settings, by: Actor
) -> passkeys.Passkey:
    """Keep a new passkey."""
    challenge = await db.read(passkeys.get_challenge, data.challenge_id, by=by)
    registration = await asyncio.to_thread(
        passkeys.check_registration, data.credential, challenge, _site(settings)
    )
    return await db.write(passkeys.save_passkey, data.id, data.name, registration, by=by)


@get("/v1/passkeys", raises=problems(NotSignedIn))
async def list_passkeys(db: Db, by: Actor) -> list[passkeys.Passkey]:
    """One's passkeys."""
    return await db.read(passkeys.list_passkeys, by=by)


@delete("/v1/passkeys/{passkey_id:uuid}", raises=problems(NotFound, LastAddress, NotSignedIn))
async def delete_passkey(passkey_id: UUID, db: Db, by: Actor) -> None:
    """Forget a passkey."""
    await db.write(passkeys.delete_passkey, passkey_id, by=by)


@post("/v1/passkey-sessions", raises=problems(PasskeyRefused, RateLimited, IdReused))
async def open_passkey_session(
    request: Request[Any, Any, Any],
    data: OpenPasskeySession,
    db: Db,
    settings: Settings,
    limits: Limits,
    hub: Hub,
    viewer: Actor | None,
) -> Response[SessionOpened]:
    """Sign in with a passkey; `id` is the device's."""
    _slow_down(limits, settings, request, "sign-ins", SIGN_INS_PER_SOURCE)
    assertion = await _check(
        db, settings, data.challenge_id, "sign-in", data.credential, for_id=data.id
    )
    token = sessions.new_token()
    signed_in = await db.write(
        sessions.sign_in_with_passkey,
        _device(data.id, token, data.device_name, data.wants),
        assertion,
        viewer=viewer,
    )
    _reconnect(hub, data.id, viewer)
    return _let_in(signed_in, token, data.wants, settings)


@delete("/v1/sessions/current", raises=problems(NotSignedIn), opt={EVEN_SUSPENDED: True})
async def sign_out(db: Db, settings: Settings, hub: Hub, by: Actor) -> Response[None]:
    """Sign out on this device."""
    await db.write(sessions.sign_out, by=by)
    hub.sign_out(by.device_id)
    return Response(None, status_code=204, cookies=[session_cookie("", settings)])


@post("/v1/guests", raises=problems(IdReused, AlreadySignedIn, RateLimited))
async def create_guest(
    request: Request[Any, Any, Any],
    data: CreateGuest,
    db: Db,
    settings: Settings,
    limits: Limits,
    viewer: Actor | None,
) -> Response[GuestCreated]:
    """Become a guest: somebody without an address, on this device only."""
    if viewer and viewer.kind != "guest":
        raise AlreadySignedIn()
    _slow_down(limits, settings, request, "guests", GUESTS_PER_SOURCE)
    token = sessions.new_token()
    card = await db.write(
        guests.create_guest,
        data.id,
        data.device_id,
        token_hash=hash_token(token),
        name=data.name,
        language=data.language,
    )
    if data.wants == "token":
        return Response(GuestCreated(card, token))
    return Response(GuestCreated(card), cookies=[session_cookie(token, settings)])


@get("/v1/me", raises=problems(NotSignedIn))
async def get_me(db: Db, by: Actor, limits: Limits) -> Me:
    """Oneself: profile, addresses, and the shops that one may act for."""
    if by.device_id and limits.allows("seen", by.device_id, Rate(1, 300)):
        await db.write(devices.touch, by.device_id)
    return await db.read(users.get_me, by=by)


@patch("/v1/me", raises=problems(NameMissing, HandleInvalid, HandleTaken, NotAllowed, NotSignedIn))
async def edit_me(data: EditMe, db: Db, by: Actor) -> Me:
    """Change one's profile."""
    return await db.write(
        users.edit_profile,
        name=data.name,
        handle=data.handle,
        photo_id=data.photo_id,
        language=data.language,
        zone=data.zone,
        by=by,
    )


@post(
    "/v1/addresses",
    raises=problems(AddressInvalid, WrongCode, AddressTaken, NotAllowed, NotSignedIn),
)
async def add_address(data: ProveAddress, db: Db, by: Actor) -> Me:
    """Add a telephone number or e-mail address, proven by a code."""
    await db.write(codes.add_address, _address(data.address, data.country), data.code, by=by)
    return await db.read(users.get_me, by=by)


@delete("/v1/addresses", raises=problems(AddressInvalid, NotFound, LastAddress, NotSignedIn))
async def remove_address(
    address: Annotated[str, Parameter(max_length=254)], db: Db, by: Actor
) -> None:
    """Give up an address; not the only way to sign in."""
    await db.write(codes.remove_address, _address(address), by=by)


@put(
    "/v1/me/pin",
    raises=problems(
        WeakPin,
        WrongPin,
        PinLocked,
        WrongCode,
        AddressInvalid,
        NotAllowed,
        RateLimited,
        NotSignedIn,
    ),
)
async def set_pin(data: SetPin, db: Db, by: Actor, limits: Limits) -> Me:
    """Choose the PIN that confirms payments, or replace it."""
    limits.take("pins", by.person_id, PINS_PER_PERSON)
    proof: pins.TriedPin | pins.ProvenAddress | None = None
    if data.old_pin is not None and await db.read(pins.has_pin, by=by):
        pin_hash = await db.read(pins.get_pin_hash, by=by)
        proof = await asyncio.to_thread(pins.try_pin, pin_hash, data.old_pin)
    elif data.address is not None and data.code is not None:
        proof = pins.ProvenAddress(_address(data.address), data.code)
    new_hash = await asyncio.to_thread(pins.hash_pin, data.pin)
    await db.write(pins.set_pin, new_hash, proof=proof, by=by)
    return await db.read(users.get_me, by=by)


@post(
    "/v1/confirmations",
    raises=problems(
        PinNotSet,
        WrongPin,
        PinLocked,
        PasskeyRefused,
        IdReused,
        InvalidInput,
        NotAllowed,
        RateLimited,
        NotSignedIn,
    ),
)
async def confirm(
    data: Confirm, db: Db, settings: Settings, by: Actor, limits: Limits
) -> confirmations.Confirmed:
    """Prove with PIN or passkey that it is really you, for one purpose, for two minutes.

    Send the id as the header `Kirana-Confirmation` with what you confirm.
    """
    limits.take("pins", by.person_id, PINS_PER_PERSON)
    challenge = bytes.fromhex(data.challenge)
    if data.passkey is not None and data.pin is None:
        assertion = await _check(
            db,
            settings,
            data.passkey.challenge_id,
            "confirmation",
            data.passkey.credential,
            for_id=data.id,
        )
        return await db.write(
            confirmations.confirm_by_passkey, data.id, challenge, assertion, by=by
        )
    if data.pin is None or data.passkey is not None:
        raise _invalid("pin", "Give a PIN or a passkey.")
    pin_hash = await db.read(pins.get_pin_hash, by=by)
    tried = await asyncio.to_thread(pins.try_pin, pin_hash, data.pin)
    return await db.write(confirmations.confirm_by_pin, data.id, challenge, tried, by=by)


@get("/v1/devices", raises=problems(NotSignedIn))
async def list_devices(db: Db, by: Actor) -> list[Device]:
    """Where one is signed in, the most recently seen first."""
    return await db.read(devices.list_devices, by=by)


@patch("/v1/devices/{device_id:uuid}", raises=problems(NotFound, NameMissing, NotSignedIn))
async def rename_device(device_id: UUID, data: RenameDevice, db: Db, by: Actor) -> Device:
    """Give a device of one's own another name."""
    return await db.write(devices.rename_device, DeviceId(device_id), data.name, by=by)


@delete("/v1/devices/{device_id:uuid}", raises=problems(NotFound, NotSignedIn))
async def revoke_device(device_id: UUID, db: Db, hub: Hub, by: Actor) -> None:
    """Sign a device out at once."""
    await db.write(devices.revoke_device, DeviceId(device_id), by=by)
    hub.sign_out(device_id)


@put(
    "/v1/push-subscriptions/{device_id:uuid}",
    raises=problems(NotFound, InvalidInput, NotSignedIn),
    status_code=204,
)
async def subscribe(device_id: UUID, data: PushSubscription, db: Db, by: Actor) -> None:
    """Tell this browser by Web Push while no page is open. It may subscribe itself only."""
    target = subscriptions.read_target(data.endpoint, data.p256dh, data.auth)
    await db.write(subscriptions.subscribe, DeviceId(device_id), target, by=by)


@delete("/v1/push-subscriptions/{device_id:uuid}", raises=problems(NotFound, NotSignedIn))
async def unsubscribe(device_id: UUID, db: Db, by: Actor) -> None:
    """Tell this browser no more. Again: nothing."""
    await db.write(subscriptions.unsubscribe, DeviceId(device_id), by=by)


@post("/v1/tokens", raises=problems(IdReused, NotAllowed, RateLimited, NotSignedIn))
async def create_token(data: CreateToken, db: Db, by: Actor) -> TokenCreated:
    """Make a token with which a program acts as you."""
    token = sessions.new_token()
    made = await db.write(
        devices.create_token, data.id, data.name, token_hash=hash_token(token), by=by
    )
    return TokenCreated(made.id, made.name, token)


@get("/v1/tokens", raises=problems(NotSignedIn))
async def list_tokens(db: Db, by: Actor) -> list[Device]:
    """The programs that may act as you."""
    return await db.read(devices.list_tokens, by=by)


@delete("/v1/tokens/{token_id:uuid}", raises=problems(NotFound, NotSignedIn))
async def revoke_token(token_id: UUID, db: Db, hub: Hub, by: Actor) -> None:
    """End a program's token at once."""
    await db.write(devices.revoke_token, DeviceId(token_id), by=by)
    hub.sign_out(token_id)


@get("/v1/contacts", raises=problems(NotSignedIn))
async def list_contacts(db: Db, by: Actor, after: UUID | None = None) -> Page[contacts.Contact]:
    """Whom one has saved."""
    return await db.read(
        contacts.list_contacts, after=None if after is None else UserId(after), by=by
    )


@put("/v1/contacts/{user_id:uuid}", raises=problems(NotFound, CannotMeanYourself, NotSignedIn))
async def save_contact(user_id: UUID, data: SaveContact, db: Db, by: Actor) -> contacts.Contact:
    """Save a user as a contact, perhaps under a name of one's own."""
    return await db.write(contacts.save_contact, UserId(user_id), data.name, by=by)


@delete("/v1/contacts/{user_id:uuid}", raises=problems(NotSignedIn))
async def remove_contact(user_id: UUID, db: Db, by: Actor) -> None:
    """Forget a contact."""
    await db.write(contacts.remove_contact, UserId(user_id), by=by)


@post(
    "/v1/contact-lookups",
    status_code=200,
    raises=problems(AddressInvalid, InvalidInput, NotFound, NotAllowed, RateLimited, NotSignedIn),
)
async def find_user(data: FindUser, db: Db, by: Actor, limits: Limits) -> Card:
    """Find a user by telephone number or handle."""
    if (data.phone is None) == (data.handle is None):
        raise _invalid("phone", "Give a phone or a handle.")
    limits.take("lookups", by.person_id, LOOKUPS_PER_PERSON)
    phone = None
    if data.phone is not None:
        phone = _address(data.phone, data.country)
        if phone.kind != "phone":
            raise AddressInvalid()
    return await db.read(contacts.find_user_by, phone=phone, handle=data.handle, by=by)


@get("/v1/blocks", raises=problems(NotSignedIn))
async def list_blocks(db: Db, by: Actor) -> list[Card]:
    """Whom one has blocked, the latest first."""
    return await db.read(blocks.list_blocks, by=by)


@put(
    "/v1/blocks/{user_id:uuid}",
    status_code=204,
    raises=problems(NotFound, CannotMeanYourself, NotSignedIn),
)
async def block(user_id: UUID, db: Db, by: Actor) -> None:
    """Block a user: nothing passes between the two any more. They are not told."""
    await db.write(blocks.block, UserId(user_id), by=by)


@delete("/v1/blocks/{user_id:uuid}", raises=problems(NotSignedIn))
async def unblock(user_id: UUID, db: Db, by: Actor) -> None:
    """Lift a block."""
    await db.write(blocks.unblock, UserId(user_id), by=by)


@get("/v1/users/{user_id:uuid}", raises=problems(NotFound, NotSignedIn))
async def get_user(user_id: UUID, db: Db, by: Actor) -> Card:
    """What anybody may see of a user."""
    return await db.read(users.get_card, UserId(user_id))


@get("/v1/users", raises=problems(InvalidInput, NotSignedIn))
async def get_users(
    db: Db, by: Actor, ids: Annotated[list[str], Parameter(max_items=200)]
) -> list[Card]:
    """The cards of several users, at most 200; `ids` is repeated or separated by commas."""
    try:
        wanted = [UserId(UUID(text)) for part in ids for text in part.split(",") if text]
    except ValueError:
        raise _invalid("ids", "These are no ids.") from None
    if len(wanted) > 200:
        raise _invalid("ids", "At most 200.")
    cards = await db.read(users.get_cards, wanted)
    return [cards[user_id] for user_id in dict.fromkeys(wanted) if user_id in cards]


routes: list[Any] = [
    request_code,
    open_session,
    ask_challenge,
    save_passkey,
    list_passkeys,
    delete_passkey,
    open_passkey_session,
    sign_out,
    create_guest,
    get_me,
    edit_me,
    add_address,
    remove_address,
    set_pin,
    confirm,
    list_devices,
    rename_device,
    subscribe,
    unsubscribe,
    revoke_device,
    create_token,
    list_tokens,
    revoke_token,
    list_contacts,
    save_contact,
    remove_contact,
    find_user,
    list_blocks,
    block,
    unblock,
    get_user,
    get_users,
]


async def _check(
    db: Db,
    settings: Settings,
    challenge_id: UUID,
    purpose: passkeys.Purpose,
    credential: passkeys.Credential,
    *,
    for_id: UUID,
) -> passkeys.Assertion:
    question = await db.read(
        passkeys.get_question, challenge_id, purpose, credential.credential_id, for_id=for_id
    )
    return await asyncio.to_thread(passkeys.check_assertion, credential, question, _site(settings))


def _address(text: str, country: str | None = None) -> Address:
    address = parse_address(text, country)
    if address is None:
        raise AddressInvalid()
    return address


def _device(
    device_id: DeviceId, token: str, name: str, wants: Literal["cookie", "token"]
) -> sessions.SignIn:
    kind: Literal["browser", "app"] = "browser" if wants == "cookie" else "app"
    return sessions.SignIn(device_id, hash_token(token), name, kind)


def _reconnect(hub: Hub, device_id: DeviceId, viewer: Actor | None) -> None:
    """Close the sockets of whoever was here before; they come back as who it is now."""
    hub.sign_out(device_id)
    if viewer and viewer.kind == "guest" and viewer.device_id != device_id:
        hub.sign_out(viewer.device_id)


def _let_in(
    signed_in: sessions.SignedIn,
    token: str,
    wants: Literal["cookie", "token"],
    settings: Settings,
) -> Response[SessionOpened]:
    if wants == "token":
        return Response(SessionOpened(signed_in.user, signed_in.is_new, token))
    return Response(
        SessionOpened(signed_in.user, signed_in.is_new), cookies=[session_cookie(token, settings)]
    )


def _slow_down(
    limits: Limits, settings: Settings, request: Request[Any, Any, Any], name: str, rate: Rate
) -> None:
    """At most `rate` from one source; where anybody may be anybody, a hundred times that."""
    if settings.demo or settings.show_codes:
        rate = Rate(rate.burst * 100, rate.refill_s / 100)
    host = request.client.host if request.client else ""
    limits.take(name, source_key(host), rate)


def _site(settings: Settings) -> passkeys.Site:
    return passkeys.Site.at(settings.public_url, settings.name)


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "message": message}])
