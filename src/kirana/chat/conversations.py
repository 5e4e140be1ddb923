"""Conversations: opening, finding and listing them, and who takes part."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from msgspec import structs
from sqlalchemy import and_, bindparam, false, func, insert, or_, select, update

from kirana import identity
from kirana.platform import stream
from kirana.platform.db import Q, Row, Tx, any_of
from kirana.platform.problems import IdReused, NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, BusinessId, ConversationId, UserId, derived_id

from .cursors import read_cursor, write_cursor
from .entries import Entry, entries_about, entry, read_entries
from .model import MAX_PINNED, Circle, Form, Kind, Mark, MemberState, Role, pair_key
from .privacy import shown_marks
from .problems import (
    ConversationExists,
    NeedsBusiness,
    NoDevices,
    NotReachable,
    TooManyPinned,
    require_own_id,
)
from .strangers import states_of
from .tables import conversations, hidden, members, messages


@dataclass(frozen=True, slots=True)
class MemberView:
    """Somebody who belongs to a private conversation, as the others see them."""

    user_id: UserId
    role: Role
    state: MemberState
    joined_seq: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as one of its members sees it in a list.

    `other` is who is on the other side of a direct one. `last` is the last entry worth showing,
    `about_last` what was said about it since (edits, reactions). `unread` counts messages and
    facts of others after the member's own read mark. `state` is the reader's own.

    A private one has `members`, their `cards`, `rev`, which a message has to name, and the
    encrypted `settings`; of a private `last` message it is only said that there is one. Where
    others than admins may write a group's settings, and have, `admin_settings` are the latest
    that an admin wrote: devices believe them what the others may change.
    """

    id: ConversationId
    kind: Kind
    form: Form
    business_id: BusinessId | None
    other: identity.Card | None
    seq: int
    unread: int
    marks: list[Mark]
    last: Entry | None
    about_last: list[Entry]
    state: MemberState
    role: Role
    members: list[MemberView]
    cards: list[identity.Card]
    rev: str | None
    settings: Entry | None
    admin_settings: Entry | None
    writers: Circle
    editors: Circle
    timer_s: int | None
    muted_until: int | None
    is_archived: bool
    pinned_at: int | None
    created_at: int
    active_at: int


@dataclass(frozen=True, slots=True)
class Conversations:
    """Some conversations, the latest first. The stream goes on after `as_of`."""

    items: list[Conversation]
    as_of: int
    next: str | None = None


