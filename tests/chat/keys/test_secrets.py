import pytest

from kirana.chat.keys import secrets
from kirana.platform.problems import InvalidInput, NotFound, TooLarge
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
    assert db.read(secrets.get_secret, "recovery", by=make.device_of(db, ravi.id).by) == (
        secrets.Secret("his")
    )


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
