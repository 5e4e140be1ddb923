import pytest

from kirana import identity
from kirana.identity import SignIn, hash_token, new_code, new_token
from kirana.platform.events import Event
from kirana.platform.problems import IdReused, NotAllowed, NotFound, NotSignedIn
from kirana.values import SYSTEM, uuid7
from tests.database import RehearsedDatabase

from . import make

MINUTE = 60_000
PHONE = "+919876543210"


def test_a_token_stands_for_its_device(db: RehearsedDatabase) -> None:
    ravi = make.visitor(db)

    actor = db.read(identity.resolve, ravi.token)

    assert (actor.user_id, actor.person_id, actor.kind) == (ravi.id, ravi.id, "person")
    assert actor.device_id == ravi.device_id
    assert not actor.is_acting_for_a_shop


@pytest.mark.parametrize("token", ["", "kir_", "kir_wrong", "\x00"])
def test_another_token_stands_for_nobody(db: RehearsedDatabase, token: str) -> None:
    make.visitor(db)

    with pytest.raises(NotSignedIn):
        db.read(identity.resolve, token)


def test_tokens_and_codes_are_never_the_same_twice() -> None:
    tokens = {new_token() for _ in range(100)}
    codes = {new_code() for _ in range(200)}

    assert len(tokens) == 100
    assert all(token.startswith("kir_") and len(token) == 47 for token in tokens)
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert len(codes) > 150


def test_signing_in_announces_the_person_and_the_device_once(
    db: RehearsedDatabase, heard: list[Event]
) -> None:
    code, device = make.code_for(db, PHONE), make.device_id()

    for _ in range(2):
        make.sign_in(db, PHONE, code, device=device)
    db.deliver()

    assert sorted(event.name for event in heard) == ["device.linked", "user.joined"]


def test_a_device_of_somebody_else_cannot_be_taken(db: RehearsedDatabase) -> None:
    meera = make.visitor(db, "Meera")
    code = make.code_for(db, PHONE)

    with pytest.raises(IdReused):
        make.sign_in(db, PHONE, code, device=meera.device_id)

    assert db.read(identity.resolve, meera.token).user_id == meera.id


def test_signing_in_again_on_a_device_ends_its_older_token(db: RehearsedDatabase) -> None:
    device = make.device_id()
    make.sign_in(db, PHONE, make.code_for(db, PHONE), device=device, token="kir_old")
    db.clock.advance(MINUTE)

    make.sign_in(db, PHONE, make.code_for(db, PHONE, "222333"), device=device, token="kir_new")

    with pytest.raises(NotSignedIn):
        db.read(identity.resolve, "kir_old")
    assert len(db.read(identity.list_devices, by=db.read(identity.resolve, "kir_new"))) == 1


def test_signing_out_ends_the_session_at_once(db: RehearsedDatabase) -> None:
    ravi = make.visitor(db)

    db.write(identity.sign_out, by=ravi.actor)

    with pytest.raises(NotSignedIn):
        db.read(identity.resolve, ravi.token)


def test_a_device_that_was_signed_out_needs_a_new_id(db: RehearsedDatabase) -> None:
    ravi = make.visitor(db, phone=PHONE)
    db.write(identity.sign_out, by=ravi.actor)

    with pytest.raises(IdReused):
        make.sign_in(db, PHONE, make.code_for(db, PHONE), device=ravi.device_id)


def test_only_the_system_opens_a_session_without_proof(db: RehearsedDatabase) -> None:
    ravi, guest = make.person(db), make.guest(db)
    device = SignIn(make.device_id(), hash_token("kir_x"))

    with pytest.raises(NotAllowed):
        db.write(identity.open_session, device, ravi.user_id, by=ravi)
    for nobody in (make.user_id(), guest.id):
        with pytest.raises(NotFound):
            db.write(identity.open_session, device, nobody, by=SYSTEM)


def test_a_delegate_acts_for_the_shop_and_nobody_else_does(db: RehearsedDatabase) -> None:
    asha, ravi = make.visitor(db, "Asha"), make.visitor(db, "Ravi")
    shop_id = make.shop(db, asha.actor)

    acting = db.read(identity.resolve, asha.token, acting_for=shop_id)

    assert (acting.user_id, acting.person_id) == (shop_id, asha.id)
    assert acting.is_acting_for_a_shop
    with pytest.raises(NotAllowed):
        db.read(identity.resolve, ravi.token, acting_for=shop_id)
    with pytest.raises(NotAllowed):
        db.read(identity.resolve, ravi.token, acting_for=asha.id)
    assert db.read(identity.resolve, asha.token, acting_for=asha.id) == asha.actor


