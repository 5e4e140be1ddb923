"""What the members of a group may do who are no admins, and the photo that they all see."""

import pytest

from kirana import chat
from kirana.chat.media import drop_stale_media
from kirana.chat.model import Circle, Role
from kirana.platform.problems import NotAllowed, NotFound
from kirana.values import Actor, ConversationId, MediaId, uuid7
from tests.database import RehearsedDatabase

from . import make

DAY_MS = 24 * 60 * 60 * 1000


def group(db: RehearsedDatabase) -> tuple[ConversationId, Actor, Actor]:
    ravi, meera = make.person(db), make.person(db, "Meera")
    return make.group(db, ravi, meera), ravi, meera


def photo(db: RehearsedDatabase, by: Actor) -> MediaId:
    """A sealed file, as the server has it."""
    media_id = MediaId(uuid7())
    db.write(chat.begin_upload, media_id, 40, 1, by=by)
    db.write(chat.keep_part, media_id, 0, f"chat/{media_id}/0", 40, by=by)
    return media_id


def shown(db: RehearsedDatabase, place: ConversationId, who: Actor) -> chat.Conversation:
    return db.read(chat.get_conversation, place, by=who)


def test_where_only_admins_write_the_others_still_react(db: RehearsedDatabase) -> None:
    place, ravi, meera = group(db)
    make.secret(db, place, "Before", by=meera)

    db.write(chat.set_permissions, place, writers=Circle.ADMINS, by=ravi)

    with pytest.raises(chat.OnlyAdminsWrite):
        make.secret(db, place, "Not any more", by=meera)
    make.secret(db, place, "A thumb", by=meera, is_quiet=True)
    make.secret(db, place, "News", by=ravi)
    assert shown(db, place, meera).writers == Circle.ADMINS
    db.write(chat.put_member, place, meera.user_id, Role.ADMIN, by=ravi)
    make.secret(db, place, "As an admin", by=meera)


def test_what_changes_is_told_to_all_and_once(db: RehearsedDatabase) -> None:
    place, ravi, meera = group(db)
    before = shown(db, place, meera)

    for _ in range(2):
        db.write(chat.set_permissions, place, writers=Circle.ADMINS, by=ravi)
    db.write(chat.set_permissions, place, editors=Circle.EVERYBODY, by=ravi)

    assert (before.writers, before.editors) == (Circle.EVERYBODY, Circle.ADMINS)
    told = {"type": "change", "change": "permissions", "user_id": str(ravi.user_id)}
    assert make.changes(db, place, meera) == [
        told | {"writers": "admins"},
        told | {"editors": "everybody"},
    ]
    after = shown(db, place, ravi)
    assert (after.writers, after.editors) == (Circle.ADMINS, Circle.EVERYBODY)


def test_only_admins_say_who_may_do_what(db: RehearsedDatabase) -> None:
    place, ravi, meera = group(db)
    two, eve = make.private(db, ravi, meera), make.person(db, "Eve")

    with pytest.raises(NotAllowed):
        db.write(chat.set_permissions, place, writers=Circle.EVERYBODY, by=meera)
    with pytest.raises(NotFound):
        db.write(chat.set_permissions, place, by=eve)
    with pytest.raises(chat.NotAGroup):
        db.write(chat.set_permissions, two, writers=Circle.ADMINS, by=ravi)


def test_others_change_the_settings_only_while_they_may(db: RehearsedDatabase) -> None:
    place, ravi, meera = group(db)
    by_admin = make.secret(db, place, "Name", by=ravi, slot="settings")
    with pytest.raises(NotAllowed):
        make.secret(db, place, "My name", by=meera, slot="settings")
    db.write(chat.set_permissions, place, editors=Circle.EVERYBODY, by=ravi)
    alone = shown(db, place, meera)

    by_meera = make.secret(db, place, "My name", by=meera, slot="settings")

    assert alone.admin_settings is None
    both = shown(db, place, ravi)
    assert both.settings is not None
    assert both.admin_settings is not None
    assert (both.settings.id, both.admin_settings.id) == (by_meera, by_admin)
    for message_id, who in ((by_meera, meera), (by_admin, ravi)):
        with pytest.raises(NotFound):
            db.write(chat.delete_message, message_id, by=who)
    db.write(chat.set_permissions, place, editors=Circle.ADMINS, by=ravi)
    with pytest.raises(NotAllowed):
        make.secret(db, place, "Again mine", by=meera, slot="settings")
    make.secret(db, place, "Name", by=ravi, slot="settings")
    assert shown(db, place, meera).admin_settings is None


def test_a_photo_stays_while_the_settings_hold_and_is_seen_by_who_comes_later(
    db: RehearsedDatabase,
) -> None:
    place, ravi, meera = group(db)
    omar, eve = make.person(db, "Omar"), make.person(db, "Eve")
    make.friends(db, ravi, omar)
    first = photo(db, ravi)
    make.secret(db, place, "A photo", by=ravi, slot="settings", media=[first])
    db.write(chat.put_member, place, omar.user_id, by=ravi)
    with pytest.raises(NotFound):
        db.read(chat.get_media, first, by=omar)

    # With the list that lets somebody in the settings are said again.
    make.secret(db, place, "The same", by=ravi, slot="settings", media=[first])
    db.clock.advance(2 * DAY_MS)
    db.write(drop_stale_media)

    for who in (ravi, meera, omar):
        assert db.read(chat.get_media, first, by=who).id == first
    with pytest.raises(NotFound):
        db.read(chat.get_media, first, by=eve)

    second = photo(db, ravi)
    make.secret(db, place, "Another", by=ravi, slot="settings", media=[second])
    with pytest.raises(NotFound):
        db.read(chat.get_media, first, by=ravi)

    # It is the group's by now.
    db.write(chat.erase_user, ravi.user_id)
    assert db.read(chat.get_media, second, by=meera).id == second
    make.secret(db, place, "No photo", by=meera, slot="settings")
    with pytest.raises(NotFound):
        db.read(chat.get_media, second, by=meera)
