"""Groups, their members, and what each of them is served."""

import pytest

from kirana import chat, identity
from kirana.chat.model import MAX_MEMBERS
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.platform.stream import Frames, read_stream
from kirana.values import SYSTEM, Actor, ConversationId, UserId, uuid7
from tests.database import RehearsedDatabase

from . import make


def people(db: RehearsedDatabase, *names: str) -> list[Actor]:
    some = [make.person(db, name) for name in names]
    make.friends(db, *some)
    return some


def seqs(db: RehearsedDatabase, place: ConversationId, who: Actor) -> list[int]:
    return [item.seq for item in db.read(chat.list_messages, place, limit=500, by=who).items]


def streamed(db: RehearsedDatabase, place: ConversationId, who: Actor) -> list[int]:
    """The numbers whose entries the stream brings, whole."""
    page = db.read(read_stream, who.user_id, 0, Frames({"message": chat.message_frames}))
    found = [make.json.decode(frame) for frame in page.frames]
    return [frame["seq"] for frame in found if frame.get("conv") == str(place)]


def roles(db: RehearsedDatabase, place: ConversationId, who: Actor) -> dict[UserId, str]:
    return {one.user_id: one.role for one in db.read(chat.get_conversation, place, by=who).members}


def test_a_group_begins_with_its_admin_and_its_members(db: RehearsedDatabase) -> None:
    ravi, meera, omar = people(db, "Ravi", "Meera", "Omar")

    place = make.group(db, ravi, meera, omar)

    for who in (ravi, meera, omar):
        (shown,) = db.read(chat.list_conversations, by=who).items
        assert (shown.id, shown.form, shown.kind) == (place, "group", "private")
        assert (shown.other, shown.last, shown.unread, shown.rev) == (None, None, 0, "1.0")
        assert {one.state for one in shown.members} == {"joined"}
        assert roles(db, place, who) == {
            ravi.user_id: "admin",
            meera.user_id: "member",
            omar.user_id: "member",
        }


def test_beginning_a_group_again_answers_the_same(db: RehearsedDatabase) -> None:
    ravi, meera, omar = people(db, "Ravi", "Meera", "Omar")
    place = make.group(db, ravi, meera)

    again = db.write(chat.open_group, place, [meera.user_id], by=ravi)

    assert again == db.read(chat.get_conversation, place, by=ravi)
    with pytest.raises(IdReused):
        db.write(chat.open_group, place, [meera.user_id, omar.user_id], by=ravi)
    with pytest.raises(IdReused):
        db.write(chat.open_group, place, [meera.user_id], by=omar)
    with pytest.raises(IdReused):
        db.write(chat.open_group, make.private(db, ravi, meera), [], by=ravi)


def test_only_people_who_may_be_reached_come_into_a_group(db: RehearsedDatabase) -> None:
    ravi, meera = people(db, "Ravi", "Meera")
    shop, guest, enemy = make.shop(db), make.guest(db), make.person(db)
    db.write(identity.block, ravi.user_id, by=enemy)
    place = make.group(db, ravi, meera)

    for who, problem in (
        (shop.user_id, chat.NoDevices),
        (guest.user_id, chat.NoDevices),
        (make.nobody(), NotFound),
        (enemy.user_id, chat.NotReachable),
    ):
        with pytest.raises(problem):
            db.write(chat.open_group, ConversationId(uuid7()), [who], by=ravi)
        with pytest.raises(problem):
            db.write(chat.put_member, place, who, by=ravi)
    with pytest.raises(chat.NoDevices):
        db.write(chat.open_group, ConversationId(uuid7()), [ravi.user_id], by=guest)


def test_a_group_has_at_most_256_people(db: RehearsedDatabase) -> None:
    db.rehearses = False
    ravi, last = people(db, "Ravi", "Last")
    many = [UserId(uuid7()) for _ in range(MAX_MEMBERS - 1)]
    for user_id in many:
        db.write(identity.create_person, user_id, "Somebody", by=SYSTEM)

    with pytest.raises(chat.GroupFull):
        db.write(chat.open_group, ConversationId(uuid7()), [*many, last.user_id], by=ravi)
    place = ConversationId(uuid7())
    shown = db.write(chat.open_group, place, many, by=ravi)
    assert len(shown.members) == 256
    with pytest.raises(chat.GroupFull):
        db.write(chat.put_member, place, last.user_id, by=ravi)
    link = db.write(chat.invite, place, chat.new_invitation_code(), by=ravi)
    with pytest.raises(chat.GroupFull):
        db.write(chat.accept_invitation, link.code, by=last)

    db.write(chat.remove_member, place, many[0], by=ravi)
    db.write(chat.put_member, place, last.user_id, by=ravi)


