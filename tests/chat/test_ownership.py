import pytest
from msgspec import json

from kirana import chat
from kirana.chat.content import Document
from kirana.platform.problems import NotFound
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


def test_somebody_takes_along_their_private_part_and_no_more(db: RehearsedDatabase) -> None:
    ravi, meera, omar = make.person(db), make.person(db, "Meera"), make.person(db, "Omar")
    place = make.group(db, ravi, meera)
    make.friends(db, ravi, omar)
    make.secret(db, place, "Before Omar", by=ravi)
    db.write(chat.put_member, place, omar.user_id, by=ravi)
    seen = make.secret(db, place, "Rude", by=ravi)
    db.write(chat.hide_message, seen, by=omar)
    key = make.b64encode(b"k" * 32).decode()
    db.write(chat.report_messages, [chat.Shown(seen, key, "Rude")], by=omar)
    db.write(chat.remove_member, place, omar.user_id, by=omar)
    make.secret(db, place, "After Omar", by=ravi)

    export = db.read(chat.export_user, omar.user_id)

    assert [entry.seq for entry in export.conversations[0].entries] == [2, 3, 4]
    assert export.hidden == [seen]
    assert [report.message_id for report in export.reports] == [seen]
    everything = json.encode(export).decode()
    assert make.ciphertext("Before Omar") not in everything
    assert make.ciphertext("After Omar") not in everything


def test_an_erased_person_leaves_every_group_and_no_ciphertext(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    group, private = make.group(db, ravi, meera), make.private(db, ravi, meera)
    make.secret(db, group, "Our name", by=ravi, slot="settings")
    link = db.write(chat.invite, group, chat.new_invitation_code(), by=ravi)
    rude = make.secret(db, group, "Rude", by=meera)
    said = [make.secret(db, place, "Mine", by=ravi) for place in (group, private)]
    key = make.b64encode(b"k" * 32).decode()
    db.write(chat.hide_message, rude, by=ravi)
    db.write(chat.report_messages, [chat.Shown(rude, key, "Rude")], by=ravi)
    db.write(chat.report_messages, [chat.Shown(said[0], key, "Mine")], by=meera)

    for _ in range(2):
        db.write(chat.erase_user, ravi.user_id)

    shown = db.read(chat.get_conversation, group, by=meera)
    assert [(one.user_id, one.role) for one in shown.members] == [(meera.user_id, "admin")]
    assert shown.settings is not None
    items = db.read(chat.list_messages, group, by=meera).items
    assert [item.seq for item in items] == list(range(1, 6))
    assert [item.ct for item in items if item.sender == ravi.user_id and item.k == "message"] == [
        make.ciphertext("Our name"),
        None,
    ]
    assert db.read(chat.list_messages, private, by=meera).items[0].ct is None
    with pytest.raises(NotFound):
        db.read(chat.get_invitation, link.code, by=meera)
    export = db.read(chat.export_user, ravi.user_id)
    assert (export.hidden, export.reports) == ([], [])
    assert [report.sender_id for report in db.read(chat.list_reports)] == [ravi.user_id]
