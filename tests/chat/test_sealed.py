"""Private sending: what is encrypted is numbered and passed on, and nothing else is taken."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import bindparam, update

from kirana import chat, identity
from kirana.identity.tables import users
from kirana.platform.db import Q
from kirana.platform.events import Bus
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound
from kirana.platform.stream import Frames, read_stream
from kirana.values import Actor, ConversationId, MediaId, MessageId, UserId, uuid7
from tests.database import RehearsedDatabase

from . import make

_RAISE = Q(
    update(users).where(users.c.id == bindparam("id_")).values(devices_rev=users.c.devices_rev + 1)
)


def change_devices(db: RehearsedDatabase, who: Actor) -> None:
    """As if another device of theirs had been linked, or one revoked."""
    db.write(lambda tx: tx.do(_RAISE, id_=who.user_id))


def frames(db: RehearsedDatabase, who: Actor) -> list[dict[str, Any]]:
    page = db.read(read_stream, who.user_id, 0, Frames({"message": chat.message_frames}))
    return [msgspec.json.decode(frame) for frame in page.frames]


def test_ciphertext_is_kept_and_served_byte_for_byte(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    ct = make.ciphertext("नमस्ते").replace(":", ": ").replace(",", " ,")

    sent = db.write(
        chat.send_sealed,
        MessageId(uuid7()),
        place,
        chat.take_sealed(ct, make.rev_of(db, place, ravi), make.commitment()),
        by=ravi,
    )

    (entry,) = db.read(chat.list_messages, place, by=meera).items
    assert (entry.ct, entry.com, entry.dev) == (ct, make.commitment(), ravi.device_id)
    assert (entry.seq, entry.body, entry.sender) == (sent.seq, None, ravi.user_id)
    (frame,) = [frame for frame in frames(db, meera) if frame.get("conv") == str(place)]
    assert frame["ct"] == ct
    assert "body" not in frame


def test_the_frame_sent_at_once_is_the_frame_read_later(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    hints: dict[tuple[object, int], bytes | None] = {}
    db.after_commit.append(
        lambda tx: hints.update({(r.user_id, r.pos): r.hint for r in tx.rings if r.hint})
    )

    make.secret(db, place, by=ravi)
    make.secret(db, place, by=meera, ttl_s=3600, is_quiet=True)

    compared = 0
    for who in (ravi, meera):
        for frame in frames(db, who):
            if hint := hints.get((who.user_id, frame["pos"])):
                told = {"t": "ev", "pos": frame["pos"], **msgspec.json.decode(hint)}
                assert told == frame
                compared += 1
    assert compared == 4


@pytest.mark.parametrize(
    "ct",
    [
        "",
        "Hello",
        '"Hello"',
        '{"type":"text","text":"Hello"}',
        '{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"Hello Meera","session_id":"abc"}',
        '{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"","session_id":"abc"}',
        '{"algorithm":"none","ciphertext":"abc","session_id":"abc"}',
        '{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"abc","session_id":"abc","body":"Hi"}',
        '{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"abc","session_id":"abc",'
        '"device_id":"my PIN is 4711"}',
        '{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"\ud800","session_id":"abc"}',
    ],
)
def test_what_is_no_ciphertext_is_refused(ct: str) -> None:
    with pytest.raises(chat.NeedsEncryption):
        chat.take_sealed(ct, "1.0", make.commitment())


@pytest.mark.parametrize(
    "wrong",
    [
        {"rev": "1"},
        {"rev": ""},
        {"rev": "-1.0"},
        {"rev": "1.0\n"},
        {"com": "x"},
        {"com": "A" * 42 + "B"},
        {"com": make.commitment() + "="},
        {"ttl_s": 0},
        {"ttl_s": 91 * 24 * 3600},
        {"slot": "settings", "ttl_s": 60},
        {"slot": "settings", "media": [MediaId(uuid7()), MediaId(uuid7())]},
        {"over": 1},
    ],
)
def test_what_has_the_wrong_shape_is_refused(wrong: dict[str, Any]) -> None:
    right = {"ct": make.ciphertext(), "rev": "1.0", "com": make.commitment()}
    chat.take_sealed(**right)

    with pytest.raises(InvalidInput):
        chat.take_sealed(**(right | wrong))


def test_a_message_has_at_most_64_kib(db: RehearsedDatabase) -> None:
    with pytest.raises(InvalidInput):
        make.seal("x" * 65_536)


def test_plain_words_are_refused_in_private_and_ciphertext_in_a_shop(
    db: RehearsedDatabase,
) -> None:
    ravi, meera, asha = make.person(db), make.person(db, "Meera"), make.shop(db)
    private, business = make.private(db, ravi, meera), make.conversation(db, ravi, asha)

    with pytest.raises(chat.NeedsEncryption):
        make.message(db, private, "Hello", by=ravi)
    with pytest.raises(chat.NotEncrypted):
        db.write(chat.send_sealed, MessageId(uuid7()), business, make.seal(), by=ravi)


def test_the_same_message_again_is_one_message_whatever_has_changed(
    db: RehearsedDatabase,
) -> None:
    """The known id comes before every other check: view, membership, block."""
    ravi, meera, omar = make.person(db), make.person(db, "Meera"), make.person(db, "Omar")
    place = make.group(db, ravi, meera, omar)
    message, sealed = MessageId(uuid7()), make.seal(rev=make.rev_of(db, place, meera))
    first = db.write(chat.send_sealed, message, place, sealed, by=meera)

    db.clock.advance(1000)
    answers = [db.write(chat.send_sealed, message, place, sealed, by=meera)]
    change_devices(db, ravi)
    answers.append(db.write(chat.send_sealed, message, place, sealed, by=meera))
    db.write(chat.delete_message, message, by=meera)
    answers.append(db.write(chat.send_sealed, message, place, sealed, by=meera))
    db.write(chat.remove_member, place, meera.user_id, by=ravi)
    answers.append(db.write(chat.send_sealed, message, place, sealed, by=meera))

    assert answers == [first] * 4
    with pytest.raises(IdReused):
        db.write(chat.send_sealed, message, place, make.seal("Other", sealed.rev), by=meera)
    with pytest.raises(IdReused):
        db.write(chat.send_sealed, message, place, sealed, by=ravi)
    elsewhere = make.private(db, ravi, meera)
    with pytest.raises(IdReused):
        db.write(chat.send_sealed, message, elsewhere, sealed, by=meera)


def test_a_retry_after_a_block_or_an_expiry_is_still_the_same(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    message, sealed = MessageId(uuid7()), make.seal(rev=make.rev_of(db, place, ravi), ttl_s=60)
    first = db.write(chat.send_sealed, message, place, sealed, by=ravi)

    db.clock.advance(61_000)
    db.write(chat.expire_messages)
    db.write(identity.block, ravi.user_id, by=meera)

    assert db.write(chat.send_sealed, message, place, sealed, by=ravi) == first


@pytest.mark.parametrize("change", ["devices", "own devices", "added", "removed", "left"])
def test_a_stale_view_is_refused_and_says_what_to_look_at(
    db: RehearsedDatabase, change: str
) -> None:
    ravi, meera, omar = make.person(db), make.person(db, "Meera"), make.person(db, "Omar")
    lina = make.person(db, "Lina")
    place = make.group(db, ravi, meera, omar)
    make.friends(db, ravi, lina)
    rev, message = make.rev_of(db, place, ravi), MessageId(uuid7())
    pos = len(frames(db, meera))

    match change:
        case "devices":
            change_devices(db, meera)
        case "own devices":
            change_devices(db, ravi)
        case "added":
            db.write(chat.put_member, place, lina.user_id, by=ravi)
        case "removed":
            db.write(chat.remove_member, place, omar.user_id, by=ravi)
        case "left":
            db.write(chat.remove_member, place, omar.user_id, by=omar)
    with pytest.raises(chat.StaleAudience) as refused:
        db.write(chat.send_sealed, message, place, make.seal("Old", rev), by=ravi)

    facts = refused.value.facts
    revs = {one["user_id"]: one["devices_rev"] for one in facts["members"]}
    now = make.rev_of(db, place, ravi)
    assert now == f"{facts['members_rev']}.{sum(revs.values())}" != rev
    assert (lina.user_id in revs) == (change == "added")
    assert (omar.user_id in revs) == (change not in ("removed", "left"))
    told = [frame for frame in frames(db, meera)[pos:] if frame["k"] == "message"]
    assert told == []

    # Encrypted again, with the same id: it goes, once.
    again = make.seal("New", now)
    sent = db.write(chat.send_sealed, message, place, again, by=ravi)
    assert db.write(chat.send_sealed, message, place, again, by=ravi) == sent


def test_two_changes_that_cancel_out_in_number_are_noticed(db: RehearsedDatabase) -> None:
    """Who goes takes a sum along and who comes brings one: the first number tells."""
    ravi, meera, omar = make.person(db), make.person(db, "Meera"), make.person(db, "Omar")
    place = make.group(db, ravi, meera)
    make.friends(db, ravi, omar)
    rev = make.rev_of(db, place, ravi)

    db.write(chat.remove_member, place, meera.user_id, by=ravi)
    db.write(chat.put_member, place, omar.user_id, by=ravi)

    with pytest.raises(chat.StaleAudience):
        db.write(chat.send_sealed, MessageId(uuid7()), place, make.seal(rev=rev), by=ravi)


def test_outsiders_and_those_who_went_cannot_send(db: RehearsedDatabase) -> None:
    ravi, meera, stranger = make.person(db), make.person(db, "Meera"), make.person(db)
    place = make.group(db, ravi, meera)
    rev = make.rev_of(db, place, meera)
    db.write(chat.remove_member, place, meera.user_id, by=ravi)

    with pytest.raises(chat.NotReachable):
        db.write(chat.send_sealed, MessageId(uuid7()), place, make.seal(rev=rev), by=meera)
    for where in (place, ConversationId(uuid7())):
        with pytest.raises(NotFound):
            db.write(chat.send_sealed, MessageId(uuid7()), where, make.seal(), by=stranger)


def test_a_block_is_a_neutral_refusal(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    db.write(identity.block, ravi.user_id, by=meera)

    for who in (ravi, meera):
        with pytest.raises(chat.NotReachable) as refused:
            make.secret(db, place, by=who)
        assert refused.value.facts == {}


def test_a_block_in_a_group_stops_nobody(db: RehearsedDatabase) -> None:
    """There it folds on the blocker's screen only."""
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.group(db, ravi, meera)
    db.write(identity.block, ravi.user_id, by=meera)

    make.secret(db, place, by=ravi)

    assert len(db.read(chat.list_messages, place, by=meera).items) == 1