def test_who_joins_is_served_from_then_on_and_who_went_until_then(db: RehearsedDatabase) -> None:
    ravi, meera, omar = people(db, "Ravi", "Meera", "Omar")
    place = make.group(db, ravi, meera)
    before = make.secret(db, place, "Before Omar", by=ravi)  # 1
    db.write(chat.put_member, place, omar.user_id, by=ravi)  # 2
    make.secret(db, place, "With Omar", by=meera)  # 3
    db.write(chat.remove_member, place, omar.user_id, by=ravi)  # 4
    make.secret(db, place, "After Omar", by=ravi)  # 5
    db.write(chat.delete_message, before, by=ravi)  # 6

    assert seqs(db, place, omar) == streamed(db, place, omar) == [2, 3, 4]
    assert seqs(db, place, meera) == streamed(db, place, meera) == [1, 2, 3, 4, 5, 6]
    page = db.read(chat.list_messages, place, around=4, limit=2, by=omar)
    assert [later.seq for later in page.about] == []
    with pytest.raises(NotFound):
        db.read(chat.get_conversation, place, by=omar)
    assert db.read(chat.list_conversations, by=omar).items == []

    # Whoever comes back sees nothing of the time in between.
    db.write(chat.put_member, place, omar.user_id, by=ravi)  # 7
    make.secret(db, place, "Again", by=ravi)  # 8
    assert seqs(db, place, omar) == [7, 8]
    assert streamed(db, place, omar) == [7, 8]
    (shown,) = db.read(chat.list_conversations, by=omar).items
    assert (shown.unread, shown.seq) == (1, 8)


def test_each_change_is_numbered_and_makes_older_views_stale(db: RehearsedDatabase) -> None:
    ravi, meera, omar = people(db, "Ravi", "Meera", "Omar")
    place = make.group(db, ravi, meera)
    revs = [make.rev_of(db, place, ravi)]

    for act in (
        lambda: db.write(chat.put_member, place, omar.user_id, by=ravi),
        lambda: db.write(chat.put_member, place, meera.user_id, chat.Role.ADMIN, by=ravi),
        lambda: db.write(chat.remove_member, place, omar.user_id, by=meera),
        lambda: db.write(chat.remove_member, place, meera.user_id, by=meera),
    ):
        act()
        revs.append(make.rev_of(db, place, ravi))

    assert revs == ["1.0", "2.0", "3.0", "4.0", "5.0"]
    r, m, o = (str(who.user_id) for who in (ravi, meera, omar))
    assert make.changes(db, place, ravi) == [
        {"type": "change", "change": "joined", "user_id": o, "by_id": r},
        {"type": "change", "change": "role", "user_id": m, "by_id": r, "role": "admin"},
        {"type": "change", "change": "removed", "user_id": o, "by_id": m},
        {"type": "change", "change": "left", "user_id": m},
    ]


def test_changes_that_change_nothing_are_none(db: RehearsedDatabase) -> None:
    ravi, meera, omar = people(db, "Ravi", "Meera", "Omar")
    place = make.group(db, ravi, meera, omar)

    db.write(chat.put_member, place, meera.user_id, by=ravi)
    db.write(chat.put_member, place, meera.user_id, chat.Role.MEMBER, by=ravi)
    for _ in range(3):
        db.write(chat.remove_member, place, omar.user_id, by=ravi)

    assert len(make.changes(db, place, ravi)) == 1


