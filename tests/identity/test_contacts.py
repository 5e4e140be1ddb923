from uuid import UUID

import msgspec
import pytest

from kirana import identity
from kirana.platform import stream
from kirana.platform.problems import NotFound
from kirana.values import Actor, UserId
from tests.database import RehearsedDatabase

from . import make

PHONE = "+5511987654321"


def test_a_friend_is_found_by_any_spelling_of_the_number_and_by_handle(
    db: RehearsedDatabase,
) -> None:
    ravi = make.person(db)
    meera = make.person(db, "Meera", handle="meera", phone=PHONE)

    by_phone = db.read(identity.find_user_by, phone=make.address("+55 11 8765 4321"), by=ravi)
    by_handle = db.read(identity.find_user_by, handle="@Meera", by=ravi)

    assert by_phone == by_handle
    assert by_phone.id == meera.user_id


def test_a_shop_and_a_person_share_one_space_of_handles(db: RehearsedDatabase) -> None:
    asha = make.person(db, "Asha", handle="asha")
    shop_id = make.shop(db, asha, "asha-stores")

    card = db.read(identity.find_user_by, handle="asha-stores", by=asha)

    assert (card.id, card.kind) == (shop_id, "business")
    with pytest.raises(identity.HandleTaken):
        make.shop(db, asha, "Asha")
    with pytest.raises(identity.HandleTaken):
        db.write(identity.edit_profile, handle="asha-stores", by=asha)


def test_nobody_is_found_where_nobody_is(db: RehearsedDatabase) -> None:
    ravi = make.person(db)

    with pytest.raises(NotFound):
        db.read(identity.find_user_by, phone=make.address(PHONE), by=ravi)
    with pytest.raises(NotFound):
        db.read(identity.find_user_by, handle="nobody", by=ravi)


def test_whoever_blocked_me_cannot_be_found_or_saved_and_looks_absent(
    db: RehearsedDatabase,
) -> None:
    ravi = make.person(db)
    meera = make.person(db, "Meera", handle="meera", phone=PHONE)
    db.write(identity.block, ravi.user_id, by=meera)

    refusals = []
    for handle in ("meera", "nobody"):
        with pytest.raises(NotFound) as refused:
            db.read(identity.find_user_by, handle=handle, by=ravi)
        refusals.append(refused.value.facts)
    assert refusals[0] == refusals[1]
    with pytest.raises(NotFound):
        db.write(identity.save_contact, meera.user_id, by=ravi)
    assert db.read(identity.find_user_by, handle="meera", by=meera).id == meera.user_id


def test_a_contact_has_a_name_of_ones_own(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")

    db.write(identity.save_contact, meera.user_id, by=ravi)
    db.write(identity.save_contact, meera.user_id, "  Meera (shop) ", by=ravi)

    (contact,) = db.read(identity.list_contacts, by=ravi).items
    assert (contact.user.name, contact.name) == ("Meera", "Meera (shop)")
    assert db.read(identity.list_contacts, by=meera).items == []
    db.write(identity.remove_contact, meera.user_id, by=ravi)
    db.write(identity.remove_contact, meera.user_id, by=ravi)
    assert db.read(identity.list_contacts, by=ravi).items == []


def test_nobody_is_their_own_contact_or_blocked_by_themselves(db: RehearsedDatabase) -> None:
    ravi = make.person(db)

    with pytest.raises(identity.CannotMeanYourself):
        db.write(identity.save_contact, ravi.user_id, by=ravi)
    with pytest.raises(identity.CannotMeanYourself):
        db.write(identity.block, ravi.user_id, by=ravi)


def test_only_who_exists_can_be_saved_or_blocked(db: RehearsedDatabase) -> None:
    ravi = make.person(db)

    with pytest.raises(NotFound):
        db.write(identity.save_contact, make.user_id(), by=ravi)
    with pytest.raises(NotFound):
        db.write(identity.block, make.user_id(), by=ravi)


def test_a_long_list_of_contacts_comes_in_pages_without_loss(db: RehearsedDatabase) -> None:
    db.rehearses = False
    ravi = make.person(db)
    friends = {make.person(db, f"Friend {n}").user_id for n in range(205)}
    for friend in friends:
        db.write(identity.save_contact, friend, by=ravi)

    first = db.read(identity.list_contacts, by=ravi)
    assert first.next
    second = db.read(identity.list_contacts, after=UserId(UUID(first.next)), by=ravi)

    assert len(first.items) == 200
    assert second.next is None
    assert {c.user.id for c in [*first.items, *second.items]} == friends


def test_a_block_holds_both_ways_until_it_is_lifted(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    db.write(identity.block, meera.user_id, by=ravi)
    db.write(identity.block, meera.user_id, by=ravi)

    assert db.read(identity.is_blocked, ravi.user_id, meera.user_id)
    assert db.read(identity.is_blocked, meera.user_id, ravi.user_id)
    assert [c.name for c in db.read(identity.list_blocks, by=ravi)] == ["Meera"]
    assert db.read(identity.list_blocks, by=meera) == []

    db.write(identity.unblock, ravi.user_id, by=meera)
    assert db.read(identity.is_blocked, ravi.user_id, meera.user_id)
    db.write(identity.unblock, meera.user_id, by=ravi)
    assert not db.read(identity.is_blocked, ravi.user_id, meera.user_id)


def test_a_shop_blocks_under_its_own_name(db: RehearsedDatabase) -> None:
    asha, ravi = make.person(db, "Asha"), make.person(db)
    shop_id = make.shop(db, asha)

    db.write(identity.block, ravi.user_id, by=Actor(shop_id, asha.user_id))

    assert db.read(identity.is_blocked, ravi.user_id, shop_id)
    assert not db.read(identity.is_blocked, ravi.user_id, asha.user_id)


def test_the_own_devices_hear_of_contacts_and_blocks_and_the_other_does_not(
    db: RehearsedDatabase,
) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")

    db.write(identity.save_contact, meera.user_id, by=ravi)
    db.write(identity.block, meera.user_id, by=ravi)

    def kinds(who: Actor) -> list[str]:
        page = db.read(stream.read_stream, who.user_id, 0, stream.Frames())
        return [msgspec.json.decode(frame)["k"] for frame in page.frames]

    assert kinds(ravi) == ["contact", "block"]
    assert kinds(meera) == []
