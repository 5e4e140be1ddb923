import pytest

from kirana import business, chat, crm, identity
from kirana.business import Role
from kirana.chat import Entry
from kirana.crm.greetings import DEFAULT_TEXT
from kirana.platform.events import Bus
from kirana.platform.problems import NotAllowed, NotFound
from kirana.values import Actor, BusinessId, ConversationId, UserId, uuid7
from tests.business import make as shops
from tests.chat import make
from tests.database import RehearsedDatabase

DAY = 24 * 60 * 60 * 1000


@pytest.fixture
def bus() -> Bus:
    bus = Bus()
    bus.on(chat.ConversationWoke, crm.greet)
    return bus


def open_shop(db: RehearsedDatabase) -> tuple[Actor, Actor]:
    """The owner, and the owner acting for the shop."""
    owner = shops.person(db, "Asha")
    shop = shops.shop(db, owner)
    return owner, Actor(shop.id, owner.person_id, device_id=owner.device_id)


def greetings(db: RehearsedDatabase, place: ConversationId, who: Actor) -> list[Entry]:
    entries = db.read(chat.list_messages, place, by=who).items
    return [entry for entry in entries if entry.auto]


def test_a_first_message_is_greeted_once(db: RehearsedDatabase) -> None:
    _, asha = open_shop(db)
    ravi = make.person(db)
    place = make.conversation(db, ravi, asha)

    make.message(db, place, "Do you have saffron?", by=ravi)
    make.message(db, place, "And rice?", by=ravi)
    db.deliver()

    (greeting,) = greetings(db, place, ravi)
    assert make.said(greeting) == make.text(DEFAULT_TEXT)
    assert (greeting.sender, greeting.seq) == (asha.user_id, 3)
    assert greetings(db, place, asha)[0].author is None
    assert db.read(chat.get_conversation, place, by=ravi).unread == 1


def test_who_comes_back_after_two_weeks_is_greeted_again(db: RehearsedDatabase) -> None:
    _, asha = open_shop(db)
    ravi = make.person(db)
    place = make.conversation(db, ravi, asha)
    make.message(db, place, by=ravi)
    db.deliver()

    for silence, expected in ((13 * DAY, 1), (14 * DAY, 2), (DAY, 2)):
        db.clock.advance(silence)
        make.message(db, place, by=ravi)
        db.deliver()
        assert len(greetings(db, place, ravi)) == expected


def test_a_shop_that_writes_first_greets_nobody(db: RehearsedDatabase) -> None:
    _, asha = open_shop(db)
    ravi = make.person(db)
    place = make.conversation(db, ravi, asha)

    make.message(db, place, "Your tea is ready", by=asha)
    make.message(db, place, "Thank you", by=ravi)
    db.deliver()

    assert greetings(db, place, ravi) == []


def test_the_shop_chooses_its_words(db: RehearsedDatabase) -> None:
    owner, asha = open_shop(db)
    shop = BusinessId(asha.user_id)
    assert db.read(crm.get_greeting, shop, by=owner) == crm.Greeting(True, DEFAULT_TEXT)

    chosen = db.write(crm.save_greeting, shop, is_on=True, text="Namaste!", by=owner)
    again = db.write(crm.save_greeting, shop, is_on=True, text="Namaste!", by=asha)

    assert chosen == again == db.read(crm.get_greeting, shop, by=owner)
    ravi = make.person(db)
    place = make.conversation(db, ravi, asha)
    make.message(db, place, by=ravi)
    db.deliver()
    assert [make.said(one) for one in greetings(db, place, ravi)] == [make.text("Namaste!")]


def test_a_greeting_that_is_off_is_not_said(db: RehearsedDatabase) -> None:
    owner, asha = open_shop(db)
    db.write(crm.save_greeting, BusinessId(asha.user_id), is_on=False, text="Namaste!", by=owner)
    ravi = make.person(db)
    place = make.conversation(db, ravi, asha)

    make.message(db, place, by=ravi)
    db.deliver()

    assert greetings(db, place, ravi) == []


def test_nobody_is_greeted_across_a_block(db: RehearsedDatabase) -> None:
    _, asha = open_shop(db)
    ravi = make.person(db)
    place = make.conversation(db, ravi, asha)

    make.message(db, place, by=ravi)
    db.write(identity.block, asha.user_id, by=ravi)
    db.deliver()

    assert greetings(db, place, ravi) == []


def test_only_who_manages_the_shop_changes_its_greeting(db: RehearsedDatabase) -> None:
    owner = shops.person(db, "Asha")
    shop = shops.shop(db, owner)
    agent = shops.member(db, shop, owner, Role.AGENT)
    stranger = shops.person(db, "Ravi")

    assert db.read(crm.get_greeting, shop.id, by=agent).is_on
    for who in (agent, stranger):
        with pytest.raises(NotAllowed):
            db.write(crm.save_greeting, shop.id, is_on=False, text="Go away", by=who)
    with pytest.raises(NotAllowed):
        db.read(crm.get_greeting, shop.id, by=stranger)
    with pytest.raises(NotFound):
        db.read(crm.get_greeting, BusinessId(UserId(uuid7())), by=owner)


def test_the_greeting_is_the_shops_to_take_along_and_goes_with_it(
    db: RehearsedDatabase,
) -> None:
    owner, asha = open_shop(db)
    shop = BusinessId(asha.user_id)
    db.write(crm.save_greeting, shop, is_on=True, text="Namaste!", by=owner)

    assert db.read(crm.export_user, shop) == crm.Greeting(True, "Namaste!")
    db.write(crm.erase_user, shop)
    db.write(crm.erase_user, shop)

    assert db.read(crm.find_greeting, shop).text == DEFAULT_TEXT
    assert db.read(business.get_business, shop).name == "Asha Stores"
