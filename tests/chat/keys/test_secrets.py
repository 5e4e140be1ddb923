import msgspec
import pytest

from kirana.chat.keys import secrets
from kirana.chat.problems import SecretChanged
from kirana.platform.problems import InvalidInput, NotFound, TooLarge
from kirana.platform.stream import Frames, read_stream
from kirana.values import Actor
from tests.database import RehearsedDatabase

from . import make


def test_the_last_value_is_kept_and_the_one_before(db: RehearsedDatabase) -> None:
    ravi = make.person(db)

    def value(*, is_previous: bool = False) -> str:
        got = db.read(secrets.get_secret, "recovery", is_previous=is_previous, by=ravi.by)
        return got.ciphertext

    with pytest.raises(NotFound):
        value()
    db.write(secrets.save_secret, "recovery", "one", by=ravi.by)
    with pytest.raises(NotFound):
        value(is_previous=True)
    for _ in range(2):
        db.write(secrets.save_secret, "recovery", "two", by=ravi.by)
    assert (value(), value(is_previous=True)) == ("two", "one")
    db.write(secrets.save_secret, "recovery", "three", by=ravi.by)
    assert (value(), value(is_previous=True)) == ("three", "two")


def test_secrets_are_their_persons_own(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    db.write(secrets.save_secret, "recovery", "his", by=ravi.by)

    with pytest.raises(NotFound):
        db.read(secrets.get_secret, "recovery", by=meera.by)
    other = make.device_of(db, ravi.id).by
    assert db.read(secrets.get_secret, "recovery", by=other).ciphertext == "his"


def test_secrets_are_few_and_small(db: RehearsedDatabase) -> None:
    ravi = make.person(db)

    for name in ("", "A", "a/b", "x" * 65, "a\x00"):
        with pytest.raises(InvalidInput):
            db.write(secrets.save_secret, name, "x", by=ravi.by)
        with pytest.raises(NotFound):
            db.read(secrets.get_secret, name, by=ravi.by)
    with pytest.raises(TooLarge):
        db.write(secrets.save_secret, "a", "x" * 65_537, by=ravi.by)
    with pytest.raises(InvalidInput):
        db.write(secrets.save_secret, "a", "\x00", by=ravi.by)
    for number in range(secrets.MAX_SECRETS):
        db.write(secrets.save_secret, f"s{number}", "x", by=ravi.by)
    with pytest.raises(TooLarge):
        db.write(secrets.save_secret, "more", "x", by=ravi.by)
    db.write(secrets.save_secret, "s0", "another", by=ravi.by)


def test_of_two_devices_that_change_the_same_one_is_told_that_the_other_was_faster(
    db: RehearsedDatabase,
) -> None:
    ravi = make.person(db)
    other = make.device_of(db, ravi.id).by

    def save(text: str, replaces: str | None, by: Actor = ravi.by) -> str:
        return db.write(secrets.save_secret, "notes", text, replaces=replaces, by=by).etag

    first = save("one", secrets.NOTHING)
    with pytest.raises(SecretChanged):
        save("two", secrets.NOTHING, other)
    second = save("two", first)
    with pytest.raises(SecretChanged):
        save("three", first, other)
    kept = db.read(secrets.get_secret, "notes", by=other)
    assert (kept.ciphertext, kept.etag) == ("two", second)

    # Whoever did not hear the answer asks again, and has it done once.
    assert save("two", first) == second
    assert db.read(secrets.get_secret, "notes", is_previous=True, by=other).ciphertext == "one"
    assert save("three", second, other) not in {first, second}


def test_a_secret_is_told_to_ones_own_devices_and_to_nobody_else(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")

    for _ in range(2):
        db.write(secrets.save_secret, "notes", "x", by=ravi.by)

    def told(who: make.Person) -> list[object]:
        frames = db.read(read_stream, who.id, 0, Frames()).frames
        kinds = [msgspec.json.decode(frame)["k"] for frame in frames]
        return [kind for kind in kinds if kind == "secret"]

    assert (told(ravi), told(meera)) == (["secret"], [])
