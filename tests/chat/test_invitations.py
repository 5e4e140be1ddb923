"""Links into a group."""

import pytest

from kirana import chat, identity
from kirana.chat.invitations import INVITATION_LIFE_MS
from kirana.platform.problems import NotAllowed, NotFound
from kirana.values import Actor, ConversationId
from tests.database import RehearsedDatabase

from . import make


def linked(db: RehearsedDatabase) -> tuple[ConversationId, Actor, Actor, str]:
    ravi, meera = make.person(db, "Ravi"), make.person(db, "Meera")
    place = make.group(db, ravi, meera)
    link = db.write(chat.invite, place, chat.new_invitation_code(), by=ravi)
    return place, ravi, meera, link.code


def test_whoever_has_the_link_may_join(db: RehearsedDatabase) -> None:
    place, ravi, _, code = linked(db)
    make.secret(db, place, "Before", by=ravi)
    lina = make.person(db, "Lina")

    seen = db.read(chat.get_invitation, code, by=lina)
    joined = db.write(chat.accept_invitation, code, by=lina)
    again = db.write(chat.accept_invitation, code, by=lina)

    assert (seen.conversation_id, seen.inviter.name, seen.member_count) == (place, "Ravi", 2)
    assert seen.is_member is False
    assert db.read(chat.get_invitation, code, by=lina).is_member is True
    assert joined == again
    assert (joined.state, joined.role) == ("joined", "member")
    assert [item.seq for item in db.read(chat.list_messages, place, by=lina).items] == [2]
    assert make.changes(db, place, ravi) == [
        {"type": "change", "change": "joined", "user_id": str(lina.user_id)}
    ]


def test_there_is_one_link_until_it_is_taken_back(db: RehearsedDatabase) -> None:
    place, ravi, meera, code = linked(db)
    lina = make.person(db, "Lina")

    assert db.write(chat.invite, place, chat.new_invitation_code(), by=ravi).code == code
    with pytest.raises(NotAllowed):
        db.write(chat.revoke_invitation, code, by=meera)
    with pytest.raises(NotFound):
        db.write(chat.revoke_invitation, code, by=lina)
    for _ in range(2):
        db.write(chat.revoke_invitation, code, by=ravi)

    for ask in (chat.get_invitation, chat.accept_invitation):
        with pytest.raises(NotFound):
            db.write(ask, code, by=lina)
    assert db.write(chat.invite, place, chat.new_invitation_code(), by=ravi).code != code


def test_a_link_ends(db: RehearsedDatabase) -> None:
    _, _, _, code = linked(db)
    lina = make.person(db, "Lina")

    db.clock.advance(INVITATION_LIFE_MS)
    for ask in (chat.get_invitation, chat.accept_invitation):
        with pytest.raises(NotFound):
            db.write(ask, code, by=lina)
    db.clock.advance(2 * 24 * 3600 * 1000)
    db.write(chat.forget_invitations)
    with pytest.raises(NotFound):
        db.read(chat.get_invitation, code, by=lina)


def test_a_link_is_not_for_everybody(db: RehearsedDatabase) -> None:
    place, ravi, meera, code = linked(db)
    blocked = make.person(db)
    db.write(identity.block, blocked.user_id, by=ravi)
    db.write(chat.remove_member, place, meera.user_id, by=ravi)

    with pytest.raises(NotFound):
        db.write(chat.accept_invitation, code, by=blocked)
    with pytest.raises(chat.NotReachable):
        db.write(chat.accept_invitation, code, by=meera)
    for who in (make.guest(db), make.shop(db)):
        with pytest.raises(chat.NoDevices):
            db.write(chat.accept_invitation, code, by=who)
    with pytest.raises(NotFound):
        db.read(chat.get_invitation, chat.new_invitation_code(), by=ravi)


def test_who_left_may_come_back_and_who_was_asked_is_in(db: RehearsedDatabase) -> None:
    place, ravi, meera, code = linked(db)
    lina = make.person(db, "Lina")
    db.write(chat.put_member, place, lina.user_id, by=ravi)
    db.write(chat.remove_member, place, meera.user_id, by=meera)

    for who in (lina, meera):
        assert db.write(chat.accept_invitation, code, by=who).state == "joined"

    told = [one["change"] for one in make.changes(db, place, ravi)]
    assert told == ["requested", "left", "accepted", "joined"]
