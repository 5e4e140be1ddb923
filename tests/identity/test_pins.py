import pytest

from kirana import identity
from kirana.identity import ProvenAddress, TriedPin
from kirana.platform.problems import IdReused, NotAllowed
from kirana.values import Actor, uuid7
from tests.database import RehearsedDatabase

from . import make

SECOND = 1000
MINUTE = 60 * SECOND
PHONE = "+919876543210"
CHALLENGE = b"c" * 32

RIGHT = TriedPin("hash", is_right=True)
WRONG = TriedPin("hash", is_right=False)


@pytest.fixture
def ravi(db: RehearsedDatabase) -> Actor:
    """A person whose PIN has the hash "hash"."""
    ravi = make.person(db, phone=PHONE)
    db.write(identity.set_pin, "hash", by=ravi)
    return ravi


def confirm(db: RehearsedDatabase, by: Actor, tried: TriedPin) -> identity.Confirmed:
    return db.write(identity.confirm_by_pin, uuid7(), CHALLENGE, tried, by=by)


def fail(db: RehearsedDatabase, by: Actor, times: int) -> list[identity.WrongPin]:
    refusals = []
    for _ in range(times):
        with pytest.raises(identity.WrongPin) as refused:
            confirm(db, by, WRONG)
        refusals.append(refused.value)
    return refusals


def test_a_pin_is_kept_as_an_argon2_hash_and_recognized() -> None:
    pin_hash = identity.hash_pin("2580")

    assert pin_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert identity.try_pin(pin_hash, "2580") == TriedPin(pin_hash, is_right=True)
    assert identity.try_pin(pin_hash, "2581") == TriedPin(pin_hash, is_right=False)
    assert identity.hash_pin("2580") != pin_hash


def test_a_weak_pin_is_refused() -> None:
    with pytest.raises(identity.WeakPin):
        identity.hash_pin("1234")


def test_the_right_pin_confirms_and_a_repeat_is_the_same_confirmation(
    db: RehearsedDatabase, ravi: Actor
) -> None:
    confirmation_id = uuid7()

    first = db.write(identity.confirm_by_pin, confirmation_id, CHALLENGE, RIGHT, by=ravi)
    db.clock.advance(SECOND)
    second = db.write(identity.confirm_by_pin, confirmation_id, CHALLENGE, RIGHT, by=ravi)

    assert first == second
    assert first.valid_until == db.clock.now - SECOND + 2 * MINUTE


def test_a_confirmation_is_for_one_challenge(db: RehearsedDatabase, ravi: Actor) -> None:
    confirmation_id = uuid7()
    db.write(identity.confirm_by_pin, confirmation_id, CHALLENGE, RIGHT, by=ravi)

    with pytest.raises(IdReused):
        db.write(identity.confirm_by_pin, confirmation_id, b"d" * 32, RIGHT, by=ravi)


def test_without_a_pin_there_is_nothing_to_confirm_with(db: RehearsedDatabase) -> None:
    meera = make.person(db)

    with pytest.raises(identity.PinNotSet):
        db.read(identity.get_pin_hash, by=meera)
    with pytest.raises(identity.PinNotSet):
        confirm(db, meera, RIGHT)


def test_five_wrong_pins_lock_and_the_wait_grows(db: RehearsedDatabase, ravi: Actor) -> None:
    refusals = fail(db, ravi, 5)

    assert [r.facts["tries_left"] for r in refusals] == [4, 3, 2, 1, 0]
    assert refusals[-1].facts["retry_after_s"] == 60
    for minutes in (1, 5, 15, 60):
        with pytest.raises(identity.PinLocked):
            confirm(db, ravi, RIGHT)
        with pytest.raises(identity.PinLocked):
            db.read(identity.get_pin_hash, by=ravi)
        db.clock.advance(minutes * MINUTE - 1)
        with pytest.raises(identity.PinLocked) as locked:
            confirm(db, ravi, RIGHT)
        assert locked.value.facts["retry_after_s"] == 1
        db.clock.advance(1)
        assert fail(db, ravi, 1)[0].facts["tries_left"] == 0
    db.clock.advance(240 * MINUTE)
    confirm(db, ravi, RIGHT)


