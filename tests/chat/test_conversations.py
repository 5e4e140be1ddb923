import pytest

from kirana import chat, identity
from kirana.chat import Kind
from kirana.platform.problems import IdReused, InvalidInput, NotFound
from kirana.platform.stream import head_of
from kirana.values import ConversationId, EventId, uuid7
from tests.database import RehearsedDatabase

from . import make


def test_a_customer_opens_a_conversation_with_a_shop(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db, "Asha's Tea")

    opened = db.write(
        chat.open_conversation, ConversationId(uuid7()), Kind.BUSINESS, asha.user_id, by=ravi
    )

    assert opened.kind == Kind.BUSINESS
    assert opened.business_id == asha.user_id
    assert opened.other is not None
    assert opened.other.name == "Asha's Tea"
    assert (opened.unread, opened.last) == (0, None)


def test_opening_with_the_same_id_again_answers_the_same(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = ConversationId(uuid7())

    first = db.write(chat.open_conversation, conversation, Kind.BUSINESS, asha.user_id, by=ravi)
    again = db.write(chat.open_conversation, conversation, Kind.BUSINESS, asha.user_id, by=ravi)

    assert again == first
    with pytest.raises(IdReused):
        db.write(
            chat.open_conversation, conversation, Kind.BUSINESS, make.shop(db).user_id, by=ravi
        )


def test_two_users_have_one_conversation_of_a_kind(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    there = make.conversation(db, ravi, asha)

    with pytest.raises(chat.ConversationExists) as refused:
        db.write(
            chat.open_conversation, ConversationId(uuid7()), Kind.BUSINESS, ravi.user_id, by=asha
        )

    assert refused.value.facts == {"conversation_id": there}


def test_a_business_conversation_needs_a_shop(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db)

    with pytest.raises(chat.NeedsBusiness):
        db.write(
            chat.open_conversation, ConversationId(uuid7()), Kind.BUSINESS, meera.user_id, by=ravi
        )


def test_a_private_conversation_is_between_two_people(db: RehearsedDatabase) -> None:
    ravi, meera, asha, guest = make.person(db), make.person(db), make.shop(db), make.guest(db)

    opened = db.write(
        chat.open_conversation, ConversationId(uuid7()), Kind.PRIVATE, meera.user_id, by=ravi
    )

    assert (opened.kind, opened.business_id) == (Kind.PRIVATE, None)
    for other in (asha, guest):
        with pytest.raises(chat.NoDevices):
            db.write(
                chat.open_conversation,
                ConversationId(uuid7()),
                Kind.PRIVATE,
                other.user_id,
                by=ravi,
            )


def test_nobody_opens_a_conversation_with_nobody(db: RehearsedDatabase) -> None:
    ravi = make.person(db)

    with pytest.raises(NotFound):
        db.write(
            chat.open_conversation, ConversationId(uuid7()), Kind.BUSINESS, make.nobody(), by=ravi
        )


def test_a_block_closes_the_door_without_saying_so(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    db.write(identity.block, asha.user_id, by=ravi)

    for who, other in ((ravi, asha), (asha, ravi)):
        with pytest.raises(chat.NotReachable) as refused:
            db.write(
                chat.open_conversation,
                ConversationId(uuid7()),
                Kind.BUSINESS,
                other.user_id,
                by=who,
            )
        assert refused.value.facts == {}


def test_the_list_has_the_latest_first_and_goes_on_page_by_page(db: RehearsedDatabase) -> None:
    asha = make.shop(db)
    customers = [make.person(db, f"Customer {n}") for n in range(5)]
    for customer in customers:
        conversation = make.conversation(db, customer, asha)
        db.clock.advance(1000)
        make.message(db, conversation, by=customer)

    names, after = [], None
    while True:
        page = db.read(chat.list_conversations, after=after, limit=2, by=asha)
        names += [item.other.name for item in page.items if item.other]
        if (after := page.next) is None:
            break

    assert names == [f"Customer {n}" for n in (4, 3, 2, 1, 0)]


def test_pages_lose_nothing_when_many_are_active_at_once(db: RehearsedDatabase) -> None:
    asha = make.shop(db)
    made = set()
    for n in range(7):
        customer = make.person(db, f"Customer {n}")
        made.add(conversation := make.conversation(db, customer, asha))
        make.message(db, conversation, by=customer)

    found, after = [], None
    while True:
        page = db.read(chat.list_conversations, after=after, limit=3, by=asha)
        found += [item.id for item in page.items]
        if (after := page.next) is None:
            break

    assert len(found) == len(made)
    assert set(found) == made


def test_a_made_up_cursor_is_refused(db: RehearsedDatabase) -> None:
    ravi = make.person(db)

    for cursor in ("x", "1:2", "9" * 40, ":", "\x00"):
        with pytest.raises(InvalidInput):
            db.read(chat.list_conversations, after=cursor, by=ravi)


def test_an_empty_conversation_shows_only_to_who_opened_it(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    make.conversation(db, ravi, asha)

    assert len(db.read(chat.list_conversations, by=ravi).items) == 1
    assert db.read(chat.list_conversations, by=asha).items == []


def test_the_list_says_where_the_stream_goes_on(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    make.message(db, conversation, by=ravi)

    page = db.read(chat.list_conversations, by=asha)

    assert page.as_of == db.read(head_of, asha.user_id) == 1


def test_the_list_shows_the_last_message_with_what_became_of_it(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    message = make.message(db, conversation, "Saffon?", by=ravi)
    edit = make.message(db, conversation, make.edit(message, "Saffron?"), by=ravi)

    shown = db.read(chat.list_conversations, by=asha).items[0]

    assert shown.last is not None
    assert shown.last.id == message
    assert [later.id for later in shown.about_last] == [edit]


def test_a_strangers_conversation_is_not_found(db: RehearsedDatabase) -> None:
    ravi, asha, stranger = make.person(db), make.shop(db), make.person(db)
    conversation = make.conversation(db, ravi, asha)

    with pytest.raises(NotFound):
        db.read(chat.get_conversation, conversation, by=stranger)
    with pytest.raises(NotFound):
        db.read(chat.list_messages, conversation, by=stranger)
    with pytest.raises(NotFound):
        db.write(chat.set_sides, conversation, is_archived=True, muted_until=None, by=stranger)


def test_archiving_and_muting_are_for_oneself(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)

    db.write(chat.set_sides, conversation, is_archived=True, muted_until=2**50, by=ravi)
    mine = db.write(chat.set_sides, conversation, is_archived=None, muted_until=None, by=ravi)
    theirs = db.read(chat.get_conversation, conversation, by=asha)

    assert (mine.is_archived, mine.muted_until) == (True, 2**50)
    assert (theirs.is_archived, theirs.muted_until) == (False, None)
    back = db.write(chat.set_sides, conversation, is_archived=False, muted_until=0, by=ravi)
    assert (back.is_archived, back.muted_until) == (False, None)


def test_cards_find_or_begin_the_one_conversation_of_two(db: RehearsedDatabase) -> None:
    ravi, meera, asha = make.person(db), make.person(db), make.shop(db)
    opened = make.conversation(db, ravi, asha)

    with_shop = db.write(chat.direct_conversation, asha.user_id, ravi.user_id)
    private = db.write(chat.direct_conversation, ravi.user_id, meera.user_id)
    again = db.write(chat.direct_conversation, meera.user_id, ravi.user_id, Kind.PRIVATE)

    assert with_shop == opened
    assert again == private
    assert db.read(chat.get_conversation, private, by=meera).kind == Kind.PRIVATE


def test_somebody_who_became_known_keeps_the_conversations_of_the_guest(
    db: RehearsedDatabase,
) -> None:
    guest, asha, ravi = make.guest(db), make.shop(db), make.person(db)
    conversation = make.conversation(db, guest, asha)
    make.message(db, conversation, "I am a stranger", by=guest)
    joined = identity.GuestJoined(guest.user_id, ravi.user_id, event_id=EventId(uuid7()))

    db.write(chat.join_guest, joined)
    db.write(chat.join_guest, joined)

    mine = db.read(chat.list_conversations, by=ravi).items
    assert [item.id for item in mine] == [conversation]
    assert mine[0].unread == 0
    assert db.read(chat.list_conversations, by=guest).items == []
    make.message(db, conversation, "It is me, Ravi", by=ravi)
    there = db.write(chat.direct_conversation, ravi.user_id, asha.user_id)
    assert there == conversation


def test_two_conversations_of_one_person_become_one_without_a_hole(
    db: RehearsedDatabase,
) -> None:
    guest, asha, ravi = make.guest(db), make.shop(db), make.person(db)
    known = make.conversation(db, ravi, asha)
    make.message(db, known, "one", by=ravi)
    make.message(db, known, "two", by=asha)
    db.write(chat.mark_read, known, 2, by=asha)
    strange = make.conversation(db, guest, asha)
    make.message(db, strange, "three", by=guest)
    retried = make.message(db, strange, "four", by=guest)
    db.write(chat.mark_read, strange, 1, by=asha)
    joined = identity.GuestJoined(guest.user_id, ravi.user_id, event_id=EventId(uuid7()))

    db.write(chat.join_guest, joined)
    db.write(chat.join_guest, joined)

    history = db.read(chat.list_messages, known, by=asha)
    assert make.words(history) == ["one", "two", "three", "four"]
    assert [item.seq for item in history.items] == [1, 2, 3, 4]
    assert {item.sender for item in history.items} == {ravi.user_id, asha.user_id}
    shown = db.read(chat.list_conversations, by=asha).items
    assert [(item.id, item.seq, item.unread) for item in shown] == [(known, 4, 1)]
    assert db.read(chat.get_conversation, strange, by=ravi).id == known
    sent = db.write(chat.send_message, retried, strange, make.text("four"), by=ravi)
    assert (sent.conversation_id, sent.seq) == (known, 4)
    with pytest.raises(chat.ConversationExists) as refused:
        make.message(db, strange, "five", by=ravi)
    assert refused.value.facts == {"conversation_id": known}