def test_a_note_to_oneself_is_encrypted_too(db: RehearsedDatabase) -> None:
    ravi = make.person(db)
    place = ConversationId(uuid7())
    db.write(chat.open_conversation, place, chat.Kind.PRIVATE, ravi.user_id, by=ravi)

    make.secret(db, place, by=ravi)

    shown = db.read(chat.list_conversations, by=ravi).items[0]
    assert (shown.seq, shown.unread, shown.state) == (1, 0, "joined")
    assert [member.user_id for member in shown.members] == [ravi.user_id]


def test_a_list_counts_private_messages_and_shows_no_ciphertext(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    make.secret(db, place, by=ravi)
    last = make.secret(db, place, by=ravi)
    make.secret(db, place, by=ravi, is_quiet=True)

    shown = db.read(chat.list_conversations, by=meera).items[0]

    assert (shown.unread, shown.seq) == (2, 3)
    assert shown.last is not None
    assert (shown.last.id, shown.last.ct, shown.last.com) == (last, None, None)
    assert {card.name for card in shown.cards} == {"Ravi", "Meera"}
    quiet = db.read(chat.list_messages, place, by=meera).items[-1]
    assert quiet.quiet is True


def test_a_private_send_emits_nothing_leaves_no_job_and_takes_six_statements(
    db: RehearsedDatabase, bus: Bus
) -> None:
    heard: list[object] = []
    for event in (chat.MessageSent, chat.ConversationWoke):
        bus.on(event, lambda tx, event: heard.append(event))
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    sealed = make.seal(rev=make.rev_of(db, place, ravi))
    told: list[object] = []
    db.before_commit.insert(0, lambda tx: told.extend(tx.told))
    statements: list[str] = []
    if db.engine.dialect == "sqlite":
        db.rehearses = False
        db._writer.set_trace_callback(statements.append)  # type: ignore[union-attr]

    db.write(chat.send_sealed, MessageId(uuid7()), place, sealed, by=ravi)
    db.deliver()

    assert (told, heard) == ([], [])
    own = [s for s in statements if "chat_" in s or "identity_" in s]
    assert len(own) <= 6, own


def test_settings_are_remembered_for_new_devices(db: RehearsedDatabase) -> None:
    ravi, meera, omar = make.person(db), make.person(db, "Meera"), make.person(db, "Omar")
    place = make.group(db, ravi, meera)
    make.secret(db, place, "Old name", by=ravi, slot="settings")
    named = make.secret(db, place, "New name", by=ravi, slot="settings")
    make.secret(db, place, "Hello", by=meera)

    shown = db.read(chat.get_conversation, place, by=meera)
    assert shown.settings is not None
    assert (shown.settings.id, shown.settings.ct) == (named, make.ciphertext("New name"))
    assert shown.unread == 0
    with pytest.raises(NotAllowed):
        make.secret(db, place, "My name", by=meera, slot="settings")
    with pytest.raises(NotFound):
        db.write(chat.delete_message, named, by=ravi)

    # Somebody new could not open what was encrypted before, and is not given it.
    make.friends(db, ravi, omar)
    db.write(chat.put_member, place, omar.user_id, by=ravi)
    assert db.read(chat.get_conversation, place, by=omar).settings is None
    again = make.secret(db, place, "New name", by=ravi, slot="settings")
    settings = db.read(chat.get_conversation, place, by=omar).settings
    assert settings is not None
    assert settings.id == again


def test_settings_that_were_made_from_older_ones_are_refused(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    make.secret(db, place, "Pinned", by=ravi, slot="settings", over=0)

    with pytest.raises(chat.StaleSettings) as stale:
        make.secret(db, place, "Pinned by me", by=meera, slot="settings", over=0)

    assert stale.value.facts == {"seq": 1}
    make.secret(db, place, "Both pinned", by=meera, slot="settings", over=1)
    settings = db.read(chat.get_conversation, place, by=ravi).settings
    assert settings is not None
    assert settings.ct == make.ciphertext("Both pinned")


def test_either_of_two_sets_what_holds_for_both(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)

    by_meera = make.secret(db, place, "Timer", by=meera, slot="settings")

    settings = db.read(chat.get_conversation, place, by=ravi).settings
    assert settings is not None
    assert settings.id == by_meera


def test_a_deleted_private_message_and_its_edits_are_gone(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    message = make.secret(db, place, "PIN 4711", by=ravi)
    edit = make.secret(db, place, "PIN 4712", by=ravi, is_quiet=True)

    for one in (message, edit):
        with pytest.raises(NotFound):
            db.write(chat.delete_message, one, by=meera)
        db.write(chat.delete_message, one, by=ravi)

    items = db.read(chat.list_messages, place, by=meera).items
    assert [(item.seq, item.k, item.ct) for item in items] == [
        (1, "message", None),
        (2, "message", None),
        (3, "deletion", None),
        (4, "deletion", None),
    ]


def test_nobody_finds_private_words_on_the_server(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    make.secret(db, place, "saffron", by=ravi)

    for text in ("saffron", "algorithm", "m"):
        assert db.read(chat.search_messages, text, by=meera).items == []


def test_new_keys_are_told_once_in_each_private_conversation(db: RehearsedDatabase) -> None:
    ravi, meera, omar = make.person(db), make.person(db, "Meera"), make.person(db, "Omar")
    places = [make.private(db, ravi, meera), make.group(db, omar, ravi)]
    shop = make.conversation(db, ravi, make.shop(db))

    for _ in range(2):
        db.write(chat.post_new_keys, UserId(ravi.user_id), 7)
    db.write(chat.post_new_keys, UserId(ravi.user_id), 8)

    told = {"type": "change", "change": "keys", "user_id": str(ravi.user_id)}
    for place in places:
        assert make.changes(db, place, ravi) == [told, told]
    assert make.changes(db, shop, ravi) == []