_FIND = Q(
    select(
        conversations.c.kind,
        conversations.c.pair_key,
        conversations.c.form,
        conversations.c.merged_into,
        conversations.c.created_by,
    ).where(conversations.c.id == bindparam("id"))
)
_FIND_PAIR = Q(select(conversations.c.id).where(conversations.c.pair_key == bindparam("pair_key")))
_INSERT = Q(insert(conversations))
_INSERT_MEMBER = Q(insert(members))
_MEMBERS = Q(
    select(
        conversations.c.kind,
        conversations.c.form,
        conversations.c.business_id,
        conversations.c.seq,
        conversations.c.spoken_at,
        conversations.c.members_rev,
        conversations.c.settings_seq,
        conversations.c.admin_settings_seq,
        conversations.c.writers,
        conversations.c.editors,
        conversations.c.timer_s,
        members.c.user_id,
        members.c.role,
        members.c.state,
        members.c.joined_seq,
        members.c.left_seq,
        members.c.delivered_seq,
        members.c.read_seq,
    )
    .join(members, members.c.conversation_id == conversations.c.id)
    .where(conversations.c.id == bindparam("id"))
)
_MINE = (
    select(
        conversations.c.id,
        conversations.c.kind,
        conversations.c.form,
        conversations.c.business_id,
        conversations.c.seq,
        conversations.c.created_at,
        conversations.c.active_at,
        conversations.c.members_rev,
        conversations.c.settings_seq,
        conversations.c.admin_settings_seq,
        conversations.c.writers,
        conversations.c.editors,
        conversations.c.timer_s,
        members.c.role,
        members.c.state,
        members.c.joined_seq,
        members.c.read_seq,
        members.c.muted_until,
        members.c.archived_at,
        members.c.pinned_at,
    )
    .join(conversations, conversations.c.id == members.c.conversation_id)
    .where(members.c.user_id == bindparam("user_id"))
    .where(or_(members.c.state == MemberState.JOINED, members.c.state == MemberState.REQUESTED))
)
_LIST = Q(
    _MINE.where(
        or_(
            conversations.c.shown_seq > 0,
            conversations.c.created_by == bindparam("user_id"),
            conversations.c.form == Form.GROUP,
            and_(conversations.c.kind == Kind.PRIVATE, conversations.c.seq > 0),
        )
    )
    .where(conversations.c.merged_into.is_(None))
    .where(
        or_(
            conversations.c.active_at < bindparam("before"),
            and_(
                conversations.c.active_at == bindparam("before"),
                conversations.c.id < bindparam("before_id"),
            ),
        )
    )
    .order_by(conversations.c.active_at.desc(), conversations.c.id.desc())
    .limit(bindparam("limit"))
)
_PINNED = Q(_MINE.where(members.c.pinned_at.is_not(None)))
_GET = Q(_MINE.where(conversations.c.id == bindparam("id")))
_LAST = Q(
    read_entries()
    .join(
        conversations,
        and_(
            conversations.c.id == messages.c.conversation_id,
            conversations.c.shown_seq == messages.c.seq,
        ),
    )
    .where(any_of(conversations.c.id, "ids"))
)
_SETTINGS = Q(
    read_entries()
    .join(
        conversations,
        and_(
            conversations.c.id == messages.c.conversation_id,
            or_(
                conversations.c.settings_seq == messages.c.seq,
                conversations.c.admin_settings_seq == messages.c.seq,
            ),
        ),
    )
    .where(any_of(conversations.c.id, "ids"))
)
_EVERYBODY = Q(
    select(
        members.c.conversation_id,
        members.c.user_id,
        members.c.role,
        members.c.state,
        members.c.joined_seq,
        members.c.delivered_seq,
        members.c.read_seq,
    )
    .where(any_of(members.c.conversation_id, "ids"))
    .order_by(members.c.conversation_id, members.c.user_id)
)
_UNREAD = Q(
    select(messages.c.conversation_id, func.count().label("unread"))
    .join(
        members,
        and_(
            members.c.conversation_id == messages.c.conversation_id,
            members.c.user_id == bindparam("user_id"),
        ),
    )
    .where(any_of(messages.c.conversation_id, "ids"))
    .where(messages.c.seq > members.c.read_seq)
    .where(messages.c.seq >= members.c.joined_seq)
    .where(messages.c.is_quiet == false())
    .where(messages.c.content.is_not(None))
    .where(or_(messages.c.expires_at.is_(None), messages.c.expires_at > bindparam("now")))
    .where(
        messages.c.id.not_in(
            select(hidden.c.message_id).where(hidden.c.user_id == bindparam("user_id"))
        )
    )
    .where(or_(messages.c.sender_id.is_(None), messages.c.sender_id != bindparam("user_id")))
    .group_by(messages.c.conversation_id)
)
_SET_SIDES = Q(
    update(members)
    .where(members.c.conversation_id == bindparam("id_"))
    .where(members.c.user_id == bindparam("user_id_"))
    .values(
        muted_until=bindparam("muted_until"),
        archived_at=bindparam("archived_at"),
        pinned_at=bindparam("pinned_at"),
    )
)


