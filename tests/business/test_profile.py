from typing import Any

import pytest

from kirana import business, identity
from kirana.business import BusinessEdit, Location, Role
from kirana.platform import pictures
from kirana.platform.events import Bus
from kirana.platform.images import Rendered
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound
from kirana.values import SYSTEM, Actor
from tests.business import make
from tests.database import RehearsedDatabase


def fields_of(refusal: pytest.ExceptionInfo[InvalidInput]) -> set[str]:
    return {error["field"] for error in refusal.value.facts["errors"]}


def picture(db: RehearsedDatabase) -> str:
    rendered = Rendered(40, 30, "#aabbcc", {2400: b"x"})
    return db.write(pictures.save, "a" * 64, rendered, {2400: "b" * 64}).id


@pytest.fixture
def owner(db: RehearsedDatabase) -> Actor:
    return make.person(db, "Asha")


def test_an_opened_shop_has_an_owner_a_user_and_a_handle(
    db: RehearsedDatabase, owner: Actor
) -> None:
    shop = make.shop(db, owner, "Åsha's Tea & Spice")

    card = db.read(identity.get_card, shop.id)
    assert (card.kind, card.name, card.handle) == ("business", shop.name, shop.handle)
    assert shop.handle == "ashas-tea-and-spice"
    assert db.read(business.find_role, shop.id, by=owner) is Role.OWNER
    assert db.read(identity.may_act_for, owner.person_id, shop.id)
    assert shop.hours.kind == "unknown"


def test_opening_the_same_shop_twice_opens_one(db: RehearsedDatabase, owner: Actor) -> None:
    id_, draft = make.business_id(), make.draft()
    first = db.write(business.open_business, id_, draft, by=owner)

    again = db.write(business.open_business, id_, draft, by=owner)

    assert again == first
    assert len(db.read(business.list_mine, by=owner)) == 1


def test_the_same_id_for_another_shop_is_refused(db: RehearsedDatabase, owner: Actor) -> None:
    id_ = make.business_id()
    db.write(business.open_business, id_, make.draft("One"), by=owner)

    with pytest.raises(IdReused):
        db.write(business.open_business, id_, make.draft("Two"), by=owner)
    with pytest.raises(IdReused):
        db.write(business.open_business, id_, make.draft("One"), by=make.person(db, "Eve"))


def test_a_repeat_after_an_edit_still_answers_the_shop(db: RehearsedDatabase, owner: Actor) -> None:
    id_, draft = make.business_id(), make.draft()
    db.write(business.open_business, id_, draft, by=owner)
    db.write(business.edit_business, id_, BusinessEdit(name="New name"), by=owner)

    again = db.write(business.open_business, id_, draft, by=owner)

    assert again.name == "New name"


def test_guests_open_no_shops(db: RehearsedDatabase) -> None:
    guest = make.guest(db).actor

    with pytest.raises(NotAllowed):
        db.write(business.open_business, make.business_id(), make.draft(), by=guest)


def test_shops_of_one_name_get_different_handles(db: RehearsedDatabase, owner: Actor) -> None:
    handles = [make.shop(db, owner, "Asha Stores").handle for _ in range(3)]

    assert handles == ["asha-stores", "asha-stores-2", "asha-stores-3"]


@pytest.mark.parametrize("name", ["आशा स्टोर", "喫茶店", "!!!", "API"])
def test_a_name_that_gives_no_handle_gets_one_all_the_same(
    db: RehearsedDatabase, owner: Actor, name: str
) -> None:
    handle = make.shop(db, owner, name).handle

    assert identity.is_handle(handle)


def test_a_handle_that_is_taken_or_reserved_is_refused(db: RehearsedDatabase, owner: Actor) -> None:
    make.shop(db, owner, handle="asha")

    with pytest.raises(identity.HandleTaken):
        make.shop(db, owner, "Other", handle="Asha")
    with pytest.raises(identity.HandleInvalid):
        make.shop(db, owner, "Other", handle="api")
    with pytest.raises(identity.HandleInvalid):
        make.shop(db, owner, "Other", handle="a b")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " \n "),
        ("name", "x" * 76),
        ("category", "spaceships"),
        ("country", "ZZ"),
        ("currency", "EURO"),
        ("zone", "Mars/Olympus"),
        ("zone", "../../etc/passwd"),
        ("about", "x" * 140),
        ("description", "x" * 513),
        ("phone", "12"),
        ("email", "asha at example"),
        ("languages", ("english!",)),
        ("languages", tuple(f"a{letter}" for letter in "abcdefghij")),
        ("logo_id", "f" * 64),
        ("logo_id", "\0"),
    ],
)
def test_what_a_profile_cannot_hold_is_refused_by_field(
    db: RehearsedDatabase, owner: Actor, field: str, value: object
) -> None:
    name = {"name": value} if field == "name" else {}
    more = {} if field == "name" else {field: value}

    with pytest.raises(InvalidInput) as refusal:
        make.shop(db, owner, **name, **more)  # type: ignore[arg-type]

    assert fields_of(refusal) == {field}


