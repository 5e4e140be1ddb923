"""One table of queries, and what is found first, on both databases."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kirana.platform.search import Field, Index, distance, fold, words_in
from kirana.values import derived_id, uuid7
from tests.database import RehearsedDatabase

GOODS = Index(
    "test_goods",
    {
        "code": Field(40, whole=True),
        "name": Field(12, whole=True, spells=True),
        "tags": Field(5, spells=True),
        "text": Field(1),
    },
)
NOTES = Index("test_notes", {"text": Field(1)})
SHOP, OTHER_SHOP = uuid7(), uuid7()
SHELF: dict[str, dict[str, str | list[str]]] = {
    "assam": {
        "code": ["TEA-ASSAM-250", "4006381333931"],
        "name": "Assam Black Tea",
        "tags": ["tea", "breakfast"],
        "text": "Strong and malty, from the hills of Assam. Goes well with milk.",
    },
    "green": {
        "code": ["TEA-GREEN-100"],
        "name": "Green Tea with Mint",
        "tags": ["tea"],
        "text": "Light and fresh leaves.",
    },
    "pot": {
        "code": ["POT-01"],
        "name": "Teapot, cast iron",
        "tags": ["kitchen"],
        "text": "Keeps a litre of tea warm for an hour.",
    },
    "brulee": {
        "code": ["DES-7"],
        "name": "Crème brûlée",
        "tags": ["dessert"],
        "text": "Two in a box, with brown sugar.",
    },
    "gulab": {"code": ["IND-1"], "name": "गुलाब जामुन", "tags": ["मिठाई"], "text": "Gulab jamun"},
    "chai": {"code": ["IND-2"], "name": "चाय मसाला", "tags": ["मसाला"], "text": "चाय के लिए"},
    "chaya": {"code": ["IND-3"], "name": "चया", "tags": [], "text": ""},
    "jeans": {
        "code": ["JN-32-BLU"],
        "name": "Blue Jeans",
        "tags": ["clothing", "denim"],
        "text": "Straight cut, five pockets.",
    },
    "shirt": {
        "code": ["TS-M-RED"],
        "name": "T-Shirt red",
        "tags": ["clothing"],
        "text": "Organic cotton.",
    },
    "skirt": {
        "code": ["SK-1"],
        "name": "Long skirt",
        "tags": ["clothing"],
        "text": "Cotton, made by hand.",
    },
    "oil": {"code": ["OIL-5"], "name": "Huile d'olive vierge", "tags": ["épicerie"], "text": ""},
    "coffee": {
        "code": ["COF-500"],
        "name": "Coffee beans, Arabica",
        "tags": ["coffee", "breakfast"],
        "text": "Roasted weekly. 500g.",
    },
    "decaf": {
        "code": ["COF-501"],
        "name": "Decaffeinated coffee",
        "tags": ["coffee"],
        "text": "All taste. 250g.",
    },
    "choc": {
        "code": ["CHO-70"],
        "name": "Chocolate bar 70%",
        "tags": ["sweets", "cocoa"],
        "text": "Dark, a little bitter.",
    },
    "apples": {"code": ["FR-1"], "name": "Apple, Kashmir", "tags": ["fruit"], "text": "Per kg."},
    "mango": {"code": ["FR-2"], "name": "Mango Alphonso", "tags": ["fruit"], "text": "Very ripe."},
    "dosa": {"code": ["BAT-1"], "name": "Dosa batter", "tags": ["fresh"], "text": "Rice, lentils."},
    "kefir": {"code": ["RU-1"], "name": "Кефир живой", "tags": ["молоко"], "text": "Йогурт рядом"},
    "feta": {"code": ["GR-1"], "name": "Φέτα τυρί", "tags": [], "text": "Από πρόβειο γάλα"},
    "kulfi": {"code": ["KU-9"], "name": "Kulfi Ice-Cream", "tags": ["dessert"], "text": "Pista."},
    "strasse": {"code": ["MAP-1"], "name": "Straßenkarte Köln", "tags": ["maps"], "text": ""},
    "smor": {"code": ["DK-1"], "name": "Smørrebrød", "tags": ["lunch"], "text": "Rye bread."},
    "ocha": {"code": ["JP-1"], "name": "宇治抹茶", "tags": ["お茶"], "text": "京都の抹茶"},
    "thai": {"code": ["TH-1"], "name": "ชาไทยเย็น", "tags": [], "text": ""},
    "tamr": {"code": ["AR-1"], "name": "تمر مدينة", "tags": ["حلويات"], "text": ""},
    "screen": {
        "code": ["IP12-SCR"],
        "name": "Screen repair iPhone 12",
        "tags": ["repair"],
        "text": "Done while you wait.",
    },
    "screen13": {
        "code": ["IP13-SCR"],
        "name": "Screen repair iPhone 13",
        "tags": ["repair"],
        "text": "Done while you wait.",
    },
    "cable": {"code": ["CB-C-2M"], "name": "USB-C cable 2 m", "tags": ["cable"], "text": ""},
}
QUERIES = [
    # codes: whole, in parts, in any spelling, by their beginning
    ("TEA-ASSAM-250", "assam"),
    ("tea assam 250", "assam"),
    ("teaassam250", "assam"),
    ("TEA-GR", "green"),
    ("tea-a", "assam"),
    ("4006381333931", "assam"),
    ("40063813", "assam"),
    ("cof-501", "decaf"),
    ("cof501", "decaf"),
    ("ip13", "screen13"),
    ("ip12-scr", "screen"),
    ("POT", "pot"),
    # names by their beginning, and while typing
    ("teap", "pot"),
    ("gre", "green"),
    ("green t", "green"),
    ("blue j", "jeans"),
    ("choco", "choc"),
    ("decaf", "decaf"),
    ("coffee b", "coffee"),
    ("mang", "mango"),
    # words in the name, in any order
    ("black tea", "assam"),
    ("tea black", "assam"),
    ("mint tea", "green"),
    ("iron teapot", "pot"),
    ("red shirt", "shirt"),
    ("iphone 13 screen", "screen13"),
    ("iphone 12", "screen"),
    ("usb c", "cable"),
    ("usbc", "cable"),
    ("usb-c cable", "cable"),
    # tags and descriptions
    ("denim", "jeans"),
    ("malty", "assam"),
    ("roasted weekly", "coffee"),
    ("organic cotton", "shirt"),
    ("pista", "kulfi"),
    ("clothing pockets", "jeans"),
    ("dessert sugar", "brulee"),
    # accents and letters of other alphabets
    ("creme brulee", "brulee"),
    ("CRÈME", "brulee"),
    ("epicerie", "oil"),
    ("smorrebrod", "smor"),
    ("smørrebrød", "smor"),
    ("strassenkarte", "strasse"),
    ("koln", "strasse"),
    ("кефир", "kefir"),
    ("иогурт", "kefir"),
    ("φετα", "feta"),
    ("ΤΥΡΙ", "feta"),
    ("huile", "oil"),
    ("l'huile", "oil"),
    ("olive", "oil"),
    ("t-shirt", "shirt"),
    ("tshirt", "shirt"),
    ("icecream", "kulfi"),
    # Indic vowels are part of the word
    ("चाय", "chai"),
    ("चया", "chaya"),
    ("गुलाब", "gulab"),
    ("मसाला चाय", "chai"),
    ("मिठाई", "gulab"),
    # no spaces between words; right to left
    ("抹茶", "ocha"),
    ("宇治", "ocha"),
    ("お茶", "ocha"),
    ("ชาไทย", "thai"),
    ("تمر", "tamr"),
    # typos: one from 4 letters, two from 8
    ("asam", "assam"),
    ("assma", "assam"),
    ("cofee", "coffee"),
    ("coffe", "coffee"),
    ("mangp", "mango"),
    ("jaens", "jeans"),
    ("chocolte", "choc"),
    ("choclatte", "choc"),
    ("decafinated", "decaf"),
    ("straßenkate", "strasse"),
    ("गलाब", "gulab"),
    ("кифир", "kefir"),
    ("grean tea", "green"),
    ("blck tea", "assam"),
    # the plural
    ("apples", "apples"),
    ("mangos", "mango"),
    # what fits most words comes first, though none fits all
    ("assam tea from darjeeling", "assam"),
    ("red leather shirt", "shirt"),
]


def _id(key: str) -> UUID:
    return derived_id(SHOP, key)


@pytest.fixture
def shelf(db: RehearsedDatabase) -> RehearsedDatabase:
    for key, fields in SHELF.items():
        db.write(GOODS.put, SHOP, _id(key), fields)
    return db


def test_each_query_finds_what_was_meant(shelf: RehearsedDatabase) -> None:
    names = {_id(key): key for key in SHELF}

    first = {
        query: next((names[it.id] for it in shelf.read(GOODS.find, SHOP, query, 5)), None)
        for query, _ in QUERIES
    }

    assert first == dict(QUERIES)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "!?%_*",
        "zzzz",
        "tae",  # three letters: no typo is forgiven
        "chxxxlate",  # three typos
        "कक",
        "999999",
        "ip14",
        "🙂",
    ],
)
def test_what_nobody_sells_is_not_found(shelf: RehearsedDatabase, query: str) -> None:
    assert shelf.read(GOODS.find, SHOP, query, 5) == []


def test_a_number_with_another_digit_is_no_typo(shelf: RehearsedDatabase) -> None:
    assert shelf.read(GOODS.find, SHOP, "4006381333932", 5) == []


def test_a_word_that_is_there_is_not_taken_for_a_typo(shelf: RehearsedDatabase) -> None:
    found = [it.id for it in shelf.read(GOODS.find, SHOP, "skirt", 5)]

    assert found == [_id("skirt")]


def test_another_scope_finds_nothing(shelf: RehearsedDatabase) -> None:
    assert shelf.read(GOODS.find, OTHER_SHOP, "tea", 5) == []
    assert shelf.read(GOODS.find, OTHER_SHOP, "cofee", 5) == []


def test_another_index_of_the_same_scope_finds_nothing(shelf: RehearsedDatabase) -> None:
    assert shelf.read(NOTES.find, SHOP, "tea", 5) == []


def test_no_more_than_the_limit_comes_back(shelf: RehearsedDatabase) -> None:
    assert len(shelf.read(GOODS.find, SHOP, "tea", 2)) == 2
    assert shelf.read(GOODS.find, SHOP, "tea", 0) == []


def test_putting_again_forgets_the_words_that_are_gone(shelf: RehearsedDatabase) -> None:
    shelf.write(GOODS.put, SHOP, _id("pot"), {"code": ["POT-02"], "name": "Kettle of tea"})

    assert [it.id for it in shelf.read(GOODS.find, SHOP, "kettle", 5)] == [_id("pot")]
    assert [it.id for it in shelf.read(GOODS.find, SHOP, "pot-02", 5)] == [_id("pot")]
    assert _id("pot") not in [it.id for it in shelf.read(GOODS.find, SHOP, "teapot", 5)]
    assert _id("pot") not in [it.id for it in shelf.read(GOODS.find, SHOP, "iron", 5)]
    assert shelf.read(GOODS.find, SHOP, "cast", 5) == []


def test_a_thing_can_move_to_another_scope(shelf: RehearsedDatabase) -> None:
    shelf.write(GOODS.put, OTHER_SHOP, _id("pot"), SHELF["pot"])

    assert shelf.read(GOODS.find, SHOP, "teapot", 5) == []
    assert [it.id for it in shelf.read(GOODS.find, OTHER_SHOP, "teapot", 5)] == [_id("pot")]


def test_what_was_removed_is_not_found(shelf: RehearsedDatabase) -> None:
    shelf.write(GOODS.remove, _id("mango"))
    shelf.write(GOODS.remove, _id("mango"))

    assert shelf.read(GOODS.find, SHOP, "mango", 5) == []
    assert shelf.read(GOODS.find, SHOP, "mangp", 5) == []


def test_among_equals_the_newest_comes_first(db: RehearsedDatabase) -> None:
    older, newer = derived_id(SHOP, "a", 1), uuid7()
    older, newer = sorted([older, newer])
    db.write(NOTES.put, SHOP, newer, {"text": "see you at noon"}, is_new=True)
    db.write(NOTES.put, SHOP, older, {"text": "lunch at noon?"}, is_new=True)

    assert [it.id for it in db.read(NOTES.find, SHOP, "noon", 5)] == [newer, older]


def test_a_very_long_text_is_filed_by_its_beginning(db: RehearsedDatabase) -> None:
    note = uuid7()
    db.write(NOTES.put, SHOP, note, {"text": " ".join(f"word{i}" for i in range(5000)) + "x" * 999})

    assert [it.id for it in db.read(NOTES.find, SHOP, "word1999", 5)] == [note]
    assert db.read(NOTES.find, SHOP, "word4999", 5) == []


@given(st.text(max_size=40), st.text(max_size=40))
def test_folding_twice_changes_nothing_more(one: str, other: str) -> None:
    assert fold(fold(one)) == fold(one)
    assert all(list(words_in(fold(one + " " + other))))


@given(st.text("abc", max_size=9), st.text("abc", max_size=9))
@settings(max_examples=300)
def test_the_distance_between_two_words_is_the_same_both_ways(one: str, other: str) -> None:
    assert distance(one, other, 9) == distance(other, one, 9)
    assert distance(one, one, 0) == 0


@given(st.text("abcd", min_size=4, max_size=12), st.data())
@settings(max_examples=300)
def test_every_allowed_typo_shares_a_part_with_its_word(word: str, data: st.DataObject) -> None:
    from kirana.platform.search import _FILED, _allowed_typos, _filed_parts, _parts

    typed = word
    for _ in range(2):
        typed = data.draw(_typos(typed))
    allowed = _allowed_typos(typed)
    off = distance(typed, word, allowed)
    if not off or len(word) < 3:
        return

    assert _parts(typed[:_FILED], allowed) & _filed_parts(word)


def _typos(word: str) -> st.SearchStrategy[str]:
    changed = [word]
    for i in range(len(word)):
        changed.append(word[:i] + word[i + 1 :])
        changed.append(word[:i] + "x" + word[i + 1 :])
        changed.append(word[:i] + "x" + word[i:])
        changed.append(word[:i] + word[i : i + 2][::-1] + word[i + 2 :])
    return st.sampled_from(changed)