def test_a_try_while_locked_does_not_lengthen_the_lock(db: RehearsedDatabase, ravi: Actor) -> None:
    fail(db, ravi, 5)
    for _ in range(20):
        with pytest.raises(identity.PinLocked):
            confirm(db, ravi, WRONG)

    db.clock.advance(MINUTE)

    confirm(db, ravi, RIGHT)


def test_the_right_pin_forgives_the_wrong_ones(db: RehearsedDatabase, ravi: Actor) -> None:
    fail(db, ravi, 4)
    confirm(db, ravi, RIGHT)

    assert fail(db, ravi, 4)[-1].facts["tries_left"] == 1


def test_guesses_made_side_by_side_count_one_after_another(
    db: RehearsedDatabase, ravi: Actor
) -> None:
    pin_hashes = [db.read(identity.get_pin_hash, by=ravi) for _ in range(6)]

    fail(db, ravi, 5)

    with pytest.raises(identity.PinLocked):
        confirm(db, ravi, TriedPin(pin_hashes[5], is_right=True))


def test_a_guess_at_an_older_pin_is_a_wrong_one(db: RehearsedDatabase, ravi: Actor) -> None:
    db.write(identity.set_pin, "new hash", proof=RIGHT, by=ravi)

    with pytest.raises(identity.WrongPin):
        confirm(db, ravi, RIGHT)
    confirm(db, ravi, TriedPin("new hash", is_right=True))


def test_replacing_a_pin_takes_the_old_one(db: RehearsedDatabase, ravi: Actor) -> None:
    with pytest.raises(NotAllowed):
        db.write(identity.set_pin, "new hash", by=ravi)
    with pytest.raises(identity.WrongPin) as refused:
        db.write(identity.set_pin, "new hash", proof=WRONG, by=ravi)
    assert refused.value.facts["tries_left"] == 4
    assert fail(db, ravi, 1)[0].facts["tries_left"] == 3


def test_a_forgotten_pin_is_replaced_with_a_code_and_unlocked(
    db: RehearsedDatabase, ravi: Actor
) -> None:
    fail(db, ravi, 5)
    code = make.code_for(db, PHONE)
    with pytest.raises(identity.WrongCode):
        db.write(identity.set_pin, "new", proof=ProvenAddress(make.address(), "000000"), by=ravi)

    db.write(identity.set_pin, "new", proof=ProvenAddress(make.address(), code), by=ravi)

    given = confirm(db, ravi, TriedPin("new", is_right=True))
    reset_at = db.clock.now
    assert renewed_at(db, ravi, given) == reset_at
    db.clock.advance(MINUTE)
    db.write(identity.set_pin, "newer", proof=TriedPin("new", is_right=True), by=ravi)
    given = confirm(db, ravi, TriedPin("newer", is_right=True))
    assert renewed_at(db, ravi, given) == reset_at, "whoever knows it may be whoever reset it"


def test_a_pin_that_was_never_forgotten_is_not_new(db: RehearsedDatabase, ravi: Actor) -> None:
    assert renewed_at(db, ravi, confirm(db, ravi, RIGHT)) is None


def renewed_at(db: RehearsedDatabase, by: Actor, given: identity.Confirmed) -> int | None:
    found = db.read(identity.find_confirmation, given.id, of=by.person_id)
    assert found is not None
    return found.renewed_at


def test_somebody_elses_address_replaces_no_pin(db: RehearsedDatabase, ravi: Actor) -> None:
    other = "+919800000001"
    make.person(db, "Meera", phone=other)
    code = make.code_for(db, other)

    with pytest.raises(NotAllowed):
        db.write(identity.set_pin, "new", proof=ProvenAddress(make.address(other), code), by=ravi)


def test_who_acts_for_a_shop_confirms_with_their_own_pin(
    db: RehearsedDatabase, ravi: Actor
) -> None:
    shop_id = make.shop(db, ravi)

    confirm(db, Actor(shop_id, ravi.user_id), RIGHT)
