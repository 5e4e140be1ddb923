from kirana import chat
from kirana.chat.content import Document
from kirana.values import EventId, MediaId, uuid7
from tests.database import RehearsedDatabase

from . import make


def test_somebody_takes_along_all_that_they_could_read(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    for n in range(3):
        make.message(db, conversation, f"Number {n}", by=ravi if n % 2 else asha)
    make.message(db, make.conversation(db, make.person(db), asha), "Not yours", by=asha)

    export = db.read(chat.export_user, ravi.user_id)

    assert [one.id for one in export.conversations] == [conversation]
    entries = export.conversations[0].entries
    texts = [make.said(entry) for entry in entries]
    assert texts == [make.text(f"Number {n}") for n in range(3)]
    assert {entry.author for entry in entries} == {None}


def test_an_erased_person_leaves_numbers_and_facts_but_no_words(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    media = MediaId(uuid7())
    stored = chat.StoredFile("a" * 64, {"full": "x"}, "application/pdf", 12)
    db.write(chat.add_media, media, chat.MediaKind.DOCUMENT, "Will.pdf", stored, by=ravi)
    message = make.message(db, conversation, "My PIN is 4711", by=ravi)
    make.message(db, conversation, make.edit(message, "My PIN is 4712"), by=ravi)
    make.message(db, conversation, Document(media=media, name="Will.pdf", size_bytes=9), by=ravi)
    make.message(db, conversation, "Thank you", by=asha)
    db.write(
        chat.post_fact,
        conversation,
        EventId(uuid7()),
        "order.placed",
        chat.Subject("order", uuid7()),
        ravi.user_id,
        chat.FactCard(state="placed"),
    )

    db.write(chat.erase_user, ravi.user_id)
    db.write(chat.erase_user, ravi.user_id)

    entries = db.read(chat.list_messages, conversation, by=asha).items
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.body is None for entry in entries] == [True, True, True, False, False]
    assert db.read(chat.export_user, ravi.user_id).media == []
    assert db.read(chat.search_messages, "pin", by=asha).items == []
