"""Requests: what a stranger writes first waits until it is accepted."""

from kirana.platform.db import Tx
from kirana.platform.problems import NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, ConversationId

from .changes import post_change, raise_members_rev
from .conversations import (
    Audience,
    Conversation,
    Member,
    find_audience,
    get_conversation,
)
from .entries import Changed
from .members import let_go, make_admin_if_none, set_state
from .model import ChangeKind, Form, MemberState


def accept_request(tx: Tx, conversation_id: ConversationId, *, by: Actor) -> Conversation:
    """Let a stranger, or a group of strangers, talk to one. Also after having refused a person.

    Raises: NotFound.
    """
    audience, member = _find(tx, conversation_id, by)
    if member.state == MemberState.LEFT and audience.form != Form.DIRECT:
        raise NotFound(conversation_id=conversation_id)
    if member.state != MemberState.JOINED:
        accept(tx, conversation_id, audience, member)
    return get_conversation(tx, conversation_id, by=by)


def refuse_request(tx: Tx, conversation_id: ConversationId, *, by: Actor) -> None:
    """Want nothing of it. A person who asked is not told; a group is told that one left.

    Raises: NotFound when there is nothing to refuse.
    """
    audience, member = _find(tx, conversation_id, by)
    if member.state == MemberState.JOINED:
        raise NotFound(conversation_id=conversation_id)
    if member.state == MemberState.REQUESTED and audience.form == Form.GROUP:
        let_go(tx, conversation_id, audience, member, is_leaving=True, by=by)
    elif member.state == MemberState.REQUESTED:
        raise_members_rev(tx, conversation_id)
        set_state(tx, conversation_id, member, MemberState.LEFT, left_seq=audience.seq)
        tx.publish([by.user_id], Change("conversation", conversation_id))


def accept(tx: Tx, conversation_id: ConversationId, audience: Audience, member: Member) -> None:
    """For this room only: from now on this member takes part."""
    told = list(dict.fromkeys([*audience.told, member.user_id]))
    raise_members_rev(tx, conversation_id)
    set_state(tx, conversation_id, member, MemberState.JOINED)
    changed = Changed(ChangeKind.ACCEPTED, member.user_id)
    post_change(tx, conversation_id, told, changed, sender_id=member.user_id)
    make_admin_if_none(tx, conversation_id, audience, member)


def _find(tx: Tx, conversation_id: ConversationId, by: Actor) -> tuple[Audience, Member]:
    audience = find_audience(tx, conversation_id)
    member = audience.member(by.user_id) if audience else None
    if audience is None or member is None or member.state == MemberState.REMOVED:
        raise NotFound(conversation_id=conversation_id)
    return audience, member
