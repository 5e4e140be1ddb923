"""Encrypted files come in parts, are resumed, and are for those who may see them."""

from pathlib import Path

import pytest

from kirana import chat
from kirana.chat import parts as in_parts
from kirana.chat.model import MAX_PART_BYTES, MAX_SEALED_BYTES, MAX_VIDEO_BYTES
from kirana.chat.uploads import video_type, with_id
from kirana.platform.blobs import LocalBlobs
from kirana.platform.problems import IdReused, InvalidInput, NotFound, TooLarge
from kirana.values import Actor, MediaId, uuid7
from tests.database import RehearsedDatabase

from . import make

PARTS = (b"first part ", b"second part", b"end")
SIZE = sum(map(len, PARTS))
WHOLE = b"".join(PARTS)


def keep(
    db: RehearsedDatabase, media: MediaId, n: int, content: bytes, *, by: Actor
) -> chat.Upload:
    name = in_parts.part_name(media, content)
    return db.write(chat.keep_part, media, n, name, len(content), by=by)


def begun(db: RehearsedDatabase, by: Actor, parts: int = 3, size: int = SIZE) -> MediaId:
    media = MediaId(uuid7())
    db.write(chat.begin_upload, media, size, parts, by=by)
    return media


def uploaded(db: RehearsedDatabase, by: Actor) -> MediaId:
    media = begun(db, by)
    for n, part in enumerate(PARTS):
        keep(db, media, n, part, by=by)
    return media


def test_parts_come_in_any_order_and_again(db: RehearsedDatabase) -> None:
    ravi = make.person(db)
    media = begun(db, ravi)

    keep(db, media, 2, PARTS[2], by=ravi)
    half = keep(db, media, 0, PARTS[0], by=ravi)
    again = keep(db, media, 0, PARTS[0], by=ravi)
    resumed = db.write(chat.begin_upload, media, SIZE, 3, by=ravi)
    whole = keep(db, media, 1, PARTS[1], by=ravi)

    assert half == again == resumed
    assert (half.arrived, half.is_complete) == ([0, 2], False)
    assert (whole.arrived, whole.is_complete) == ([0, 1, 2], True)
    assert keep(db, media, 1, PARTS[1], by=ravi) == whole
    assert db.read(chat.get_media, media, by=ravi).kind == "sealed"


async def test_any_piece_of_a_file_is_read_from_its_parts(
    db: RehearsedDatabase, tmp_path: Path
) -> None:
    ravi = make.person(db)
    media, blobs = uploaded(db, ravi), LocalBlobs(tmp_path)
    for part in PARTS:
        await blobs.put(with_id(media, part))
    size, parts = db.read(in_parts.pieces_of, media, by=ravi)

    assert size == SIZE
    for first in range(SIZE):
        for last in range(first, SIZE):
            pieces = in_parts.read_pieces(media, parts, first, last, blobs=blobs)
            assert b"".join([piece async for piece in pieces]) == WHOLE[first : last + 1]


def test_a_part_that_does_not_belong_is_refused(db: RehearsedDatabase) -> None:
    ravi = make.person(db)
    media = begun(db, ravi)
    keep(db, media, 0, PARTS[0], by=ravi)

    with pytest.raises(IdReused):
        keep(db, media, 0, PARTS[1], by=ravi)
    for n, content in (
        (3, b"x"),
        (-1, b"x"),
        (1, b""),
        (1, b"x" * (SIZE - len(PARTS[0]))),
        (1, b"x" * (MAX_PART_BYTES + 1)),
    ):
        with pytest.raises(InvalidInput):
            keep(db, media, n, content, by=ravi)
    keep(db, media, 1, PARTS[1], by=ravi)
    for content in (b"", b"en", b"ends"):
        with pytest.raises(InvalidInput):
            keep(db, media, 2, content, by=ravi)
    with pytest.raises(NotFound):
        keep(db, media, 2, PARTS[2], by=make.person(db))


def test_what_cannot_be_uploaded_is_refused_at_once(db: RehearsedDatabase) -> None:
    ravi = make.person(db)
    media = begun(db, ravi)

    with pytest.raises(TooLarge):
        begun(db, ravi, parts=100, size=MAX_SEALED_BYTES + 1)
    for parts, size in ((0, 10), (11, 10), (257, 1_000), (1, MAX_PART_BYTES + 1)):
        with pytest.raises(InvalidInput):
            begun(db, ravi, parts=parts, size=size)
    for who in (make.guest(db), make.shop(db)):
        with pytest.raises(chat.NoDevices):
            begun(db, who)
    with pytest.raises(IdReused):
        db.write(chat.begin_upload, media, SIZE, 2, by=ravi)
    with pytest.raises(IdReused):
        db.write(chat.begin_upload, media, SIZE, 3, by=make.person(db))
    assert begun(db, ravi, parts=100, size=MAX_SEALED_BYTES)