def open_conversation(
    tx: Tx, conversation_id: ConversationId, kind: Kind, with_id: UserId, *, by: Actor
) -> Conversation:
    """Begin a direct conversation. There is one for each pair of users and kind.

    Raises: InvalidInput, IdReused, NotFound, NeedsBusiness, NoDevices, NotReachable,
    ConversationExists.
    """
    require_own_id(conversation_id)
    key = pair_key(kind, by.user_id, with_id)
    if known := tx.one(_FIND, id=conversation_id):
        if known.pair_key != key:
            raise IdReused(id=conversation_id)
        return get_conversation(tx, conversation_id, by=by)

    business_id = _sides(tx, kind, by.user_id, with_id)
    if by.user_id != with_id and identity.is_blocked(tx, by.user_id, with_id):
        raise NotReachable
    if there := tx.one(_FIND_PAIR, pair_key=key):
        raise ConversationExists(conversation_id=there.id)

    create_conversation(
        tx,
        conversation_id,
        kind,
        states_of(tx, kind, by.user_id, [by.user_id, with_id]),
        form=Form.DIRECT,
        pair_key=key,
        business_id=business_id,
        created_by=by.user_id,
    )
    tx.publish([by.user_id], Change("conversation", conversation_id))
    return get_conversation(tx, conversation_id, by=by)


def direct_conversation(
    tx: Tx, a: UserId, b: UserId, kind: Kind | None = None, *, begun_by: UserId | None = None
) -> ConversationId:
    """The conversation of these two, begun if there was none: where cards about them go.

    Without a kind it is the one that fits: `business` when one of them is a shop, else `private`.
    Cards may also stand in a private conversation that could hold no messages yet: whoever did
    not begin it, and does not know the other, has still to accept what the other writes.

    Raises: NotFound, NeedsBusiness.
    """
    if kind is None:
        cards = identity.get_cards(tx, [a, b])
        is_shop = any(card.kind == "business" for card in cards.values())
        kind = Kind.BUSINESS if is_shop else Kind.PRIVATE
    key = pair_key(kind, a, b)
    if there := tx.one(_FIND_PAIR, pair_key=key):
        return ConversationId(there.id)
    business_id = _sides(tx, kind, a, b, needs_devices=False)
    first, second = sorted((a, b))
    conversation_id = ConversationId(derived_id(first, f"conversation:{kind}:{second}"))
    if moved := tx.one(_FIND, id=conversation_id):
        # It was theirs, until one of them turned out to be somebody known.
        return moved.merged_into or conversation_id
    create_conversation(
        tx,
        conversation_id,
        kind,
        states_of(tx, kind, begun_by, [a, b]),
        form=Form.DIRECT,
        pair_key=key,
        business_id=business_id,
        created_by=None,
    )
    return conversation_id


def find_direct(tx: Tx, a: UserId, b: UserId, kind: Kind) -> ConversationId | None:
    """The conversation of these two, if they have begun one."""
    there = tx.one(_FIND_PAIR, pair_key=pair_key(kind, a, b))
    return ConversationId(there.id) if there else None


def count_unread(tx: Tx, conversation_id: ConversationId, *, by: Actor) -> int:
    """How many messages of one's own conversation wait to be read."""
    rows = tx.all(_UNREAD, ids=[conversation_id], user_id=by.user_id, now=tx.now)
    return sum(row.unread for row in rows)


def get_conversation(tx: Tx, conversation_id: ConversationId, *, by: Actor) -> Conversation:
    """One conversation; a joined one answers with the one that it was joined to.

    Raises: NotFound.
    """
    row = tx.one(_GET, id=conversation_id, user_id=by.user_id)
    if row is None:
        known = tx.one(_FIND, id=conversation_id)
        if known is None or known.merged_into is None:
            raise NotFound(conversation_id=conversation_id)
        return get_conversation(tx, known.merged_into, by=by)
    return _show(tx, [row], by.user_id)[0]


def list_present(tx: Tx, conversation_id: ConversationId) -> set[UserId]:
    """Who is in it now: for a room that has asked permission. Nobody: there is none."""
    audience = find_audience(tx, find_merged(tx, conversation_id) or conversation_id)
    members = audience.members if audience else ()
    return {member.user_id for member in members if member.state is MemberState.JOINED}


