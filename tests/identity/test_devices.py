import pytest

from kirana import identity
from kirana.identity import SignIn, hash_token
from kirana.platform.events import Event
from kirana.platform.problems import IdReused, NotFound, NotSignedIn, RateLimited
from kirana.values import SYSTEM
from tests.database import RehearsedDatabase

from . import make

DAY = 24 * 3600 * 1000


def test_a_person_sees_where_they_are_signed_in(db: RehearsedDatabase) -> None:
    ravi = make.visitor(db)
    db.clock.advance(1000)
    laptop = SignIn(make.device_id(), hash_token("kir_laptop"), "Laptop")
    db.write(identity.open_session, laptop, ravi.id, by=SYSTEM)
    make.visitor(db, "Meera")

    devices = db.read(identity.list_devices, by=ravi.actor)

    assert [(d.name, d.is_current) for d in devices] == [("Laptop", False), ("Phone", True)]


def test_revoking_a_device_ends_its_session_at_once_and_says_so_once(
    db: RehearsedDatabase, heard: list[Event]
) -> None:
    ravi = make.visitor(db)
    laptop = SignIn(make.device_id(), hash_token("kir_laptop"), "Laptop")
    db.write(identity.open_session, laptop, ravi.id, by=SYSTEM)

    for _ in range(2):
        db.write(identity.revoke_device, laptop.device_id, by=ravi.actor)
    db.deliver()

    with pytest.raises(NotSignedIn):
        db.read(identity.resolve, "kir_laptop")
    assert [e for e in heard if isinstance(e, identity.DeviceRevoked)] == [
        identity.DeviceRevoked(ravi.id, laptop.device_id, event_id=heard[-1].event_id)
    ]
    assert [d.name for d in db.read(identity.list_devices, by=ravi.actor)] == ["Phone"]


def test_nobody_revokes_the_device_of_another(db: RehearsedDatabase) -> None:
    ravi, meera = make.visitor(db), make.visitor(db, "Meera")

    with pytest.raises(NotFound):
        db.write(identity.revoke_device, ravi.device_id, by=meera.actor)
    with pytest.raises(NotFound):
        db.write(identity.revoke_device, make.device_id(), by=meera.actor)

    assert db.read(identity.resolve, ravi.token)


def test_a_programs_token_acts_as_its_person_until_revoked(db: RehearsedDatabase) -> None:
    ravi, token_id = make.visitor(db), make.device_id()

    db.write(identity.create_token, token_id, "Till", token_hash=hash_token("kir_p"), by=ravi.actor)

    assert db.read(identity.resolve, "kir_p").user_id == ravi.id
    assert [t.name for t in db.read(identity.list_tokens, by=ravi.actor)] == ["Till"]
    assert token_id not in {d.id for d in db.read(identity.list_devices, by=ravi.actor)}
    with pytest.raises(NotFound):
        db.write(identity.revoke_device, token_id, by=ravi.actor)
    with pytest.raises(NotFound):
        db.write(identity.revoke_token, ravi.device_id, by=ravi.actor)
    db.write(identity.revoke_token, token_id, by=ravi.actor)
    with pytest.raises(NotSignedIn):
        db.read(identity.resolve, "kir_p")
    assert db.read(identity.list_tokens, by=ravi.actor) == []


def test_a_lost_token_is_replaced_for_ten_minutes(db: RehearsedDatabase) -> None:
    ravi, token_id = make.visitor(db).actor, make.device_id()

    def create(name: str, token: str) -> None:
        db.write(identity.create_token, token_id, name, token_hash=hash_token(token), by=ravi)

    create("Till", "kir_1")
    create("Till", "kir_2")
    with pytest.raises(NotSignedIn):
        db.read(identity.resolve, "kir_1")
    with pytest.raises(IdReused):
        create("Another", "kir_3")
    db.clock.advance(600_001)
    with pytest.raises(IdReused):
        create("Till", "kir_4")
    assert db.read(identity.resolve, "kir_2")


def test_a_person_has_fifty_tokens_at_most(db: RehearsedDatabase) -> None:
    ravi = make.visitor(db).actor
    db.rehearses = False
    for number in range(50):
        db.write(
            identity.create_token,
            make.device_id(),
            f"Bot {number}",
            token_hash=hash_token(f"kir_{number}"),
            by=ravi,
        )

    with pytest.raises(RateLimited):
        db.write(identity.create_token, make.device_id(), "More", token_hash=b"x" * 32, by=ravi)


def test_browsers_unseen_for_ninety_days_are_signed_out_and_programs_are_not(
    db: RehearsedDatabase,
) -> None:
    ravi = make.visitor(db)
    db.write(
        identity.create_token,
        make.device_id(),
        "Till",
        token_hash=hash_token("kir_p"),
        by=ravi.actor,
    )
    db.clock.advance(90 * DAY)
    db.write(identity.revoke_idle)
    assert db.read(identity.resolve, ravi.token)

    db.clock.advance(1)
    db.write(identity.revoke_idle)

    with pytest.raises(NotSignedIn):
        db.read(identity.resolve, ravi.token)
    assert db.read(identity.resolve, "kir_p").user_id == ravi.id


def test_a_person_names_their_own_devices(db: RehearsedDatabase) -> None:
    ravi, meera = make.visitor(db), make.visitor(db, "Meera")

    renamed = db.write(identity.rename_device, ravi.device_id, " Old  phone ", by=ravi.actor)

    assert (renamed.name, renamed.is_current) == ("Old phone", True)
    assert [d.name for d in db.read(identity.list_devices, by=ravi.actor)] == ["Old phone"]
    with pytest.raises(identity.NameMissing):
        db.write(identity.rename_device, ravi.device_id, " ", by=ravi.actor)
    with pytest.raises(NotFound):
        db.write(identity.rename_device, ravi.device_id, "Mine", by=meera.actor)
    db.write(identity.revoke_device, ravi.device_id, by=ravi.actor)
    with pytest.raises(NotFound):
        db.write(identity.rename_device, ravi.device_id, "Gone", by=ravi.actor)