def test_a_message_shows_only_whole_and_encrypted_files(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    plain = MediaId(uuid7())
    stored = chat.StoredFile("a" * 64, {"full": "x"}, "application/pdf", 12)
    db.write(chat.add_media, plain, chat.MediaKind.DOCUMENT, "Will.pdf", stored, by=ravi)
    half, whole = begun(db, ravi), uploaded(db, ravi)

    for media, problem in (
        (plain, chat.NeedsEncryption),
        (half, chat.UploadIncomplete),
        (uploaded(db, meera), chat.UnknownMedia),
        (MediaId(uuid7()), chat.UnknownMedia),
    ):
        with pytest.raises(problem):
            make.secret(db, place, media=[media], by=ravi)
    make.secret(db, place, media=[whole, whole], by=ravi)
    assert db.read(chat.get_media, whole, by=meera).size_bytes == SIZE

    shop = make.conversation(db, ravi, make.shop(db))
    content = chat.take_content(
        {"type": "document", "media": str(whole), "name": "x", "size_bytes": 1}
    )
    with pytest.raises(chat.NotEncrypted):
        make.message(db, shop, content, by=ravi)


def test_files_are_for_those_who_see_the_message(db: RehearsedDatabase) -> None:
    ravi, meera, omar, lina = (make.person(db, name) for name in ("R", "Meera", "Omar", "Lina"))
    place = make.group(db, ravi, meera, omar)
    make.friends(db, ravi, lina)
    early = uploaded(db, ravi)
    make.secret(db, place, media=[early], by=ravi)
    db.write(chat.remove_member, place, omar.user_id, by=ravi)
    db.write(chat.put_member, place, lina.user_id, by=ravi)
    late = uploaded(db, ravi)
    make.secret(db, place, media=[late], by=ravi)

    def sees(who: Actor) -> list[bool]:
        seen = []
        for media in (early, late):
            try:
                db.read(in_parts.pieces_of, media, by=who)
                seen.append(True)
            except NotFound:
                seen.append(False)
        return seen

    assert [sees(who) for who in (ravi, meera, omar, lina)] == [
        [True, True],
        [True, True],
        [True, False],
        [False, True],
    ]
    assert sees(make.person(db)) == [False, False]
    with pytest.raises(chat.UnknownMedia):
        make.secret(db, make.private(db, lina, ravi), media=[early], by=lina)


def test_what_was_never_sent_is_forgotten_after_a_day(db: RehearsedDatabase) -> None:
    ravi = make.person(db)
    half = begun(db, ravi)

    db.clock.advance(24 * 3600 * 1000 + 1)
    db.write(chat.drop_stale_media)

    with pytest.raises(NotFound):
        db.read(chat.get_upload, half, by=ravi)


def test_a_video_is_known_by_its_first_bytes(db: RehearsedDatabase) -> None:
    asha = make.shop(db)
    first, second = b"\x1aE\xdf\xa3 a video", b" and the rest of it"
    media, size = MediaId(uuid7()), len(first) + len(second)
    db.write(chat.begin_upload, media, size, 2, kind=chat.MediaKind.VIDEO, by=asha)

    keep(db, media, 1, second, by=asha)
    assert video_type(b"<html>") is None
    with pytest.raises(chat.VideoUnreadable):
        keep(db, media, 0, first, by=asha)
    assert db.read(chat.blobs_in_order, media, by=asha) == []
    name = in_parts.part_name(media, first)
    kind = video_type(first)
    whole = db.write(chat.keep_part, media, 0, name, len(first), mime=kind, by=asha)

    assert whole.is_complete
    assert db.read(chat.get_media, media, by=asha).mime == "video/webm"
    assert db.read(chat.blobs_in_order, media, by=asha)[0] == name


def test_what_the_server_can_read_comes_whole_unless_it_is_a_video(db: RehearsedDatabase) -> None:
    ravi = make.person(db)

    with pytest.raises(InvalidInput):
        db.write(chat.begin_upload, MediaId(uuid7()), 9, 1, kind=chat.MediaKind.IMAGE, by=ravi)
    with pytest.raises(TooLarge):
        db.write(
            chat.begin_upload,
            MediaId(uuid7()),
            MAX_VIDEO_BYTES + 1,
            65,
            kind=chat.MediaKind.VIDEO,
            by=ravi,
        )