def list_conversations(
    tx: Tx, *, after: str | None = None, limit: int = 50, by: Actor
) -> Conversations:
    """The conversations of this user (or of the shop acted for), the latest first.

    With the first page come all that are pinned, wherever they would stand.

    Raises: InvalidInput for a cursor that no page gave.
    """
    before, before_id = read_cursor(after)
    rows = tx.all(_LIST, user_id=by.user_id, before=before, before_id=before_id, limit=limit + 1)
    page, more = rows[:limit], len(rows) > limit
    pinned = [] if after else tx.all(_PINNED, user_id=by.user_id)
    here = {row.id for row in page}
    return Conversations(
        items=_show(tx, [*(row for row in pinned if row.id not in here), *page], by.user_id),
        as_of=stream.head_of(tx, by.user_id),
        next=write_cursor(page[-1].active_at, page[-1].id) if more else None,
    )


def set_sides(
    tx: Tx,
    conversation_id: ConversationId,
    *,
    is_archived: bool | None = None,
    is_pinned: bool | None = None,
    muted_until: int | None = None,
    by: Actor,
) -> Conversation:
    """Archive, pin or mute a conversation for oneself. What is None stays; muting until 0 ends it.

    What is archived is not pinned, and the other way round.

    Raises: NotFound, TooManyPinned.
    """
    now = tx.one(_GET, id=conversation_id, user_id=by.user_id)
    if now is None:
        raise NotFound(conversation_id=conversation_id)
    archived_at = now.archived_at
    if is_archived is not None:
        archived_at = (now.archived_at or tx.now) if is_archived else None
    pinned_at = None if is_archived else now.pinned_at
    if is_pinned is not None:
        pinned_at = _pin(tx, now, by) if is_pinned else None
    if is_pinned:
        archived_at = None
    tx.do(
        _SET_SIDES,
        id_=conversation_id,
        user_id_=by.user_id,
        muted_until=now.muted_until if muted_until is None else (muted_until or None),
        archived_at=archived_at,
        pinned_at=pinned_at,
    )
    tx.publish([by.user_id], Change("conversation", conversation_id))
    return get_conversation(tx, conversation_id, by=by)