def test_only_admins_say_who_belongs_to_a_group(db: RehearsedDatabase) -> None:
    ravi, meera, omar = people(db, "Ravi", "Meera", "Omar")
    place = make.group(db, ravi, meera)
    stranger = make.person(db)

    for act in (
        lambda who: db.write(chat.put_member, place, omar.user_id, by=who),
        lambda who: db.write(chat.put_member, place, who.user_id, chat.Role.ADMIN, by=who),
        lambda who: db.write(chat.remove_member, place, ravi.user_id, by=who),
        lambda who: db.write(chat.invite, place, chat.new_invitation_code(), by=who),
        lambda who: db.write(chat.set_timer, place, 86_400, by=who),
    ):
        with pytest.raises(NotAllowed):
            act(meera)
        with pytest.raises(NotFound):
            act(stranger)
    db.write(chat.put_member, place, meera.user_id, chat.Role.ADMIN, by=ravi)
    db.write(chat.put_member, place, omar.user_id, by=meera)
    db.write(chat.remove_member, place, meera.user_id, by=ravi)
    with pytest.raises(NotAllowed):
        db.write(chat.remove_member, place, omar.user_id, by=meera)


def test_when_the_last_admin_leaves_the_longest_member_becomes_one(
    db: RehearsedDatabase,
) -> None:
    ravi, meera, omar, lina = people(db, "Ravi", "Meera", "Omar", "Lina")
    place = make.group(db, ravi, meera)
    db.write(chat.put_member, place, lina.user_id, by=ravi)
    db.write(chat.put_member, place, omar.user_id, by=ravi)
    db.write(chat.remove_member, place, meera.user_id, by=meera)

    with pytest.raises(chat.LastAdmin):
        db.write(chat.put_member, place, ravi.user_id, chat.Role.MEMBER, by=ravi)
    db.write(chat.remove_member, place, ravi.user_id, by=ravi)

    assert roles(db, place, omar) == {lina.user_id: "admin", omar.user_id: "member"}
    assert make.changes(db, place, omar)[-1] == {
        "type": "change",
        "change": "role",
        "user_id": str(lina.user_id),
        "role": "admin",
    }
    db.write(chat.remove_member, place, lina.user_id, by=lina)
    db.write(chat.remove_member, place, omar.user_id, by=omar)
    assert seqs(db, place, ravi)[-1] == 4


def test_a_direct_conversation_has_no_members_to_choose(db: RehearsedDatabase) -> None:
    ravi, meera, omar = people(db, "Ravi", "Meera", "Omar")
    private = make.private(db, ravi, meera)
    shop = make.conversation(db, ravi, make.shop(db))

    for place in (private, shop):
        with pytest.raises(chat.NotAGroup):
            db.write(chat.put_member, place, omar.user_id, by=ravi)
        with pytest.raises(chat.NotAGroup):
            db.write(chat.remove_member, place, ravi.user_id, by=ravi)
        with pytest.raises(chat.NotAGroup):
            db.write(chat.invite, place, chat.new_invitation_code(), by=ravi)


def test_marks_of_a_group_are_those_of_its_members(db: RehearsedDatabase) -> None:
    ravi, meera, omar = people(db, "Ravi", "Meera", "Omar")
    place = make.group(db, ravi, meera, omar)
    make.secret(db, place, by=ravi)

    moved = db.write(chat.mark_read, place, 1, by=meera)
    db.write(chat.remove_member, place, omar.user_id, by=omar)

    assert moved is not None
    assert set(moved.user_ids) == {ravi.user_id, meera.user_id, omar.user_id}
    marks = db.read(chat.get_conversation, place, by=ravi).marks
    assert {mark.user_id: mark.read_seq for mark in marks} == {ravi.user_id: 0, meera.user_id: 1}
    assert db.write(chat.mark_read, place, 2, by=omar) is None
    assert db.read(chat.marks_since, 0, by=omar) == []


def test_in_a_large_group_only_reading_is_told(db: RehearsedDatabase) -> None:
    db.rehearses = False
    ravi, *others = people(db, "Ravi")
    others = [make.person(db, f"Member {n}") for n in range(32)]
    place = ConversationId(uuid7())
    for other in others:
        db.write(identity.save_contact, ravi.user_id, by=other)
    db.write(chat.open_group, place, [other.user_id for other in others], by=ravi)
    make.secret(db, place, by=ravi)

    assert db.write(chat.mark_delivered, place, 1, by=others[0]) is None
    assert db.write(chat.mark_read, place, 1, by=others[0]) is not None
    assert db.read(chat.typing_audience, place, by=ravi) == []
