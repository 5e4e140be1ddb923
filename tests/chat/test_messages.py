from hashlib import sha256

import msgspec
import pytest

from kirana import chat, identity
from kirana.chat.content import Document, Edit, Image, Location, Photo, Reaction, Text
from kirana.platform.events import Bus
from kirana.platform.problems import IdReused, InvalidInput, NotFound
from kirana.platform.stream import Frames, StreamPage, read_stream
from kirana.values import Actor, ConversationId, MediaId, MessageId, derived_id, uuid7
from tests.database import RehearsedDatabase

from . import make

DAY = 24 * 60 * 60 * 1000


def frames(db: RehearsedDatabase, who: Actor, after: int = 0) -> StreamPage:
    return db.read(read_stream, who.user_id, after, Frames({"message": chat.message_frames}))


def bodies(page: StreamPage) -> list[dict[str, object]]:
    return [msgspec.json.decode(frame) for frame in page.frames]


def test_messages_are_numbered_without_a_hole(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)

    sent = [
        db.write(
            chat.send_message, MessageId(uuid7()), conversation, make.text(f"Number {n}"), by=who
        )
        for n, who in enumerate([ravi, asha, ravi, ravi])
    ]

    assert [message.seq for message in sent] == [1, 2, 3, 4]
    history = db.read(chat.list_messages, conversation, by=ravi)
    assert make.words(history) == ["Number 0", "Number 1", "Number 2", "Number 3"]