def _pin(tx: Tx, row: Row, by: Actor) -> int:
    """When it was pinned, or is now: after all that are pinned. Raises: TooManyPinned."""
    if row.pinned_at is not None:
        return int(row.pinned_at)
    pinned = tx.all(_PINNED, user_id=by.user_id)
    if len(pinned) >= MAX_PINNED:
        raise TooManyPinned(max_pinned=MAX_PINNED)
    return max([tx.now, *(int(other.pinned_at) + 1 for other in pinned)])


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who belongs, or belonged, to a conversation."""

    user_id: UserId
    role: Role
    state: MemberState
    joined_seq: int
    left_seq: int | None
    delivered_seq: int
    read_seq: int

    @property
    def is_here(self) -> bool:
        return self.state in (MemberState.JOINED, MemberState.REQUESTED)

    def may_see(self, seq: int) -> bool:
        return self.joined_seq <= seq and (self.left_seq is None or seq <= self.left_seq)


@dataclass(frozen=True, slots=True)
class Audience:
    """A conversation and who takes part in it now."""

    kind: Kind
    form: Form
    business_id: BusinessId | None
    seq: int
    spoken_at: int | None
    members_rev: int
    settings_seq: int | None
    admin_settings_seq: int | None
    writers: Circle
    editors: Circle
    timer_s: int | None
    members: tuple[Member, ...]

    @property
    def user_ids(self) -> list[UserId]:
        """Who takes part, and has said so."""
        return [member.user_id for member in self.members if member.state == MemberState.JOINED]

    @property
    def told(self) -> list[UserId]:
        """Who is told of what happens: also those who have not accepted yet."""
        return [member.user_id for member in self.members if member.is_here]

    def member(self, user_id: UserId) -> Member | None:
        return next((member for member in self.members if member.user_id == user_id), None)


def find_audience(tx: Tx, conversation_id: ConversationId) -> Audience | None:
    """One statement."""
    rows = tx.all(_MEMBERS, id=conversation_id)
    if not rows:
        return None
    return Audience(
        kind=Kind(rows[0].kind),
        form=Form(rows[0].form),
        business_id=rows[0].business_id,
        seq=rows[0].seq,
        spoken_at=rows[0].spoken_at,
        members_rev=rows[0].members_rev,
        settings_seq=rows[0].settings_seq,
        admin_settings_seq=rows[0].admin_settings_seq,
        writers=_writers(rows[0]),
        editors=_editors(rows[0]),
        timer_s=rows[0].timer_s,
        members=tuple(
            Member(
                row.user_id,
                Role(row.role),
                MemberState(row.state),
                row.joined_seq,
                row.left_seq,
                row.delivered_seq,
                row.read_seq,
            )
            for row in rows
        ),
    )


def find_merged(tx: Tx, conversation_id: ConversationId) -> ConversationId | None:
    """The conversation that this one was joined to."""
    row = tx.one(_FIND, id=conversation_id)
    return row.merged_into if row else None


def _sides(
    tx: Tx, kind: Kind, a: UserId, b: UserId, *, needs_devices: bool = True
) -> BusinessId | None:
    """The shop of a conversation between these two, if it has one.

    Raises: NotFound, NeedsBusiness, NoDevices.
    """
    cards = identity.get_cards(tx, [a, b])
    for user_id in (a, b):
        if user_id not in cards:
            raise NotFound(user_id=user_id)
    shops = [user_id for user_id in (b, a) if cards[user_id].kind == "business"]
    if kind == Kind.PRIVATE:
        if needs_devices and {cards[a].kind, cards[b].kind} != {"person"}:
            raise NoDevices
        return None
    if not shops or a == b:
        raise NeedsBusiness
    return BusinessId(shops[0])


def create_conversation(
    tx: Tx,
    conversation_id: ConversationId,
    kind: Kind,
    states: Mapping[UserId, MemberState],
    *,
    form: Form,
    pair_key: str | None = None,
    business_id: BusinessId | None = None,
    admin_id: UserId | None = None,
    created_by: UserId | None,
) -> None:
    """For this room only: a conversation from nothing, with these members."""
    tx.do(
        _INSERT,
        id=conversation_id,
        kind=kind,
        form=form,
        pair_key=pair_key,
        business_id=business_id,
        seq=0,
        shown_seq=0,
        members_rev=1,
        created_by=created_by,
        created_at=tx.now,
        active_at=tx.now,
    )
    tx.many(
        _INSERT_MEMBER,
        [
            {
                "conversation_id": conversation_id,
                "user_id": user_id,
                "role": Role.ADMIN if user_id == admin_id else Role.MEMBER,
                "state": state,
                "joined_seq": 1,
                "delivered_seq": 0,
                "read_seq": 0,
                "marks_at": tx.now,
            }
            for user_id, state in states.items()
        ],
    )


def _show(tx: Tx, rows: list[Row], reader: UserId) -> list[Conversation]:
    ids = [row.id for row in rows]
    if not ids:
        return []
    everybody: dict[ConversationId, list[Row]] = {id_: [] for id_ in ids}
    for row in tx.all(_EVERYBODY, ids=ids):
        everybody[row.conversation_id].append(row)
    unread = {
        row.conversation_id: row.unread
        for row in tx.all(_UNREAD, ids=ids, user_id=reader, now=tx.now)
    }
    last = {
        row.conversation_id: entry(row, reader=reader, now=tx.now)
        for row in tx.all(_LAST, ids=ids, reader=reader)
    }
    about = entries_about(tx, ids, [shown.id for shown in last.values()], reader=reader)
    others = {row.id: _other(row, everybody[row.id], reader) for row in rows}
    private = [row for row in rows if row.kind == Kind.PRIVATE]
    views = {row.id: _views(row, everybody[row.id], reader) for row in private}
    wanted = {view.user_id for some in views.values() for view in some}
    cards = identity.get_cards(tx, wanted.union(one for one in others.values() if one))
    revs = identity.devices_rev_of(tx, wanted) if private else {}
    settings = _settings(tx, private, reader)
    marks = shown_marks(
        tx,
        [
            Mark(one.conversation_id, one.user_id, one.delivered_seq, one.read_seq)
            for some in everybody.values()
            for one in some
            if one.state == MemberState.JOINED
        ],
        reader,
    )
    return [
        Conversation(
            id=row.id,
            kind=Kind(row.kind),
            form=Form(row.form),
            business_id=row.business_id,
            other=cards[other] if (other := others[row.id]) in cards else None,
            seq=row.seq,
            unread=unread.get(row.id, 0),
            marks=[mark for mark in marks if mark.conversation_id == row.id],
            last=_without_content(row, last.get(row.id)),
            about_last=[later for later in about if later.conv == row.id],
            state=MemberState(row.state),
            role=Role(row.role),
            members=views.get(row.id, []),
            cards=[cards[view.user_id] for view in views.get(row.id, [])],
            rev=_rev(row, everybody[row.id], revs) if row.id in views else None,
            settings=settings.get((row.id, row.settings_seq)),
            admin_settings=None
            if row.admin_settings_seq == row.settings_seq
            else settings.get((row.id, row.admin_settings_seq)),
            writers=_writers(row),
            editors=_editors(row),
            timer_s=row.timer_s,
            muted_until=row.muted_until,
            is_archived=row.archived_at is not None,
            pinned_at=row.pinned_at,
            created_at=row.created_at,
            active_at=row.active_at,
        )
        for row in rows
    ]


def _other(row: Row, everybody: Iterable[Row], reader: UserId) -> UserId | None:
    """Who is on the other side of a direct conversation; oneself in a note to oneself."""
    if row.form != Form.DIRECT:
        return None
    return next((one.user_id for one in everybody if one.user_id != reader), reader)


def _views(row: Row, everybody: Iterable[Row], reader: UserId) -> list[MemberView]:
    """Who belongs to a private conversation. That somebody refused is not told to the other."""
    is_direct = row.form == Form.DIRECT
    return [
        MemberView(
            one.user_id,
            Role(one.role),
            MemberState(one.state) if one.state in _HERE else MemberState.REQUESTED,
            one.joined_seq,
        )
        for one in everybody
        if one.state in _HERE or is_direct
    ]


def _rev(row: Row, everybody: Iterable[Row], revs: Mapping[UserId, int]) -> str:
    here = [one.user_id for one in everybody if one.state in _HERE]
    return write_rev(row.members_rev, here, revs)


def write_rev(members_rev: int, here: Iterable[UserId], devices_revs: Mapping[UserId, int]) -> str:
    """What a sender has to know to encrypt for all of these: both numbers only grow."""
    return f"{members_rev}.{sum(devices_revs.get(user_id, 0) for user_id in here)}"


def _settings(
    tx: Tx, private: Iterable[Row], reader: UserId
) -> dict[tuple[ConversationId, int | None], Entry]:
    since = {row.id: row.joined_seq for row in private if row.settings_seq is not None}
    if not since:
        return {}
    return {
        (row.conversation_id, row.seq): entry(row, reader=reader, now=tx.now)
        for row in tx.all(_SETTINGS, ids=list(since), reader=reader)
        if row.seq >= since[row.conversation_id]
    }


def _writers(row: Row) -> Circle:
    return Circle(row.writers or Circle.EVERYBODY)


def _editors(row: Row) -> Circle:
    return Circle(row.editors or Circle.ADMINS)


def _without_content(row: Row, last: Entry | None) -> Entry | None:
    """Nobody reads a list's ciphertext: the entry is fetched where it is decrypted."""
    if last is None or last.seq < row.joined_seq:
        return None
    return structs.replace(last, ct=None, com=None) if row.kind == Kind.PRIVATE else last


_HERE = (MemberState.JOINED, MemberState.REQUESTED)
