"""Where owners are paid from bank to bank."""

from dataclasses import replace

import pytest

from kirana import money
from kirana.platform.db import Database, Tx
from kirana.platform.events import Bus
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound
from kirana.values import (
    Actor,
    Confirmation,
    Mandate,
    PaymentAddressId,
    UserId,
    uuid7,
)
from tests.database import RehearsedDatabase

from . import make
from .make import inr

ASHA = {"vpa": "Asha@OkBank", "name": "Asha Rao"}
OTHER = {"vpa": "asha@other", "name": "Asha Rao"}

_heard: dict[object, money.AddressChanged] = {}


def hear(tx: Tx, event: money.AddressChanged) -> None:
    _heard[event.event_id] = event


@pytest.fixture
def bus() -> Bus:
    _heard.clear()
    bus = Bus()
    bus.on(money.AddressChanged, hear)
    return bus


def address_id() -> PaymentAddressId:
    return PaymentAddressId(uuid7())


def proven(db: RehearsedDatabase, by: Actor, challenge: str) -> Actor:
    proof = Confirmation("pin", bytes.fromhex(challenge), db.clock.now)
    return replace(by, confirmation=proof)


def set_confirmed(
    db: RehearsedDatabase, by: Actor, details: dict[str, str], rail: str = "upi"
) -> money.PaymentAddress:
    id = address_id()
    with pytest.raises(money.ConfirmationRequired) as required:
        db.write(money.set_address, id, rail, details, by=by)
    confirmed = proven(db, by, required.value.facts["challenge"])
    return db.write(money.set_address, id, rail, details, by=confirmed)


def in_use(db: Database, by: Actor) -> list[tuple[str, str, dict[str, str]]]:
    found = db.read(money.list_addresses, by=by)
    return [(it.rail, it.currency, it.details) for it in found]


def test_an_address_is_kept_as_its_rail_spells_it_and_is_confirmed(db: RehearsedDatabase) -> None:
    asha = make.owner(db)

    address = set_confirmed(db, asha, ASHA)

    assert address.details == {"vpa": "asha@okbank", "name": "Asha Rao"}
    assert in_use(db, asha) == [("upi", "INR", address.details)]


def test_a_changed_address_replaces_the_one_before_and_is_confirmed_for_itself(
    db: RehearsedDatabase,
) -> None:
    asha = make.owner(db)
    first = set_confirmed(db, asha, ASHA)
    with pytest.raises(money.ConfirmationRequired) as required:
        db.write(money.set_address, address_id(), "upi", OTHER, by=asha)
    for_another = proven(db, asha, required.value.facts["challenge"])

    with pytest.raises(money.ConfirmationWrong):
        db.write(money.set_address, address_id(), "upi", OTHER, by=for_another)
    assert in_use(db, asha) == [("upi", "INR", first.details)]
    second = set_confirmed(db, asha, OTHER)

    assert in_use(db, asha) == [("upi", "INR", second.details)]


def test_the_same_address_again_needs_no_confirmation_and_changes_nothing(
    db: RehearsedDatabase,
) -> None:
    asha = make.owner(db)
    first = set_confirmed(db, asha, ASHA)

    again = db.write(money.set_address, address_id(), "upi", ASHA, by=asha)

    assert again == first


def test_setting_with_the_same_id_is_safe_to_repeat(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    first = set_confirmed(db, asha, ASHA)

    assert db.write(money.set_address, first.id, "upi", ASHA, by=asha) == first
    for details, by in ((OTHER, asha), (ASHA, ravi)):
        with pytest.raises(IdReused):
            db.write(money.set_address, first.id, "upi", details, by=by)


def test_each_rail_has_an_address_of_its_own(db: RehearsedDatabase) -> None:
    asha = make.owner(db)
    set_confirmed(db, asha, ASHA)
    set_confirmed(db, asha, {"iban": "BE72000000001616", "name": "Asha"}, rail="epc")

    assert [rail for rail, *_ in in_use(db, asha)] == ["epc", "upi"]


def test_a_wrong_address_and_an_unknown_rail_are_refused_in_words(db: Database) -> None:
    asha = make.owner(db)
    wrong = [("upi", {"vpa": "asha"}, "details.vpa"), ("hawala", {}, "rail")]

    for rail, details, field in wrong:
        with pytest.raises(InvalidInput) as refusal:
            db.write(money.set_address, address_id(), rail, details, by=asha)
        [error] = refusal.value.facts["errors"]
        assert error["field"] == field
        assert error["message"]


def test_an_ended_address_is_used_no_more(db: RehearsedDatabase) -> None:
    asha = make.owner(db)
    address = set_confirmed(db, asha, ASHA)

    for _ in range(2):
        db.write(money.end_address, address.id, by=asha)

    assert in_use(db, asha) == []
    assert set_confirmed(db, asha, ASHA).id != address.id


def test_nobody_sees_or_ends_an_address_of_somebody_else(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    address = set_confirmed(db, asha, ASHA)

    assert in_use(db, ravi) == []
    for id in (address.id, address_id()):
        with pytest.raises(NotFound):
            db.write(money.end_address, id, by=ravi)


@pytest.mark.parametrize("mandate", [Mandate.NOTHING, Mandate.ASK, Mandate.GIVE_BACK])
def test_a_shop_s_address_is_its_owners_alone(db: RehearsedDatabase, mandate: Mandate) -> None:
    shop, person = make.owner(db), UserId(uuid7())
    owner = Actor(shop.user_id, person, shop_mandate=Mandate.SPEND)
    address = set_confirmed(db, owner, ASHA)
    member = Actor(shop.user_id, UserId(uuid7()), shop_mandate=mandate)

    with pytest.raises(NotAllowed):
        db.write(money.set_address, address_id(), "upi", OTHER, by=member)
    with pytest.raises(NotAllowed):
        db.write(money.end_address, address.id, by=member)
    assert in_use(db, member) == [("upi", "INR", address.details)]


def test_a_guest_has_no_address(db: Database) -> None:
    guest = Actor(UserId(uuid7()), UserId(uuid7()), "guest", shop_mandate=Mandate.SPEND)

    with pytest.raises(NotAllowed):
        db.write(money.set_address, address_id(), "upi", ASHA, by=guest)


def test_a_change_is_announced(db: RehearsedDatabase) -> None:
    asha = make.owner(db)
    address = set_confirmed(db, asha, ASHA)
    db.write(money.set_address, address_id(), "upi", ASHA, by=asha)
    db.write(money.end_address, address.id, by=asha)
    db.write(money.end_address, address.id, by=asha)

    db.deliver()

    told = [(it.owner_id, it.rail, it.currency, it.is_active) for it in _heard.values()]
    assert sorted(told) == sorted((asha.user_id, "upi", "INR", on) for on in (True, False))


def test_addresses_are_taken_along_and_forgotten(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    for details in (ASHA, OTHER):
        set_confirmed(db, asha, details)
    kept = set_confirmed(db, ravi, {"vpa": "ravi@bank", "name": "Ravi"})

    exported = db.read(money.export_user, asha.user_id).addresses
    db.write(money.erase_user, asha.user_id)

    assert [it.details["vpa"] for it in exported] == ["asha@okbank", "asha@other"]
    assert [it.ended_at is None for it in exported] == [False, True]
    assert db.read(money.export_user, asha.user_id).addresses == []
    assert in_use(db, ravi) == [("upi", "INR", kept.details)]


def test_an_address_moves_no_money(db: RehearsedDatabase) -> None:
    asha = make.owner(db, purse=inr(100))
    set_confirmed(db, asha, ASHA)

    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(100)
    assert db.read(money.audit) == []