def test_sending_the_same_message_ten_times_sends_it_once(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    message = MessageId(uuid7())

    answers = set()
    for _ in range(10):
        answers.add(
            db.write(chat.send_message, message, conversation, make.text("Tea, please"), by=ravi)
        )
        db.clock.advance(1000)

    assert len(answers) == 1
    assert len(db.read(chat.list_messages, conversation, by=asha).items) == 1
    assert len(frames(db, asha).frames) == 1


def test_an_id_belongs_to_one_content_one_place_and_one_sender(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    other = make.conversation(db, ravi, make.shop(db))
    message = make.message(db, conversation, "Tea, please", by=ravi)

    for place, words, who in (
        (conversation, "Coffee, please", ravi),
        (other, "Tea, please", ravi),
        (conversation, "Tea, please", asha),
    ):
        with pytest.raises(IdReused):
            db.write(chat.send_message, message, place, make.text(words), by=who)


def test_people_cannot_send_readable_words_to_each_other(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db)
    private = ConversationId(uuid7())
    db.write(chat.open_conversation, private, chat.Kind.PRIVATE, meera.user_id, by=ravi)
    photo = MediaId(uuid7())

    for content in (
        make.text(),
        Location(lat=12.9, lon=77.6),
        Document(media=photo, name="will.pdf", size_bytes=1),
        Reaction(target_id=MessageId(uuid7()), emoji="❤️"),
    ):
        with pytest.raises(chat.NeedsEncryption):
            db.write(chat.send_message, MessageId(uuid7()), private, content, by=ravi)

    assert db.read(chat.get_conversation, private, by=meera).seq == 0


def test_a_stranger_cannot_write_into_a_conversation(db: RehearsedDatabase) -> None:
    conversation = make.conversation(db, make.person(db), make.shop(db))

    with pytest.raises(NotFound):
        make.message(db, conversation, by=make.person(db))
    with pytest.raises(NotFound):
        make.message(db, ConversationId(uuid7()), by=make.person(db))


def test_a_block_stops_both_sides_and_says_nothing(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    sent_before = make.message(db, conversation, "Tea, please", by=ravi)
    db.write(identity.block, ravi.user_id, by=asha)

    for who in (ravi, asha):
        with pytest.raises(chat.NotReachable) as refused:
            make.message(db, conversation, by=who)
        assert refused.value.facts == {}
    again = db.write(
        chat.send_message, sent_before, conversation, make.text("Tea, please"), by=ravi
    )
    assert again.seq == 1

    db.write(identity.unblock, ravi.user_id, by=asha)
    make.message(db, conversation, by=ravi)


def test_customers_see_the_shop_and_the_team_sees_the_author(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    meera = make.acting_for(db, asha.user_id, make.person(db, "Meera"))
    conversation = make.conversation(db, ravi, asha)
    make.message(db, conversation, "Yes, fresh today", by=meera)

    for who, author in ((ravi, None), (asha, meera.person_id)):
        entry = db.read(chat.list_messages, conversation, by=who).items[0]
        assert (entry.sender, entry.author) == (asha.user_id, author)
        frame = bodies(frames(db, who))[-1]
        assert frame["from"] == str(asha.user_id)
        assert frame.get("author") == (str(author) if author else None)


def test_the_frame_sent_at_once_is_the_frame_read_later(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    meera = make.acting_for(db, asha.user_id, make.person(db, "Meera"))
    conversation = make.conversation(db, ravi, asha)
    hints: dict[tuple[object, int], bytes | None] = {}
    db.after_commit.append(
        lambda tx: hints.update({(r.user_id, r.pos): r.hint for r in tx.rings if r.hint})
    )

    first = make.message(db, conversation, "Saffron?", by=ravi)
    make.message(db, conversation, "Yes", by=meera)
    make.message(db, conversation, Reaction(target_id=first, emoji="👍"), by=meera)
    db.write(chat.delete_message, make.message(db, conversation, "Oops", by=ravi), by=ravi)

    for who in (ravi, asha):
        for frame in frames(db, who).frames:
            read = msgspec.json.decode(frame)
            hint = hints.get((who.user_id, read["pos"]))
            if hint is None:
                continue
            told = {"t": "ev", "pos": read["pos"], **msgspec.json.decode(hint)}
            if read["k"] == "message" and "body" not in read:
                told.pop("body")  # It was deleted since.
            assert told == read


def test_an_emptied_stream_entry_is_a_message_without_words(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    message = make.message(db, conversation, "My PIN is 4711", by=ravi)

    deletion = db.write(chat.delete_message, message, by=ravi)
    again = db.write(chat.delete_message, message, by=ravi)

    assert deletion == again
    read = bodies(frames(db, asha))
    assert [(frame["seq"], frame["k"]) for frame in read] == [(1, "message"), (2, "deletion")]
    assert "body" not in read[0]
    assert read[1]["target"] == str(message)
    same = db.write(chat.send_message, message, conversation, make.text("My PIN is 4711"), by=ravi)
    assert same.seq == 1
    assert db.read(chat.list_messages, conversation, by=asha).items[0].body is None


def test_deleting_takes_the_words_of_its_edits_along(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    message = make.message(db, conversation, "My PIN is 4711", by=ravi)
    make.message(db, conversation, make.edit(message, "My PIN is 4712"), by=ravi)

    db.write(chat.delete_message, message, by=ravi)

    entries = db.read(chat.list_messages, conversation, by=asha).items
    assert [entry.body for entry in entries] == [None, None, None]


def test_only_the_sender_deletes_a_message(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    message = make.message(db, conversation, by=ravi)

    for who in (asha, make.person(db)):
        with pytest.raises(NotFound):
            db.write(chat.delete_message, message, by=who)
    with pytest.raises(NotFound):
        db.write(chat.delete_message, MessageId(uuid7()), by=ravi)


def test_an_own_text_can_be_edited_for_a_day(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    message = make.message(db, conversation, "Saffon?", by=ravi)
    place = make.message(db, conversation, Location(lat=1, lon=2), by=ravi)

    db.clock.advance(DAY)
    make.message(db, conversation, make.edit(message, "Saffron?"), by=ravi)

    with pytest.raises(chat.NotEditable):
        make.message(db, conversation, make.edit(message, "Sugar?"), by=asha)
    with pytest.raises(chat.NotEditable):
        make.message(db, conversation, make.edit(place, "Here"), by=ravi)
    db.clock.advance(1)
    with pytest.raises(chat.TooLateToEdit):
        make.message(db, conversation, make.edit(message, "Sugar?"), by=ravi)


def test_what_answers_or_changes_must_stand_in_the_same_conversation(
    db: RehearsedDatabase,
) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    elsewhere = make.message(db, make.conversation(db, ravi, make.shop(db)), by=ravi)
    here = make.message(db, conversation, by=ravi)

    make.message(db, conversation, make.text("Yes", answers=here), by=asha)
    make.message(db, conversation, Reaction(target_id=here, emoji="👍"), by=asha)

    for content in (
        make.text("Yes", answers=elsewhere),
        Reaction(target_id=elsewhere, emoji="👍"),
        make.edit(elsewhere, "No"),
        Reaction(target_id=MessageId(uuid7()), emoji="👍"),
    ):
        with pytest.raises(InvalidInput):
            make.message(db, conversation, content, by=ravi)


def test_a_page_of_history_is_complete_in_itself(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    sent = [make.message(db, conversation, f"Number {n}", by=ravi) for n in range(1, 31)]
    edit = make.message(db, conversation, make.edit(sent[4], "Number five"), by=ravi)

    page = db.read(chat.list_messages, conversation, before=8, limit=4, by=asha)

    assert make.words(page) == [f"Number {n}" for n in (4, 5, 6, 7)]
    assert [later.id for later in page.about] == [edit]
    assert (page.has_before, page.has_after) == (True, True)


def test_history_is_read_in_every_direction(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    for n in range(1, 11):
        make.message(db, conversation, f"{n}", by=ravi)

    def numbers(**where: int) -> list[int]:
        page = db.read(chat.list_messages, conversation, limit=4, by=asha, **where)
        return [item.seq for item in page.items]

    assert numbers() == [7, 8, 9, 10]
    assert numbers(before=7) == [3, 4, 5, 6]
    assert numbers(before=3) == [1, 2]
    assert numbers(before=1) == []
    assert numbers(after=0) == [1, 2, 3, 4]
    assert numbers(after=8) == [9, 10]
    assert numbers(around=5) == [3, 4, 5, 6]
    assert numbers(around=1) == [1, 2]
    assert numbers(around=10) == [8, 9, 10]


def test_history_is_read_around_a_message_of_this_conversation_only(db: RehearsedDatabase) -> None:
    ravi, asha, other = make.person(db), make.shop(db), make.person(db, "Omar")
    conversation = make.conversation(db, ravi, asha)
    sent = [make.message(db, conversation, f"{n}", by=ravi) for n in range(1, 11)]
    elsewhere = make.message(db, make.conversation(db, other, asha), "Not here", by=other)

    page = db.read(chat.list_messages, conversation, around_id=sent[4], limit=4, by=asha)
    assert make.words(page) == ["3", "4", "5", "6"]
    for unknown in (elsewhere, MessageId(uuid7())):
        with pytest.raises(NotFound):
            db.read(chat.list_messages, conversation, around_id=unknown, by=asha)


def test_a_first_message_wakes_a_conversation_and_so_does_one_after_a_silence(
    db: RehearsedDatabase, bus: Bus
) -> None:
    woken: list[int | None] = []
    bus.on(chat.ConversationWoke, lambda tx, event: woken.append(event.silence_ms))
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)

    make.message(db, conversation, by=ravi)
    make.message(db, conversation, by=ravi)
    db.clock.advance(3 * DAY)
    make.message(db, conversation, by=asha)
    make.message(db, conversation, by=ravi)
    db.clock.advance(2 * DAY)
    make.message(db, conversation, by=ravi)
    db.deliver()

    assert sorted(set(woken), key=lambda silence: silence or 0) == [None, 2 * DAY]


def test_a_message_takes_at_most_six_statements(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    db.rehearses = False
    statements: list[str] = []
    assert db._writer is not None
    if db.engine.dialect != "sqlite":
        pytest.skip("Counting is SQLite's: the statements are the same.")
    db._writer.set_trace_callback(statements.append)  # type: ignore[attr-defined]

    make.message(db, conversation, by=ravi)

    own = [s for s in statements if "chat_" in s or "identity_" in s]
    assert len(own) <= 6, own


def test_whatever_is_stored_says_the_same_again() -> None:
    photo = Photo(media=MediaId(uuid7()), width=800, height=600)
    for content in (
        Text(text="नमस्ते \x00 🙏"),
        Text(text="Fresh today", forwarded=True),
        Image(items=[photo], caption="Fresh"),
        Location(lat=12.97, lon=77.59, name="Blue gate"),
        Edit(target_id=MessageId(uuid7()), content=Text(text="Sorry")),
    ):
        stored = chat.content.write_content(content)
        assert chat.read_content(stored) == content
        assert chat.content.content_hash(stored) == sha256(stored.encode()).digest()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"type":"fact","fact":"order.paid"}',
        b'{"type":"text"}',
        b'{"type":"text","text":""}',
        b'{"type":"text","text":"%s"}' % (b"a" * 10_001),
        b'{"type":"text","text":"%s"}' % (b"a" * 70_000),
        b'{"type":"image","items":[]}',
        b'{"type":"location","lat":91,"lon":0}',
        b'{"type":"text","text":"\xff"}',
        b'{"type":"text","text":"\\ud800"}',
    ],
)
def test_content_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        chat.read_content(body)


def test_nobody_takes_an_id_that_the_server_would_derive(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    message = make.message(db, conversation, "My PIN is 4711", by=ravi)
    deletion = MessageId(derived_id(message, "deletion"))

    with pytest.raises(InvalidInput):
        db.write(chat.send_message, deletion, conversation, make.text(), by=asha)

    assert db.write(chat.delete_message, message, by=ravi).id == deletion
