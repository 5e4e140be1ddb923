"""What disappears or is deleted is gone from the database and the disk; the numbers stay whole."""

from pathlib import Path

import pytest
from sqlalchemy import select

from kirana import chat
from kirana.chat import parts, tables
from kirana.chat.uploads import with_id
from kirana.platform import jobs
from kirana.platform.blobs import LocalBlobs
from kirana.platform.db import Q, metadata
from kirana.platform.jobs import Outside
from kirana.platform.problems import NotAllowed, NotFound
from kirana.values import Actor, MediaId, UserId, uuid7
from tests.database import RehearsedDatabase

from . import make

_ALL = Q(select(tables.messages).order_by(tables.messages.c.seq))


def everything(db: RehearsedDatabase) -> str:
    """All that stands in the database."""
    return "\n".join(
        str(db.read(lambda tx, q: tx.all(q), Q(select(table))))
        for table in metadata.tables.values()
    )


async def stored_file(
    db: RehearsedDatabase, blobs: LocalBlobs, content: bytes, *, by: Actor
) -> MediaId:
    media = MediaId(uuid7())
    db.write(chat.begin_upload, media, len(content), 1, by=by)
    name = parts.part_name(media, content)
    assert await blobs.put(with_id(media, content)) == name
    db.write(chat.keep_part, media, 0, name, len(content), by=by)
    return media


async def run_outside(db: RehearsedDatabase, blobs: LocalBlobs) -> None:
    for job in db.read(jobs.list_due):
        handler = db.bus.handlers[job.name]
        outside = Outside(None, None, blobs)  # type: ignore[arg-type]
        await handler.function(outside, **handler.read(job.payload))


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def test_what_disappeared_is_gone_and_its_number_stays(
    db: RehearsedDatabase, tmp_path: Path
) -> None:
    blobs = LocalBlobs(tmp_path / "files")
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    media = await stored_file(db, blobs, b"ciphertext of a photo", by=ravi)
    kept = make.secret(db, place, "stays", by=ravi)
    message = make.secret(db, place, "goes", ttl_s=60, media=[media], by=ravi)
    assert make.ciphertext("goes") in everything(db)

    db.clock.advance(59_999)
    assert db.write(chat.expire_messages) == 0
    assert db.read(chat.list_messages, place, by=meera).items[-1].ct is not None
    db.clock.advance(1)
    # Also before the clockwork comes by, nobody is served it.
    late = db.read(chat.list_messages, place, by=meera).items[-1]
    assert (late.id, late.ct) == (message, None)
    with pytest.raises(NotFound):
        db.read(chat.get_media, media, by=meera)
    assert db.read(chat.get_conversation, place, by=meera).unread == 1
    assert db.write(chat.expire_messages) == 1
    assert db.write(chat.expire_messages) == 0
    await run_outside(db, blobs)

    assert make.ciphertext("goes") not in everything(db)
    assert make.ciphertext("stays") in everything(db)
    assert b"ciphertext of a photo" not in on_disk(tmp_path / "files")
    rows = db.read(lambda tx: tx.all(_ALL))
    assert [(row.seq, row.id) for row in rows] == [(1, kept), (2, message)]
    assert rows[1].content_hash is not None
    assert db.read(chat.get_conversation, place, by=meera).seq == 2


async def test_what_was_deleted_is_gone_and_its_number_stays(
    db: RehearsedDatabase, tmp_path: Path
) -> None:
    blobs = LocalBlobs(tmp_path / "files")
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    media = await stored_file(db, blobs, b"ciphertext of a photo", by=ravi)
    message = make.secret(db, place, "goes", media=[media], by=ravi)
    forwarded = make.secret(db, make.private(db, meera, make.person(db)), media=[media], by=meera)

    db.write(chat.delete_message, message, by=ravi)
    await run_outside(db, blobs)

    assert make.ciphertext("goes") not in everything(db)
    assert b"ciphertext of a photo" in on_disk(tmp_path / "files")
    db.write(chat.delete_message, forwarded, by=meera)
    await run_outside(db, blobs)
    assert b"ciphertext of a photo" not in on_disk(tmp_path / "files")
    numbers = [item.seq for item in db.read(chat.list_messages, place, by=meera).items]
    assert numbers == [1, 2]


