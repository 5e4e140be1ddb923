"""Encrypted messages: the server numbers them and passes them on, and cannot read them.

What it sees is the ciphertext, who sent it from which device, when, and whether it is quiet. That
plain words are taken for ciphertext by mistake is ruled out at the edge: `take_sealed` knows the
one shape that the crypto library makes. Sending emits nothing and leaves no job: no other room
could read it.
"""

import re
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct, ValidationError, json
from sqlalchemy import bindparam, select, update

from kirana import identity
from kirana.platform.db import Q, Tx
from kirana.platform.problems import NotAllowed, NotFound
from kirana.values import Actor, ConversationId, MediaId, MessageId

from .content import MAX_BODY_BYTES, content_hash
from .conversations import Audience, Member, find_audience, write_rev
from .entries import append_entry, find_sent
from .media import attach, detach
from .messages import same_again
from .model import Circle, Form, Kind, MemberState, Role, RowKind, Sent
from .problems import (
    NeedsEncryption,
    NotEncrypted,
    NotReachable,
    OnlyAdminsWrite,
    StaleAudience,
    StaleSettings,
    invalid,
    require_own_id,
)
from .requests import accept
from .strangers import check_request
from .tables import conversations, messages

MAX_TTL_S = 90 * 24 * 3600
MAX_MEDIA = 30
MAX_SETTINGS_MEDIA = 1
"""The photo of a group."""
Slot = Literal["settings"]