def test_somebody_who_left_acts_for_the_shop_no_more(db: RehearsedDatabase) -> None:
    asha = make.visitor(db, "Asha")
    shop_id = make.shop(db, asha.actor)

    db.write(identity.undelegate, shop_id, asha.id)

    with pytest.raises(NotAllowed):
        db.read(identity.resolve, asha.token, acting_for=shop_id)


def test_a_device_is_marked_as_seen_at_most_once_in_five_minutes(db: RehearsedDatabase) -> None:
    ravi = make.visitor(db)
    start = db.clock.now

    db.clock.advance(5 * MINUTE - 1)
    db.write(identity.touch, ravi.device_id)
    (device,) = db.read(identity.list_devices, by=ravi.actor)
    assert device.seen_at == start

    db.clock.advance(1)
    db.write(identity.touch, ravi.device_id)
    (device,) = db.read(identity.list_devices, by=ravi.actor)
    assert device.seen_at == db.clock.now

    session = db.read(identity.authenticate, hash_token(ravi.token))
    assert session is not None
    assert not session.is_worth_touching(db.clock.now)
    assert session.is_worth_touching(db.clock.now + 5 * MINUTE)


def test_authenticating_is_one_statement_that_uses_an_index(db: RehearsedDatabase) -> None:
    from kirana.identity.sessions import _AUTHENTICATE

    if db.engine.dialect != "sqlite":
        pytest.skip("PostgreSQL plans a table scan while tables are tiny.")
    sql = _AUTHENTICATE.on("sqlite").sql

    def plan(tx: object) -> list[str]:
        rows = tx._connection.execute(  # type: ignore[attr-defined]
            f"EXPLAIN QUERY PLAN {sql}", (b"x",)
        )
        return [row[3] for row in rows.fetchall()]

    assert all(step.startswith("SEARCH") for step in db.read(plan))


def test_a_confirmation_comes_along_for_two_minutes_with_its_owner_only(
    db: RehearsedDatabase,
) -> None:
    ravi, meera = make.visitor(db), make.visitor(db, "Meera")
    challenge, confirmation_id = b"c" * 32, uuid7()
    pin_hash = identity.hash_pin("2580")
    db.write(identity.set_pin, pin_hash, by=ravi.actor)
    tried = identity.TriedPin(pin_hash, is_right=True)

    db.write(identity.confirm_by_pin, confirmation_id, challenge, tried, by=ravi.actor)

    actor = db.read(identity.resolve, ravi.token, confirmation_id=confirmation_id)
    assert actor.confirmation is not None
    assert (actor.confirmation.method, actor.confirmation.challenge) == ("pin", challenge)
    assert actor.confirmation.at == db.clock.now
    for token, asked in ((meera.token, confirmation_id), (ravi.token, uuid7())):
        assert db.read(identity.resolve, token, confirmation_id=asked).confirmation is None
    db.clock.advance(2 * MINUTE - 1)
    assert db.read(identity.resolve, ravi.token, confirmation_id=confirmation_id).confirmation
    db.clock.advance(1)
    assert not db.read(identity.resolve, ravi.token, confirmation_id=confirmation_id).confirmation


def test_a_suspended_person_is_not_let_in_and_a_wrong_code_tells_nothing_of_it(
    db: RehearsedDatabase,
) -> None:
    ravi = make.sign_in(db, PHONE, make.code_for(db, PHONE)).user.id
    db.write(identity.suspend, ravi, "Spam.", by=SYSTEM)
    code = make.code_for(db, PHONE)

    with pytest.raises(identity.WrongCode):
        make.sign_in(db, PHONE, f"{(int(code) + 1) % 1_000_000:06}")
    with pytest.raises(identity.AccountSuspended) as refused:
        make.sign_in(db, PHONE, code)

    assert refused.value.facts["reason"] == "Spam."
    db.write(identity.reinstate, ravi, by=SYSTEM)
    assert make.sign_in(db, PHONE, make.code_for(db, PHONE)).user.id == ravi
