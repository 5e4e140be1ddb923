import pytest

from kirana import identity
from kirana.platform.events import Event
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.values import SYSTEM, Actor, BusinessId
from tests.database import RehearsedDatabase

from . import make


def test_a_person_changes_what_they_set_and_nothing_else(db: RehearsedDatabase) -> None:
    ravi = make.person(db, handle="ravi")

    db.write(identity.edit_profile, photo_id="abc", language="hi", zone="Asia/Kolkata", by=ravi)
    me = db.write(identity.edit_profile, name="  Ravi  Kumar ", by=ravi)

    assert (me.name, me.handle, me.photo_id) == ("Ravi Kumar", "ravi", "abc")
    assert (me.language, me.zone) == ("hi", "Asia/Kolkata")
    me = db.write(identity.edit_profile, handle=None, photo_id=None, by=ravi)
    assert (me.name, me.handle, me.photo_id) == ("Ravi Kumar", None, None)


@pytest.mark.parametrize("name", ["", "   ", "\u202e", "x" * 76])
def test_a_name_cannot_be_empty_or_too_long(db: RehearsedDatabase, name: str) -> None:
    ravi = make.person(db)

    with pytest.raises(identity.NameMissing):
        db.write(identity.edit_profile, name=name, by=ravi)


@pytest.mark.parametrize("handle", ["", "ab", "admin", "v1", "a b", "-ravi"])
def test_a_handle_must_be_one(db: RehearsedDatabase, handle: str) -> None:
    ravi = make.person(db)

    with pytest.raises(identity.HandleInvalid):
        db.write(identity.edit_profile, handle=handle, by=ravi)


def test_a_handle_that_was_given_up_is_free_again(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db, handle="chai"), make.person(db, "Meera")
    with pytest.raises(identity.HandleTaken):
        db.write(identity.edit_profile, handle="Chai", by=meera)

    db.write(identity.edit_profile, handle="tea", by=ravi)

    assert db.write(identity.edit_profile, handle="Chai", by=meera).handle == "chai"
    found = db.read(identity.find_by_handle, "@CHAI")
    assert found is not None
    assert found.id == meera.user_id


def test_others_hear_of_a_change_only_when_they_would_see_it(
    db: RehearsedDatabase, heard: list[Event]
) -> None:
    ravi = make.person(db)
    db.deliver()
    heard.clear()

    db.write(identity.edit_profile, name="Ravi", by=ravi)
    db.write(identity.edit_profile, language="hi", by=ravi)
    db.deliver()
    assert heard == []

    db.write(identity.edit_profile, name="Ravi Kumar", by=ravi)
    db.deliver()
    assert [event.name for event in heard] == ["profile.changed"]


def test_a_shop_is_a_user_with_the_shops_id(db: RehearsedDatabase) -> None:
    asha = make.person(db, "Asha")

    shop_id = make.shop(db, asha, "asha-stores")

    assert db.read(identity.get_card, shop_id) == identity.Card(
        shop_id, "business", "Asha Stores", "asha-stores", None
    )
    assert [shop.id for shop in db.read(identity.get_me, by=asha).acts_for] == [shop_id]
    assert db.read(identity.list_delegations, asha.user_id) == [shop_id]
    assert db.read(identity.list_delegates, shop_id) == [asha.user_id]
    assert db.read(identity.may_act_for, asha.user_id, shop_id)


def test_making_the_same_shop_user_twice_makes_one(db: RehearsedDatabase) -> None:
    asha = make.person(db, "Asha")
    shop_id = make.shop(db, asha, "asha-stores")

    def create(name: str, handle: str | None) -> None:
        db.write(identity.create_business_user, shop_id, name, handle, by=asha)

    create("Asha Stores", "asha-stores")
    for name, handle in (("Other", "asha-stores"), ("Asha Stores", "other")):
        with pytest.raises(IdReused):
            create(name, handle)
    with pytest.raises(IdReused):
        db.write(
            identity.create_business_user,
            BusinessId(asha.user_id),
            "Asha",
            None,
            by=asha,
        )


def test_the_card_of_a_shop_is_edited_for_the_shop_only(db: RehearsedDatabase) -> None:
    asha = make.person(db, "Asha")
    shop_id = make.shop(db, asha)

    card = db.write(
        identity.edit_business_user,
        shop_id,
        name="Asha & Sons",
        handle="asha-sons",
        photo_id="abc",
        by=Actor(shop_id, asha.user_id),
    )

    assert (card.name, card.handle, card.photo_id) == ("Asha & Sons", "asha-sons", "abc")
    with pytest.raises(NotFound):
        db.write(
            identity.edit_business_user,
            BusinessId(asha.user_id),
            name="x",
            handle=None,
            photo_id=None,
            by=asha,
        )


def test_only_the_system_makes_people_without_proof(db: RehearsedDatabase) -> None:
    ravi = make.person(db)

    with pytest.raises(NotAllowed):
        db.write(identity.create_person, make.user_id(), "Mallory", by=ravi)


def test_making_a_person_again_with_the_same_id_is_the_same_person(
    db: RehearsedDatabase, heard: list[Event]
) -> None:
    user_id = make.user_id()

    first = db.write(identity.create_person, user_id, "Ravi", handle="ravi", by=SYSTEM)
    second = db.write(identity.create_person, user_id, "Ravi", handle="ravi", by=SYSTEM)
    db.deliver()

    assert first == second
    assert [event.name for event in heard] == ["user.joined"]
    with pytest.raises(IdReused):
        db.write(identity.create_person, make.guest(db).id, "Ravi", by=SYSTEM)


def test_the_system_has_a_user_of_its_own(db: RehearsedDatabase) -> None:
    db.write(identity.ensure_system)
    db.write(identity.ensure_system)

    assert db.read(identity.get_card, SYSTEM.user_id).kind == "system"


def test_unknown_users_have_no_card(db: RehearsedDatabase) -> None:
    ravi = make.person(db)

    with pytest.raises(NotFound):
        db.read(identity.get_card, make.user_id())
    assert set(db.read(identity.get_cards, [ravi.user_id, make.user_id()])) == {ravi.user_id}
    assert db.read(identity.get_cards, []) == {}


def test_an_operator_means_somebody_by_id_handle_number_or_mail(db: RehearsedDatabase) -> None:
    ravi = make.person(db, handle="ravi", phone="+919876543210")

    for who in (str(ravi.user_id), "@Ravi", "+91 98765 43210"):
        card = db.read(identity.find_anybody, who)
        assert card is not None
        assert card.id == ravi.user_id
    for who in ("", "nobody", "nobody@example.com", str(make.user_id())):
        assert db.read(identity.find_anybody, who) is None
