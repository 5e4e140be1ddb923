"""Invitations: a link into a group, for as long as it holds.

The group's name is not in it: the server does not know it. Whoever shares the link may write the
name behind its `#`, which no browser sends.
"""

import secrets
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select, update

from kirana import identity
from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import NotFound
from kirana.values import Actor, ConversationId, UserId

from .conversations import Audience, Conversation, find_audience, get_conversation
from .members import find_group, let_in, require_admin
from .model import MemberState, Role
from .problems import NoDevices, NotReachable
from .requests import accept
from .tables import invitations

INVITATION_LIFE_MS = 30 * 24 * 3600 * 1000

_INSERT = Q(insert(invitations))
_FIND = Q(select(invitations).where(invitations.c.code == bindparam("code")))
_OF_GROUP = Q(
    select(invitations)
    .where(invitations.c.conversation_id == bindparam("conversation_id"))
    .where(invitations.c.revoked_at.is_(None))
    .where(invitations.c.expires_at > bindparam("now"))
    .order_by(invitations.c.expires_at.desc())
)
_REVOKE = Q(
    update(invitations)
    .where(invitations.c.code == bindparam("code_"))
    .where(invitations.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)
_FORGET = Q(delete(invitations).where(invitations.c.expires_at < bindparam("before")))
_FORGET_OF = Q(delete(invitations).where(invitations.c.created_by == bindparam("user_id")))


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link into a group. One holds at a time."""

    code: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class InvitationView:
    """What somebody who was sent a link may know before joining."""

    conversation_id: ConversationId
    inviter: identity.Card
    member_count: int
    expires_at: int
    is_member: bool


def new_invitation_code() -> str:
    """128 random bits. Made outside of the command, which may run again."""
    return secrets.token_urlsafe(16)


def invite(tx: Tx, conversation_id: ConversationId, code: str, *, by: Actor) -> Invitation:
    """The link that holds now; without one, `code` becomes it. Admins only.

    Raises: NotFound, NotAGroup, NotAllowed.
    """
    audience = find_group(tx, conversation_id, by=by)
    require_admin(audience, by)
    if there := tx.one(_OF_GROUP, conversation_id=conversation_id, now=tx.now):
        return Invitation(there.code, there.expires_at)
    tx.do(
        _INSERT,
        code=code,
        conversation_id=conversation_id,
        created_by=by.user_id,
        created_at=tx.now,
        expires_at=tx.now + INVITATION_LIFE_MS,
    )
    return Invitation(code, tx.now + INVITATION_LIFE_MS)


def get_invitation(tx: Tx, code: str, *, by: Actor) -> InvitationView:
    """What a link leads to. Raises: NotFound when it does not hold, or is not for `by`."""
    row, audience = _find(tx, code, by)
    member = audience.member(by.user_id)
    return InvitationView(
        row.conversation_id,
        identity.get_card(tx, row.created_by),
        len(audience.user_ids),
        row.expires_at,
        is_member=member is not None and member.is_here,
    )


def accept_invitation(tx: Tx, code: str, *, by: Actor) -> Conversation:
    """Join the group. Whoever is in it already is in it.

    Raises: NotFound, NoDevices, NotReachable for somebody who was removed, GroupFull.
    """
    row, audience = _find(tx, code, by)
    if by.kind != "person" or by.is_acting_for_a_shop:
        raise NoDevices
    member = audience.member(by.user_id)
    if member is not None and member.state == MemberState.REMOVED:
        raise NotReachable
    if member is not None and member.state == MemberState.REQUESTED:
        accept(tx, row.conversation_id, audience, member)
    elif member is None or member.state == MemberState.LEFT:
        let_in(
            tx,
            row.conversation_id,
            audience,
            by.user_id,
            MemberState.JOINED,
            Role.MEMBER if audience.user_ids else Role.ADMIN,
            by=by,
        )
    return get_conversation(tx, row.conversation_id, by=by)


def revoke_invitation(tx: Tx, code: str, *, by: Actor) -> None:
    """The link leads nowhere any more. Admins only. Raises: NotFound, NotAllowed."""
    row = tx.one(_FIND, code=code)
    if row is None:
        raise NotFound
    require_admin(find_group(tx, row.conversation_id, by=by), by)
    tx.do(_REVOKE, code_=code, now=tx.now)


def forget_invitations(tx: Tx) -> None:
    """Drop what expired a day ago. Runs by the clock."""
    tx.do(_FORGET, before=tx.now - 24 * 3600 * 1000)


def forget_invitations_of(tx: Tx, user_id: UserId) -> None:
    """For this room only: the links that somebody made."""
    tx.do(_FORGET_OF, user_id=user_id)


def _find(tx: Tx, code: str, by: Actor) -> tuple[Row, Audience]:
    row = tx.one(_FIND, code=code)
    audience = find_audience(tx, row.conversation_id) if row else None
    is_over = row is None or row.revoked_at is not None or row.expires_at <= tx.now
    if row is None or audience is None or is_over:
        raise NotFound
    if row.created_by != by.user_id and identity.is_blocked(tx, row.created_by, by.user_id):
        raise NotFound
    return row, audience