def test_all_flaws_are_said_at_once(db: RehearsedDatabase, owner: Actor) -> None:
    with pytest.raises(InvalidInput) as refusal:
        make.shop(db, owner, "", category="?", zone="?", phone="?")

    assert fields_of(refusal) == {"name", "category", "zone", "phone"}


def test_a_profile_is_edited_field_by_field(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner)
    logo = picture(db)
    edit = BusinessEdit(
        name="  Asha   Tea\u202e ",
        handle="ashatea",
        about="Tea",
        description="Line one\r\n\r\n\r\n\r\nline two",
        phone="098765 43210",
        email="Asha@Example.org",
        websites=["example.org/tea", "https://example.com"],
        logo_id=logo,
        languages=["hi", "en", "hi"],
        address="Blue gate\n12 Main Road",
    )

    after = db.write(business.edit_business, shop.id, edit, by=owner)

    assert (after.name, after.handle, after.about) == ("Asha Tea", "ashatea", "Tea")
    assert after.description == "Line one\n\nline two"
    assert (after.phone, after.email) == ("+919876543210", "Asha@example.org")
    assert after.websites == ["https://example.org/tea", "https://example.com"]
    assert after.languages == ["hi", "en"]
    assert after.category == "grocery"
    card = db.read(identity.get_card, shop.id)
    assert (card.name, card.handle, card.photo_id) == ("Asha Tea", "ashatea", logo)


def test_null_takes_a_field_away_and_silence_keeps_it(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner, phone="+919876543210", email="a@example.org")

    after = db.write(business.edit_business, shop.id, BusinessEdit(phone=None), by=owner)

    assert (after.phone, after.email) == (None, "a@example.org")


@pytest.mark.parametrize(
    "website", ["javascript:alert(1)", "ftp://example.org", "https://", "example", "a b.org"]
)
def test_only_websites_are_websites(db: RehearsedDatabase, owner: Actor, website: str) -> None:
    shop = make.shop(db, owner)

    with pytest.raises(InvalidInput):
        db.write(business.edit_business, shop.id, BusinessEdit(websites=[website]), by=owner)


def test_three_websites_are_too_many(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner)
    websites = [f"https://example.org/{n}" for n in range(3)]

    with pytest.raises(InvalidInput) as refusal:
        db.write(business.edit_business, shop.id, BusinessEdit(websites=websites), by=owner)

    assert fields_of(refusal) == {"websites"}


def test_an_edit_that_changes_nothing_leaves_the_revision_alone(
    db: RehearsedDatabase, owner: Actor
) -> None:
    shop = make.shop(db, owner, about="Tea")

    after = db.write(business.edit_business, shop.id, BusinessEdit(about="Tea"), by=owner)

    assert after.revision == shop.revision


def test_each_change_raises_the_revision(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner)
    seen = [db.read(business.get_revision, shop.id)]

    def note() -> None:
        seen.append(db.read(business.get_revision, shop.id))

    db.write(business.edit_business, shop.id, BusinessEdit(about="Tea"), by=owner)
    note()
    db.write(business.set_location, shop.id, Location(12.97, 77.59), by=owner)
    note()
    db.write(business.set_hours, shop.id, "hours", "Mo-Fr 09:00-17:00", by=owner)
    note()
    db.write(business.touch, shop.id)
    note()
    db.write(business.verify_business, shop.id, True, by=SYSTEM)
    note()

    assert seen == sorted(set(seen))


def test_viewers_and_strangers_change_nothing(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner)
    agent = make.member(db, shop, owner, Role.AGENT)
    edit = BusinessEdit(name="Mine")

    for somebody in (agent, make.person(db, "Eve"), make.guest(db).actor):
        with pytest.raises(NotAllowed):
            db.write(business.edit_business, shop.id, edit, by=somebody)
        with pytest.raises(NotAllowed):
            db.write(business.set_location, shop.id, None, by=somebody)

    assert db.read(business.get_business, shop.id) == shop


def test_acting_for_another_shop_opens_no_doors(db: RehearsedDatabase, owner: Actor) -> None:
    shop, eve = make.shop(db, owner), make.person(db, "Eve")
    pretender = Actor(shop.id, eve.person_id)

    with pytest.raises(NotAllowed):
        db.write(business.edit_business, shop.id, BusinessEdit(name="Mine"), by=pretender)


