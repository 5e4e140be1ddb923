import pytest

from kirana import chat
from kirana.chat.content import Document, Product, ProductSnapshot, Reaction
from kirana.values import Actor, ConversationId, EventId, MediaId, Money, ProductId, uuid7
from tests.database import RehearsedDatabase

from . import make


def found(
    db: RehearsedDatabase, text: str, who: Actor, where: ConversationId | None = None
) -> list[int]:
    page = db.read(chat.search_messages, text, conversation_id=where, by=who)
    return [item.message.seq for item in page.items]


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Do you have saffron?", "SAFF"),
        ("Do you have saffron?", "saffron have"),
        ("Crème brûlée, s'il vous plaît", "creme brul"),
        ("क्या आपके पास केसर है?", "केसर"),
        ("هل عندكم زعفران؟", "زعفران"),
        ("草莓蛋糕还有吗", "蛋糕"),
        ("Order KX-4711 (two boxes)", "kx 4711"),
        ("100 % pure", "100%"),
        ("under_score", "under"),
    ],
)
def test_words_are_found_by_how_they_begin(db: RehearsedDatabase, said: str, asked: str) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    make.message(db, conversation, "Good morning", by=ravi)
    make.message(db, conversation, said, by=ravi)

    assert found(db, asked, asha) == [2]
    assert found(db, asked, ravi, conversation) == [2]


@pytest.mark.parametrize("asked", ["affron", "saffron tea", "%", "_", "", "   ", "saffronn", "\\"])
def test_what_was_not_said_is_not_found(db: RehearsedDatabase, asked: str) -> None:
    ravi, asha = make.person(db), make.shop(db)
    make.message(db, make.conversation(db, ravi, asha), "Do you have saffron?", by=ravi)

    assert found(db, asked, asha) == []


def test_a_search_stays_in_ones_own_conversations(db: RehearsedDatabase) -> None:
    ravi, asha, stranger = make.person(db), make.shop(db), make.person(db)
    conversation = make.conversation(db, ravi, asha)
    make.message(db, conversation, "Do you have saffron?", by=ravi)
    make.message(db, make.conversation(db, stranger, asha), "Do you have salt?", by=stranger)

    assert found(db, "have", stranger) == [1]
    assert found(db, "saffron", stranger) == []
    assert found(db, "saffron", stranger, conversation) == []
    assert len(found(db, "have", asha)) == 2
    assert found(db, "salt", asha, conversation) == []


def test_an_edited_message_is_found_by_its_new_words_only(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    message = make.message(db, conversation, "Do you have sugar?", by=ravi)

    make.message(db, conversation, make.edit(message, "Do you have salt?"), by=ravi)

    assert found(db, "sugar", asha) == []
    assert found(db, "salt", asha) == [1]
    page = db.read(chat.search_messages, "salt", by=asha)
    assert [later.seq for later in page.items[0].about] == [2]


def test_a_deleted_message_is_not_found(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    message = make.message(db, conversation, "My PIN is 4711", by=ravi)
    make.message(db, conversation, make.edit(message, "My PIN is 4712"), by=ravi)

    db.write(chat.delete_message, message, by=ravi)

    assert found(db, "pin", asha) == []


def test_names_of_files_products_and_orders_are_found(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    media = MediaId(uuid7())
    stored = chat.StoredFile("a" * 64, {"full": "x"}, "application/pdf", 12)
    db.write(chat.add_media, media, chat.MediaKind.DOCUMENT, "Menu.pdf", stored, by=asha)

    make.message(db, conversation, Document(media=media, name="Menu.pdf", size_bytes=12), by=asha)
    product = ProductSnapshot(title="Darjeeling tea", price=Money(12_000, "INR"))
    card = Product(product_id=ProductId(uuid7()), snapshot=product)
    message = make.message(db, conversation, card, by=ravi)
    make.message(db, conversation, Reaction(target_id=message, emoji="👍"), by=asha)
    subject = chat.Subject("order", uuid7())
    db.write(
        chat.post_fact,
        conversation,
        EventId(uuid7()),
        "order.placed",
        subject,
        ravi.user_id,
        chat.FactCard(state="placed", title="Order 1042"),
    )

    assert found(db, "menu", ravi) == [1]
    assert found(db, "darj", ravi) == [2]
    assert found(db, "1042", ravi) == [4]


def test_pages_of_a_search_go_on_without_loss(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    for n in range(7):
        make.message(db, conversation, f"Saffron {n}", by=ravi)
        db.clock.advance(n % 2)

    seqs, after = [], None
    while True:
        page = db.read(chat.search_messages, "saffron", after=after, limit=2, by=asha)
        seqs += [item.message.seq for item in page.items]
        if (after := page.next) is None:
            break

    assert sorted(seqs) == [1, 2, 3, 4, 5, 6, 7]
    assert len(seqs) == 7
