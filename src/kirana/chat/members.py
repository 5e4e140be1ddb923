"""Members of groups: how they come, what they may do, how they go."""

from sqlalchemy import bindparam, or_, select, update

from kirana.platform.db import Q, Tx, upsert
from kirana.platform.problems import NotAllowed, NotFound
from kirana.values import Actor, ConversationId, UserId

from .changes import post_change, raise_members_rev
from .conversations import Audience, Conversation, Member, find_audience, get_conversation
from .entries import Changed
from .groups import check_people
from .model import MAX_MEMBERS, ChangeKind, Form, MemberState, Role
from .problems import GroupFull, LastAdmin, NotAGroup
from .strangers import trusting
from .tables import conversations, members

_LET_IN = Q(
    upsert(
        members,
        ["conversation_id", "user_id"],
        ["role", "state", "joined_seq", "left_seq", "delivered_seq", "read_seq", "marks_at"],
    )
)
_SET = Q(
    update(members)
    .where(members.c.conversation_id == bindparam("conversation_id_"))
    .where(members.c.user_id == bindparam("user_id_"))
    .values(role=bindparam("role"), state=bindparam("state"), left_seq=bindparam("left_seq"))
)
_GROUPS_OF = Q(
    select(members.c.conversation_id)
    .join(conversations, conversations.c.id == members.c.conversation_id)
    .where(members.c.user_id == bindparam("user_id"))
    .where(or_(members.c.state == MemberState.JOINED, members.c.state == MemberState.REQUESTED))
    .where(conversations.c.form == Form.GROUP)
    .order_by(members.c.conversation_id)
)


def put_member(
    tx: Tx,
    conversation_id: ConversationId,
    user_id: UserId,
    role: Role | None = None,
    *,
    by: Actor,
) -> Conversation:
    """Bring somebody into a group, or give a member another role. Admins only.

    Whoever does not know `by`, or has left on their own, has to accept first.

    Raises: NotFound, NotAGroup, NotAllowed, NoDevices, NotReachable, GroupFull, LastAdmin.
    """
    audience = find_group(tx, conversation_id, by=by)
    require_admin(audience, by)
    member = audience.member(user_id)
    if member is not None and member.is_here:
        if role is not None and role != member.role:
            _set_role(tx, conversation_id, audience, member, role, by=by)
        return get_conversation(tx, conversation_id, by=by)

    check_people(tx, [user_id], by=by)
    has_left = member is not None and member.state == MemberState.LEFT
    is_asked = has_left or user_id not in trusting(tx, [user_id], by.user_id)
    state = MemberState.REQUESTED if is_asked else MemberState.JOINED
    let_in(tx, conversation_id, audience, user_id, state, role or Role.MEMBER, by=by)
    return get_conversation(tx, conversation_id, by=by)


def remove_member(tx: Tx, conversation_id: ConversationId, user_id: UserId, *, by: Actor) -> None:
    """Take somebody out of a group, or leave it. Whoever is out already is out.

    When the last admin leaves, who has been there longest becomes one.

    Raises: NotFound, NotAGroup, NotAllowed.
    """
    audience = find_group(tx, conversation_id, by=by)
    member = audience.member(user_id)
    is_leaving = user_id == by.user_id
    if not is_leaving:
        require_admin(audience, by)
    if member is None:
        raise NotFound(user_id=user_id)
    if member.is_here:
        let_go(tx, conversation_id, audience, member, is_leaving=is_leaving, by=by)


def leave_groups(tx: Tx, user_id: UserId) -> None:
    """For this room only: out of every group."""
    by = Actor(user_id, user_id)
    for row in tx.all(_GROUPS_OF, user_id=user_id):
        remove_member(tx, row.conversation_id, user_id, by=by)


def find_group(tx: Tx, conversation_id: ConversationId, *, by: Actor) -> Audience:
    """For this room only: a group that `by` belongs or belonged to. Raises: NotFound, NotAGroup."""
    audience = find_audience(tx, conversation_id)
    if audience is None or audience.member(by.user_id) is None:
        raise NotFound(conversation_id=conversation_id)
    if audience.form != Form.GROUP:
        raise NotAGroup
    return audience


