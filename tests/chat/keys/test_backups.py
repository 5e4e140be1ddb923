"""The backup of message keys keeps the better of two, and forgets nothing by itself."""

import msgspec
import pytest

from kirana import chat
from kirana.chat.keys import backups
from kirana.chat.keys.backups import BackedUpKey, BackedUpRoom
from kirana.platform.problems import InvalidInput, NotFound, TooLarge
from kirana.values import ConversationId, conversation_name, uuid7
from tests.crypto import Json
from tests.database import RehearsedDatabase

from . import make

PLACE = conversation_name(ConversationId(uuid7()))
ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2"


def key(index: int = 0, forwards: int = 0, verified: bool = False, text: str = "x") -> BackedUpKey:
    return BackedUpKey(index, forwards, verified, {"ciphertext": text})


def begin(who: make.Person, public_key: str = "one") -> str:
    data = backups.read_backup(ALGORITHM, {"public_key": public_key})
    return who.db.write(backups.create_backup, ALGORITHM, data, by=who.by)


def keep(
    who: make.Person, version: str, sessions: dict[str, BackedUpKey], place: str = PLACE
) -> backups.BackupState:
    uploaded = backups.read_keys({place: BackedUpRoom(sessions)})
    return who.db.write(backups.save_keys, version, uploaded, by=who.by)


def kept(who: make.Person, version: str) -> Json:
    shown = who.db.read(backups.list_backed_up_keys, version, by=who.by)
    rooms: Json = msgspec.json.decode(msgspec.json.encode(shown))["rooms"]
    return rooms


def test_what_was_kept_comes_back_as_it_was(db: RehearsedDatabase) -> None:
    ravi = make.person(db)
    version = begin(ravi)
    other = conversation_name(ConversationId(uuid7()))

    first = keep(ravi, version, {"a+/": key(3, 1, True, "one"), "b": key()})
    second = keep(ravi, version, {"a+/": key(text="elsewhere")}, other)
    latest = ravi.db.read(backups.get_latest_backup, by=ravi.by)

    assert kept(ravi, version) == {
        PLACE: {
            "sessions": {
                "a+/": {
                    "first_message_index": 3,
                    "forwarded_count": 1,
                    "is_verified": True,
                    "session_data": {"ciphertext": "one"},
                },
                "b": {
                    "first_message_index": 0,
                    "forwarded_count": 0,
                    "is_verified": False,
                    "session_data": {"ciphertext": "x"},
                },
            }
        },
        other: {"sessions": {"a+/": msgspec.to_builtins(key(text="elsewhere"))}},
    }
    assert (first.count, second.count) == (2, 3)
    assert first.etag != second.etag
    assert (latest.version, latest.count, latest.etag) == (version, 3, second.etag)
    assert latest.algorithm == ALGORITHM
    assert msgspec.json.decode(latest.auth_data) == {"public_key": "one"}


@pytest.mark.parametrize(
    ("there", "offered", "is_better"),
    [
        (key(5), key(5), False),
        (key(5), key(4), True),
        (key(5), key(6), False),
        (key(5, 2), key(5, 1), True),
        (key(5, 1), key(5, 2), False),
        (key(5, 0), key(4, 9), True),
        (key(0), key(9, 9, True), True),
        (key(9, 9, True), key(0), False),
        (key(9, 0, True), key(8, 9, True), True),
    ],
)
def test_a_key_is_replaced_only_by_a_better_one(
    db: RehearsedDatabase, there: BackedUpKey, offered: BackedUpKey, is_better: bool
) -> None:
    ravi = make.person(db)
    version = begin(ravi)
    before = keep(ravi, version, {"a": there})
    marked = BackedUpKey(
        offered.first_message_index, offered.forwarded_count, offered.is_verified, {"new": True}
    )

    after = keep(ravi, version, {"a": marked})

    data = kept(ravi, version)[PLACE]["sessions"]["a"]["session_data"]
    assert (data == {"new": True}) is is_better
    assert (after.etag != before.etag) is is_better
    assert after.count == 1


def test_only_the_latest_backup_takes_keys_and_the_one_before_can_be_read(
    db: RehearsedDatabase,
) -> None:
    ravi = make.person(db)
    first = begin(ravi, "one")
    keep(ravi, first, {"a": key()})
    second = begin(ravi, "two")

    with pytest.raises(chat.BackupReplaced) as refused:
        keep(ravi, first, {"b": key()})
    assert refused.value.facts == {"version": second}
    assert list(kept(ravi, first)[PLACE]["sessions"]) == ["a"]
    assert kept(ravi, second) == {}
    third = begin(ravi, "three")
    with pytest.raises(chat.BackupReplaced) as gone:
        kept(ravi, first)
    assert gone.value.facts == {"version": third}


def test_beginning_the_same_backup_again_answers_the_same_version(db: RehearsedDatabase) -> None:
    ravi = make.person(db)

    assert begin(ravi) == begin(ravi)
    assert begin(ravi, "two") != begin(ravi, "one")


def test_a_deleted_backup_is_gone_and_its_version_is_never_given_again(
    db: RehearsedDatabase,
) -> None:
    ravi = make.person(db)
    first = begin(ravi)
    keep(ravi, first, {"a": key()})

    ravi.db.write(backups.delete_backup, first, by=ravi.by)

    for ask in (
        lambda: kept(ravi, first),
        lambda: keep(ravi, first, {"a": key()}),
        lambda: ravi.db.read(backups.get_latest_backup, by=ravi.by),
        lambda: ravi.db.write(backups.delete_backup, first, by=ravi.by),
    ):
        with pytest.raises(NotFound):
            ask()
    assert begin(ravi) != first


def test_nobody_reads_anothers_backup(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    version = begin(ravi)
    keep(ravi, version, {"a": key()})
    assert begin(meera, "hers") == version

    assert kept(meera, version) == {}
    assert list(kept(make.device_of(db, ravi.id), version)[PLACE]["sessions"]) == ["a"]


def test_a_backup_has_an_end(db: RehearsedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "MAX_KEYS", 2)
    ravi = make.person(db)
    version = begin(ravi)
    keep(ravi, version, {"a": key(9), "b": key()})

    with pytest.raises(TooLarge):
        keep(ravi, version, {"c": key()})
    assert keep(ravi, version, {"a": key(1)}).count == 2


def test_what_is_no_key_is_refused() -> None:
    good = {"a": key()}

    for rooms in (
        {"!elsewhere:example.org": BackedUpRoom(good)},
        {PLACE.upper(): BackedUpRoom(good)},
        {PLACE: BackedUpRoom({"\x00": key()})},
        {PLACE: BackedUpRoom({"a": key(text="x" * 9_000)})},
        {PLACE: BackedUpRoom({f"{n}": key() for n in range(1_001)})},
    ):
        with pytest.raises(InvalidInput):
            backups.read_keys(rooms)
    with pytest.raises(InvalidInput):
        backups.read_backup("no\x00ne", {})
