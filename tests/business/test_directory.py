import pytest

from kirana import business
from kirana.business import BusinessEdit
from kirana.platform.problems import InvalidInput
from kirana.values import Actor
from tests.business import make
from tests.database import RehearsedDatabase


@pytest.fixture
def owner(db: RehearsedDatabase) -> Actor:
    return make.person(db, "Asha")


def names(db: RehearsedDatabase, *args: object, **options: object) -> list[str]:
    page = db.read(business.list_businesses, *args, **options)  # type: ignore[arg-type]
    return [card.name for card in page.items]


def test_the_newest_shops_come_first(db: RehearsedDatabase, owner: Actor) -> None:
    for name in ("First", "Second", "Third"):
        make.shop(db, owner, name)
        db.clock.advance(1000)

    assert names(db) == ["Third", "Second", "First"]


def test_the_directory_is_read_page_by_page(db: RehearsedDatabase, owner: Actor) -> None:
    for number in range(5):
        make.shop(db, owner, f"Shop {number}")

    first = db.read(business.list_businesses, limit=3)
    second = db.read(business.list_businesses, limit=3, after=first.next)

    assert (len(first.items), len(second.items), second.next) == (3, 2, None)
    assert len({card.id for card in first.items + second.items}) == 5


def test_a_shop_is_found_by_name_category_place_and_with_a_typo(
    db: RehearsedDatabase, owner: Actor
) -> None:
    make.shop(db, owner, "Café Zürich", category="cafe", address="12 Lake Road")
    make.shop(db, owner, "Asha Stores", about="Fresh mangoes every day")

    assert names(db, "zurich") == ["Café Zürich"]
    assert names(db, "zurch") == ["Café Zürich"]
    assert names(db, "ash") == ["Asha Stores"]
    assert names(db, "groceries") == ["Asha Stores"]
    assert names(db, "mangoes") == ["Asha Stores"]
    assert names(db, "lake road") == ["Café Zürich"]
    assert names(db, "spaceship") == []


def test_the_search_is_read_page_by_page(db: RehearsedDatabase, owner: Actor) -> None:
    for number in range(5):
        make.shop(db, owner, f"Tea {number}")

    first = db.read(business.list_businesses, "tea", limit=3)
    second = db.read(business.list_businesses, "tea", limit=3, after=first.next)

    assert (len(first.items), len(second.items), second.next) == (3, 2, None)
    assert len({card.id for card in first.items + second.items}) == 5


def test_shops_are_filtered_by_category_and_country(db: RehearsedDatabase, owner: Actor) -> None:
    make.shop(db, owner, "Asha", category="bakery")
    make.shop(db, owner, "Bruno", category="bakery", country="FR", currency="EUR")
    make.shop(db, owner, "Chen", category="cafe")

    assert set(names(db, category="bakery")) == {"Asha", "Bruno"}
    assert set(names(db, country="in")) == {"Asha", "Chen"}
    assert names(db, category="bakery", country="FR") == ["Bruno"]
    assert names(db, "bruno", country="IN") == []
    assert names(db, "bruno", category="bakery") == ["Bruno"]
    assert names(db, category="\0") == names(db, country="\0\0") == []


def test_a_shop_that_does_not_want_to_be_found_is_not(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner, "Secret", is_listed=False)
    assert (names(db), names(db, "secret")) == ([], [])

    db.write(business.edit_business, shop.id, BusinessEdit(is_listed=True), by=owner)
    assert (names(db), names(db, "secret")) == (["Secret"], ["Secret"])

    db.write(business.edit_business, shop.id, BusinessEdit(is_listed=False), by=owner)
    assert (names(db), names(db, "secret")) == ([], [])


def test_a_new_name_is_found_and_the_old_one_not(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner, "Saffron", handle="corner")

    db.write(business.edit_business, shop.id, BusinessEdit(name="Turmeric"), by=owner)

    assert (names(db, "turmeric"), names(db, "saffron")) == (["Turmeric"], [])


def test_a_card_says_whether_the_shop_is_open(db: RehearsedDatabase, owner: Actor) -> None:
    shop = make.shop(db, owner)
    db.write(business.set_hours, shop.id, "always", by=owner)

    card = db.read(business.list_businesses).items[0]

    assert card.state.state == "open"


@pytest.mark.parametrize(("text", "cursor"), [("", "x"), ("", "1_x"), ("tea", "x"), ("tea", "-1")])
def test_a_cursor_that_is_none_is_refused(db: RehearsedDatabase, text: str, cursor: str) -> None:
    with pytest.raises(InvalidInput):
        db.read(business.list_businesses, text, after=cursor)