_SET_SETTINGS = Q(
    update(conversations)
    .where(conversations.c.id == bindparam("id_"))
    .values(
        settings_seq=bindparam("settings_seq"), admin_settings_seq=bindparam("admin_settings_seq")
    )
)
_AT = Q(
    select(messages.c.id)
    .where(messages.c.conversation_id == bindparam("conversation_id"))
    .where(messages.c.seq == bindparam("seq"))
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted message as its sender gives it away.

    `ct` is the JSON text of an `m.room.encrypted` content, kept byte for byte; `rev` is for whom
    it was encrypted, `com` the commitment to its words (32 bytes); `media` are the sealed files
    that it shows. It disappears after `ttl_s` seconds. In the slot `settings` it is what a new
    device shows of the conversation, and `over` is the number of the settings that it was made
    from: 0 for none, None for whatever they are.
    """

    ct: str
    rev: str
    com: bytes
    ttl_s: int | None = None
    media: tuple[MediaId, ...] = ()
    is_quiet: bool = False
    slot: Slot | None = None
    over: int | None = None


class _Megolm(Struct, forbid_unknown_fields=True):
    """Source: Matrix 1.11, m.room.encrypted with m.megolm.v1.aes-sha2."""

    algorithm: Literal["m.megolm.v1.aes-sha2"]
    ciphertext: str
    session_id: str
    sender_key: str = ""
    device_id: str = ""


_decode = json.Decoder(_Megolm).decode
_is_base64 = re.compile(r"[A-Za-z0-9+/]+={0,2}").fullmatch
_is_device = re.compile(r"[A-Za-z0-9+/-]{0,64}").fullmatch
_is_rev = re.compile(r"[0-9]{1,18}\.[0-9]{1,18}").fullmatch
_is_commitment = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]").fullmatch


def take_sealed(
    ct: str,
    rev: str,
    com: str,
    *,
    ttl_s: int | None = None,
    media: Sequence[MediaId] = (),
    is_quiet: bool = False,
    slot: Slot | None = None,
    over: int | None = None,
) -> Sealed:
    """What a client sent, looked at before it is let in.

    Raises: InvalidInput, NeedsEncryption when `ct` is no ciphertext.
    """
    if len(ct.encode("utf-8", "surrogatepass")) > MAX_BODY_BYTES:
        raise invalid("ct", "A message has at most 64 KiB.")
    if not _is_rev(rev):
        raise invalid("rev", "This names no audience.")
    if not _is_commitment(com):
        raise invalid("com", "A commitment is 32 bytes in base64, without padding.")
    if ttl_s is not None and not 1 <= ttl_s <= MAX_TTL_S:
        raise invalid("ttl_s", "A message disappears after 1 second to 90 days.")
    if len(media) > MAX_MEDIA:
        raise invalid("media", "A message shows at most 30 files.")
    if slot and (ttl_s is not None or len(media) > MAX_SETTINGS_MEDIA):
        raise invalid("slot", "Settings do not disappear, and show one photo at most.")
    if over is not None and not slot:
        raise invalid("over", "Only settings are made from others.")
    _require_ciphertext(ct)
    files = tuple(dict.fromkeys(media))
    is_quiet = is_quiet or slot is not None
    return Sealed(ct, rev, b64decode(com + "="), ttl_s, files, is_quiet, slot, over)


def send_sealed(
    tx: Tx, message_id: MessageId, conversation_id: ConversationId, sealed: Sealed, *, by: Actor
) -> Sent:
    """Number an encrypted message and tell everybody in the conversation.

    The same message again is answered as the first time, whatever has changed since. Whoever
    answers a request has accepted it.

    Raises: InvalidInput, IdReused, NotFound, NotEncrypted, NotReachable, RequestPending,
    NotAllowed (who may write the settings of a group), OnlyAdminsWrite, StaleSettings,
    StaleAudience, UnknownMedia.
    """
    require_own_id(message_id)
    if known := find_sent(tx, message_id):
        return same_again(tx, known, message_id, conversation_id, content_hash(sealed.ct), by)

    audience, member = _may_speak(tx, conversation_id, sealed, by)
    if sealed.over is not None and sealed.over != (audience.settings_seq or 0):
        raise StaleSettings(seq=audience.settings_seq)
    _require_current(tx, audience, sealed.rev)
    if member.state == MemberState.REQUESTED:
        accept(tx, conversation_id, audience, member)
    sent = append_entry(
        tx,
        conversation_id,
        audience.told,
        id=message_id,
        k=RowKind.MESSAGE,
        sender_id=by.user_id,
        device_id=by.device_id,
        content=sealed.ct,
        commitment=sealed.com,
        is_quiet=sealed.is_quiet,
        expires_at=tx.now + sealed.ttl_s * 1000 if sealed.ttl_s else None,
    )
    if sealed.media:
        attach(tx, message_id, sealed.media, is_sealed=True, by=by)
    if sealed.slot:
        _set_settings(tx, conversation_id, audience, member, sent.seq)
    return sent


def _set_settings(
    tx: Tx, conversation_id: ConversationId, audience: Audience, member: Member, seq: int
) -> None:
    is_admins = audience.form == Form.GROUP and member.role == Role.ADMIN
    tx.do(
        _SET_SETTINGS,
        id_=conversation_id,
        settings_seq=seq,
        admin_settings_seq=seq if is_admins else audience.admin_settings_seq,
    )
    # The photo that the new settings show as well is theirs by now.
    if audience.settings_seq is not None:
        for row in tx.all(_AT, conversation_id=conversation_id, seq=audience.settings_seq):
            detach(tx, row.id)


def _require_ciphertext(ct: str) -> None:
    """Raises: NeedsEncryption."""
    try:
        content = _decode(ct)
    except (ValidationError, ValueError):
        raise NeedsEncryption from None
    if not (
        _is_base64(content.ciphertext)
        and _is_base64(content.session_id)
        and _is_base64(content.sender_key or "A")
        and _is_device(content.device_id)
    ):
        raise NeedsEncryption


def _may_speak(
    tx: Tx, conversation_id: ConversationId, sealed: Sealed, by: Actor
) -> tuple[Audience, Member]:
    """Raises: NotFound, NotEncrypted, NotReachable, RequestPending, NotAllowed, OnlyAdminsWrite."""
    audience = find_audience(tx, conversation_id)
    member = audience.member(by.user_id) if audience else None
    if audience is None or member is None:
        raise NotFound(conversation_id=conversation_id)
    if audience.kind != Kind.PRIVATE:
        raise NotEncrypted
    if not member.is_here:
        raise NotReachable
    if audience.form == Form.DIRECT:
        for other in audience.members:
            if other.user_id != by.user_id:
                _may_reach(tx, conversation_id, other, sealed, by)
    else:
        _may_act(audience, member, sealed)
    return audience, member


def _may_act(audience: Audience, member: Member, sealed: Sealed) -> None:
    """What the admins of a group leave to all. Raises: NotAllowed, OnlyAdminsWrite."""
    is_in = member.state == MemberState.JOINED
    is_admin = is_in and member.role == Role.ADMIN
    if sealed.slot and not (is_admin or (is_in and audience.editors == Circle.EVERYBODY)):
        raise NotAllowed
    if not (is_admin or sealed.is_quiet or audience.writers == Circle.EVERYBODY):
        raise OnlyAdminsWrite


def _may_reach(
    tx: Tx, conversation_id: ConversationId, other: Member, sealed: Sealed, by: Actor
) -> None:
    if not other.is_here or identity.is_blocked(tx, by.user_id, other.user_id):
        raise NotReachable
    if other.state == MemberState.REQUESTED:
        has_media = bool(sealed.media)
        check_request(tx, conversation_id, has_media=has_media, sender_id=by.user_id)


def _require_current(tx: Tx, audience: Audience, rev: str) -> None:
    """Raises: StaleAudience, with all that a sender needs to see what changed."""
    here = [member for member in audience.members if member.is_here]
    revs = identity.devices_rev_of(tx, [member.user_id for member in here])
    if rev != write_rev(audience.members_rev, revs, revs):
        raise StaleAudience(
            members_rev=audience.members_rev,
            members=[
                {
                    "user_id": member.user_id,
                    "state": member.state,
                    "devices_rev": revs[member.user_id],
                }
                for member in here
            ],
        )