def test_the_timer_of_a_conversation_is_a_change_that_all_see(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)

    for _ in range(2):
        assert db.write(chat.set_timer, place, 86_400, by=meera).timer_s == 86_400
    assert db.write(chat.set_timer, place, 0, by=ravi).timer_s is None

    assert [(one["user_id"], one["timer_s"]) for one in make.changes(db, place, ravi)] == [
        (str(meera.user_id), 86_400),
        (str(ravi.user_id), 0),
    ]
    with pytest.raises(NotFound):
        db.write(chat.set_timer, place, 0, by=make.person(db))
    group = make.group(db, ravi, meera)
    with pytest.raises(NotAllowed):
        db.write(chat.set_timer, group, 86_400, by=meera)


def test_words_to_a_shop_disappear_with_their_edits_and_cannot_be_found(
    db: RehearsedDatabase,
) -> None:
    ravi, asha = make.person(db), make.shop(db)
    place = make.conversation(db, ravi, asha)
    make.message(db, place, "This saffron stays", by=ravi)
    db.write(chat.set_timer, place, 86_400, by=ravi)
    goes = make.message(db, place, "This saffron goes", by=ravi)
    db.clock.advance(1_000)
    make.message(db, place, make.edit(goes, "This saffron goes too"), by=ravi)

    db.clock.advance(86_399_000)
    found = db.read(chat.search_messages, "saffron", by=asha).items
    db.write(chat.expire_messages)

    assert [one.message.seq for one in found] == [1]
    assert len(db.read(chat.search_messages, "saffron", by=asha).items) == 1
    assert "goes" not in everything(db)
    items = db.read(chat.list_messages, place, by=asha).items
    assert [(item.seq, item.body is None) for item in items] == [
        (1, False),
        (2, False),
        (3, True),
        (4, True),
    ]


def test_what_one_hides_is_hidden_from_oneself_only(db: RehearsedDatabase) -> None:
    ravi, meera, asha = make.person(db), make.person(db, "Meera"), make.shop(db)
    private, business = make.private(db, ravi, meera), make.conversation(db, meera, asha)
    secret = make.secret(db, private, by=ravi)
    said = make.message(db, business, "Fresh saffron", by=asha)
    told: list[tuple[UserId, str]] = []
    db.after_commit.append(
        lambda tx: told.extend((ring.user_id, ring.change.kind) for ring in tx.rings)
    )

    for message in (secret, said, secret):
        db.write(chat.hide_message, message, by=meera)

    assert told == [(meera.user_id, "hidden")] * 2
    for place in (private, business):
        (mine,) = db.read(chat.list_messages, place, by=meera).items
        assert (mine.hidden, mine.ct, mine.body) == (True, None, None)
        assert db.read(chat.get_conversation, place, by=meera).unread == 0
    (theirs,) = db.read(chat.list_messages, private, by=ravi).items
    assert (theirs.hidden, theirs.ct) == (False, make.ciphertext())
    assert db.read(chat.search_messages, "saffron", by=meera).items == []
    assert len(db.read(chat.search_messages, "saffron", by=asha).items) == 1


def test_nobody_hides_what_they_cannot_see(db: RehearsedDatabase) -> None:
    ravi, meera, omar = make.person(db), make.person(db, "Meera"), make.person(db, "Omar")
    place = make.group(db, ravi, meera)
    message = make.secret(db, place, by=ravi)
    make.friends(db, ravi, omar)
    db.write(chat.put_member, place, omar.user_id, by=ravi)

    for who in (omar, make.person(db)):
        with pytest.raises(NotFound):
            db.write(chat.hide_message, message, by=who)