def let_in(
    tx: Tx,
    conversation_id: ConversationId,
    audience: Audience,
    user_id: UserId,
    state: MemberState,
    role: Role,
    *,
    by: Actor,
) -> None:
    """For this room only: from the next number on, this person reads along. Raises: GroupFull."""
    if len(audience.told) >= MAX_MEMBERS:
        raise GroupFull(max_members=MAX_MEMBERS)
    change = ChangeKind.JOINED if state == MemberState.JOINED else ChangeKind.REQUESTED
    raise_members_rev(tx, conversation_id)
    sent = post_change(
        tx,
        conversation_id,
        [*audience.told, user_id],
        Changed(change, user_id, _other(by, user_id), role if role == Role.ADMIN else None),
        sender_id=by.user_id,
    )
    tx.do(
        _LET_IN,
        conversation_id=conversation_id,
        user_id=user_id,
        role=role,
        state=state,
        joined_seq=sent.seq,
        left_seq=None,
        delivered_seq=sent.seq - 1,
        read_seq=sent.seq - 1,
        marks_at=tx.now,
    )


def let_go(
    tx: Tx,
    conversation_id: ConversationId,
    audience: Audience,
    member: Member,
    *,
    is_leaving: bool,
    by: Actor,
) -> None:
    """For this room only: the change itself is the last that this person reads."""
    raise_members_rev(tx, conversation_id)
    sent = post_change(
        tx,
        conversation_id,
        audience.told,
        Changed(
            ChangeKind.LEFT if is_leaving else ChangeKind.REMOVED,
            member.user_id,
            _other(by, member.user_id),
        ),
        sender_id=by.user_id,
    )
    state = MemberState.LEFT if is_leaving else MemberState.REMOVED
    _set(tx, conversation_id, member.user_id, Role.MEMBER, state, left_seq=sent.seq)
    rest = [other for other in audience.members if other.user_id != member.user_id]
    if member.role == Role.ADMIN and not _has_admin(rest):
        _pass_on(tx, conversation_id, rest)


def set_state(
    tx: Tx,
    conversation_id: ConversationId,
    member: Member,
    state: MemberState,
    *,
    left_seq: int | None = None,
) -> None:
    """For this room only: how far somebody belongs to it, and until which number."""
    _set(tx, conversation_id, member.user_id, member.role, state, left_seq=left_seq)


def make_admin_if_none(
    tx: Tx, conversation_id: ConversationId, audience: Audience, member: Member
) -> None:
    """For this room only: a group in which only those remained who had not accepted."""
    if audience.form == Form.GROUP and not _has_admin(audience.members):
        _make_admin(tx, conversation_id, audience.told, member.user_id)


def _set_role(
    tx: Tx,
    conversation_id: ConversationId,
    audience: Audience,
    member: Member,
    role: Role,
    *,
    by: Actor,
) -> None:
    rest = [other for other in audience.members if other.user_id != member.user_id]
    if role == Role.MEMBER and not _has_admin(rest):
        raise LastAdmin
    raise_members_rev(tx, conversation_id)
    changed = Changed(ChangeKind.ROLE, member.user_id, _other(by, member.user_id), role)
    post_change(tx, conversation_id, audience.told, changed, sender_id=by.user_id)
    _set(tx, conversation_id, member.user_id, role, member.state, left_seq=None)


def _pass_on(tx: Tx, conversation_id: ConversationId, rest: list[Member]) -> None:
    joined = [other for other in rest if other.state == MemberState.JOINED]
    if joined:
        longest = min(joined, key=lambda other: (other.joined_seq, other.user_id))
        told = [other.user_id for other in rest if other.is_here]
        _make_admin(tx, conversation_id, told, longest.user_id)


def _make_admin(
    tx: Tx, conversation_id: ConversationId, told: list[UserId], user_id: UserId
) -> None:
    changed = Changed(ChangeKind.ROLE, user_id, role=Role.ADMIN)
    post_change(tx, conversation_id, told, changed, sender_id=user_id)
    _set(tx, conversation_id, user_id, Role.ADMIN, MemberState.JOINED, left_seq=None)


def _set(
    tx: Tx,
    conversation_id: ConversationId,
    user_id: UserId,
    role: Role,
    state: MemberState,
    *,
    left_seq: int | None,
) -> None:
    tx.do(
        _SET,
        conversation_id_=conversation_id,
        user_id_=user_id,
        role=role,
        state=state,
        left_seq=left_seq,
    )


def _has_admin(some: list[Member] | tuple[Member, ...]) -> bool:
    return any(one.role == Role.ADMIN and one.state == MemberState.JOINED for one in some)


def require_admin(audience: Audience, by: Actor) -> None:
    """For this room only: whether `by` is an admin of this group. Raises: NotAllowed."""
    member = audience.member(by.user_id)
    if member is None or member.state != MemberState.JOINED or member.role != Role.ADMIN:
        raise NotAllowed


def _other(by: Actor, user_id: UserId) -> UserId | None:
    return by.user_id if by.user_id != user_id else None