def test_a_shop_that_is_not_there_is_not_found(db: RehearsedDatabase, owner: Actor) -> None:
    nowhere = make.business_id()

    for query in (business.get_business, business.get_revision, business.state_at):
        with pytest.raises(NotFound):
            db.read(query, nowhere)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        db.write(business.edit_business, nowhere, BusinessEdit(name="x"), by=owner)
    with pytest.raises(NotFound):
        db.read(business.get_by_handle, "nowhere")
    assert db.read(business.find_business, nowhere) is None


def test_a_shop_is_found_by_its_handle_however_it_is_typed(
    db: RehearsedDatabase, owner: Actor
) -> None:
    shop = make.shop(db, owner, handle="asha")

    assert db.read(business.find_by_handle, "@Asha ") == shop
    assert db.read(business.find_by_handle, "ash") is None
    assert db.read(business.find_by_handle, "\0") is None


def test_a_place_is_set_and_taken_away(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner)
    place = Location(12.9716, 77.5946, 20, "blue gate")

    with_place = db.write(business.set_location, shop.id, place, address="12 Main Road", by=owner)
    without = db.write(business.set_location, shop.id, None, by=owner)

    assert (with_place.location, with_place.address) == (place, "12 Main Road")
    assert (without.location, without.address) == (None, "12 Main Road")


def test_a_place_off_the_globe_is_refused(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner)

    with pytest.raises(InvalidInput):
        db.write(business.set_location, shop.id, Location(91, 0), by=owner)
    with pytest.raises(InvalidInput):
        db.write(business.set_location, shop.id, Location(0, 0, None, "x" * 140), by=owner)


def test_only_the_operator_gives_the_badge(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner)

    with pytest.raises(NotAllowed):
        db.write(business.verify_business, shop.id, True, by=owner)
    db.write(business.verify_business, shop.id, True, by=SYSTEM)

    assert db.read(business.get_business, shop.id).is_verified


def test_every_change_is_on_record(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner)
    manager = make.member(db, shop, owner, Role.MANAGER)
    db.clock.advance(1000)
    db.write(business.edit_business, shop.id, BusinessEdit(about="Tea"), by=manager)

    page = db.read(business.list_records, shop.id, by=manager)

    newest = page.items[0]
    assert (newest.action, newest.person_id) == ("business.changed", manager.person_id)
    assert (newest.before, newest.after) == ({"about": ""}, {"about": "Tea"})
    assert {it.action for it in page.items} == {
        "business.opened", "team.joined", "business.changed",
    }  # fmt: skip


def test_the_record_is_read_page_by_page_by_managers_only(
    db: RehearsedDatabase, owner: Actor
) -> None:
    shop = make.shop(db, owner)
    agent = make.member(db, shop, owner, Role.AGENT)
    for number in range(60):
        db.write(business.edit_business, shop.id, BusinessEdit(about=str(number)), by=owner)

    first = db.read(business.list_records, shop.id, by=owner)
    second = db.read(business.list_records, shop.id, after=first.next, by=owner)

    assert second.next is None
    assert len({it.id for it in first.items + second.items}) == 62
    with pytest.raises(NotAllowed):
        db.read(business.list_records, shop.id, by=agent)
    with pytest.raises(InvalidInput):
        db.read(business.list_records, shop.id, after="x", by=owner)


class TestAnnouncements:
    @pytest.fixture
    def heard(self) -> list[Any]:
        HEARD.clear()
        return HEARD

    @pytest.fixture
    def bus(self) -> Bus:
        bus = Bus()
        for event in (business.BusinessOpened, business.BusinessChanged, business.HoursChanged):
            bus.on(event, hear)
        return bus

    def test_openings_and_changes_are_announced(
        self, db: RehearsedDatabase, heard: list[Any]
    ) -> None:
        owner = make.person(db, "Asha")
        shop = make.shop(db, owner)
        db.write(business.edit_business, shop.id, BusinessEdit(about="Tea"), by=owner)
        db.write(business.set_hours, shop.id, "always", by=owner)
        db.deliver()

        opened = [event for event in heard if isinstance(event, business.BusinessOpened)]
        assert {(it.business_id, it.owner_id, it.currency) for it in opened} == {
            (shop.id, owner.person_id, "INR")
        }
        assert {type(event).name for event in heard} == {
            "business.opened", "business.changed", "hours.changed",
        }  # fmt: skip


HEARD: list[Any] = []


def hear(tx: Any, event: business.BusinessOpened) -> None:
    HEARD.append(event)
