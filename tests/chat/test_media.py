import msgspec
import pytest

from kirana import chat
from kirana.chat.content import Document, Image, Photo
from kirana.chat.uploads import file_name, slice_of
from kirana.platform.jobs import list_due
from kirana.platform.problems import IdReused, NotFound
from kirana.values import Actor, MediaId, uuid7
from tests.database import RehearsedDatabase

from . import make

DAY = 24 * 60 * 60 * 1000


def upload(
    db: RehearsedDatabase, who: Actor, *, media_id: MediaId | None = None, content: str = "a"
) -> MediaId:
    media_id = media_id or MediaId(uuid7())
    names = {"full": f"full of {media_id}", "640": f"small of {media_id}"}
    stored = chat.StoredFile(content * 64, names, "image/webp", 1234, 800, 600)
    return db.write(chat.add_media, media_id, chat.MediaKind.IMAGE, None, stored, by=who).id


def removals(db: RehearsedDatabase) -> list[object]:
    """What the jobs are told to take from the disk."""
    return [msgspec.json.decode(job.payload) for job in db.read(list_due)]


def photo(media_id: MediaId) -> Image:
    return Image(items=[Photo(media=media_id, width=800, height=600)])


def test_whoever_belongs_to_the_conversation_sees_the_photo(db: RehearsedDatabase) -> None:
    ravi, asha, stranger = make.person(db), make.shop(db), make.person(db)
    conversation = make.conversation(db, ravi, asha)
    media = upload(db, ravi)

    with pytest.raises(NotFound):
        db.read(chat.get_media, media, by=asha)
    make.message(db, conversation, photo(media), by=ravi)

    for who in (ravi, asha):
        assert db.read(chat.get_blobs, media, by=who)[1]["full"] == f"full of {media}"
    with pytest.raises(NotFound):
        db.read(chat.get_media, media, by=stranger)


def test_nobody_sends_a_file_that_is_not_theirs_to_see(db: RehearsedDatabase) -> None:
    ravi, asha, stranger = make.person(db), make.shop(db), make.person(db)
    conversation = make.conversation(db, stranger, asha)
    media = upload(db, ravi)

    for wanted in (media, MediaId(uuid7())):
        with pytest.raises(chat.UnknownMedia):
            make.message(db, conversation, photo(wanted), by=stranger)


def test_a_photo_that_one_was_sent_can_be_forwarded(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    media = upload(db, asha)
    make.message(db, make.conversation(db, ravi, asha), photo(media), by=asha)
    elsewhere, bela = make.shop(db), make.shop(db)

    make.message(db, make.conversation(db, ravi, bela), photo(media), by=ravi)

    assert db.read(chat.get_media, media, by=bela)
    with pytest.raises(NotFound):
        db.read(chat.get_media, media, by=elsewhere)


def test_uploading_the_same_file_again_answers_the_same(db: RehearsedDatabase) -> None:
    ravi = make.person(db)
    media = upload(db, ravi)

    assert upload(db, ravi, media_id=media) == media
    with pytest.raises(IdReused):
        upload(db, ravi, media_id=media, content="b")
    with pytest.raises(IdReused):
        upload(db, make.person(db), media_id=media)


def test_a_file_goes_with_the_last_message_that_shows_it(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    media = upload(db, ravi)
    first = make.message(db, conversation, photo(media), by=ravi)
    document = Document(media=media, name="photo.webp", size_bytes=1234)
    second = make.message(db, conversation, document, by=ravi)

    db.write(chat.delete_message, first, by=ravi)
    assert db.read(chat.get_media, media, by=asha)
    db.write(chat.delete_message, second, by=ravi)

    with pytest.raises(NotFound):
        db.read(chat.get_media, media, by=ravi)
    assert removals(db) == [{"names": [f"full of {media}", f"small of {media}"]}]


def test_a_file_that_was_never_sent_goes_after_a_day(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    sent, unsent = upload(db, ravi), upload(db, ravi)
    make.message(db, make.conversation(db, ravi, asha), photo(sent), by=ravi)

    db.clock.advance(DAY + 1)
    db.write(chat.drop_stale_media)

    assert db.read(chat.get_media, sent, by=asha)
    with pytest.raises(NotFound):
        db.read(chat.get_media, unsent, by=ravi)


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-", (0, 99)),
        ("bytes=0-1", (0, 1)),
        ("bytes=90-500", (90, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-500", (0, 99)),
        ("bytes=100-", None),
        ("bytes=5-4", None),
        ("bytes=-0", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        ("", None),
    ],
)
def test_players_ask_for_parts_of_a_file(asked: str, part: tuple[int, int] | None) -> None:
    found = slice_of(asked, 100)

    assert ((found.first, found.last) if found else None) == part


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Menu.pdf", "Menu.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Asha\\menu.pdf", "menu.pdf"),
        ("मेनू.pdf", "मेनू.pdf"),
        ('a"b\r\nSet-Cookie: x', "abSet-Cookie x"),
        ("...", None),
        ("", None),
    ],
)
def test_a_file_keeps_the_last_part_of_its_name(sent: str, kept: str | None) -> None:
    assert file_name(sent) == kept
