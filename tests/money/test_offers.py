"""How a request can be paid from the payer's own bank."""

import pytest

from kirana import money
from kirana.money import rails
from kirana.platform.problems import NotFound
from kirana.values import SYSTEM, Actor, Money, PaymentAddressId, RequestId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr

UPI = {"vpa": "asha@bank", "name": "Asha Rao"}
EPC = {"iban": "BE72000000001616", "name": "Asha Rao"}


def paid_at(db: RehearsedDatabase, owner: Actor, rail: str, details: dict[str, str]) -> None:
    trusted = Actor(owner.user_id, owner.user_id, "system")
    db.write(money.set_address, PaymentAddressId(uuid7()), rail, details, by=trusted)


def ask(
    db: RehearsedDatabase,
    asker: Actor,
    payer: Actor | None,
    amount: Money = inr(49900),
    timeout_s: int | None = None,
) -> money.Request:
    return db.write(
        money.ask, RequestId(uuid7()), asker=asker.user_id,
        payer=payer.user_id if payer else None, amount=amount, timeout_s=timeout_s, by=SYSTEM,
    )  # fmt: skip


def offered(db: RehearsedDatabase, request: money.Request, by: Actor) -> list[money.RailOffer]:
    return db.read(money.get_offers, request.reference, by=by).rails


def test_each_rail_of_the_currency_offers_a_code_with_amount_and_reference(
    db: RehearsedDatabase,
) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    paid_at(db, asha, "upi", UPI)
    paid_at(db, asha, "epc", EPC)
    rupees, euros = ask(db, asha, ravi), ask(db, asha, ravi, Money(1230, "EUR"))

    [upi] = offered(db, rupees, ravi)
    [epc] = offered(db, euros, ravi)

    assert (upi.rail, epc.rail) == ("upi", "epc")
    said = rails.read(upi.text)
    assert (said.payee, said.amount_minor) == ("asha@bank", 49900)
    assert said.reference == rupees.reference + "01"
    assert upi.links[0].href == upi.text
    assert euros.reference in (rails.read(epc.text).reference or "")


def test_each_attempt_has_a_reference_of_its_own(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    paid_at(db, asha, "upi", UPI)
    request = ask(db, asha, ravi)

    again = db.read(money.get_offers, request.reference, attempt=2, by=ravi)

    assert rails.read(again.rails[0].text).reference == request.reference + "02"


def test_a_reference_is_read_in_small_letters_too(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    request = ask(db, asha, ravi)

    found = db.read(money.get_offers, request.reference.lower(), by=ravi)

    assert (found.request_id, found.payee_id, found.amount) == (
        request.id, asha.user_id, inr(49900),
    )  # fmt: skip
    assert found.rails == []


def test_only_the_two_sides_are_offered_anything(db: RehearsedDatabase) -> None:
    asha, ravi, meera = make.owner(db), make.owner(db), make.owner(db)
    paid_at(db, asha, "upi", UPI)
    request, for_anybody = ask(db, asha, ravi), ask(db, asha, None)

    assert offered(db, request, asha) == offered(db, request, ravi) != []
    assert len(offered(db, for_anybody, meera)) == 1
    for reference in (request.reference, "000000000000", "x"):
        with pytest.raises(NotFound):
            db.read(money.get_offers, reference, by=meera)


def test_a_request_that_has_ended_is_paid_by_no_code(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    paid_at(db, asha, "upi", UPI)
    request = ask(db, asha, ravi)
    db.write(money.cancel_request, request.id, by=SYSTEM)

    with pytest.raises(money.RequestEnded):
        offered(db, request, ravi)


def test_a_rail_that_the_operator_switched_off_is_not_offered(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    paid_at(db, asha, "upi", UPI)
    request = ask(db, asha, ravi)

    db.write(money.switch_way, "INR", ("direct", "upi"), enabled=False, by=SYSTEM)

    assert offered(db, request, ravi) == []


def test_an_address_that_has_ended_is_not_offered(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    paid_at(db, asha, "upi", UPI)
    request = ask(db, asha, ravi)
    [address] = db.read(money.list_addresses, by=asha)

    db.write(money.end_address, address.id, by=asha)

    assert offered(db, request, ravi) == []


def test_an_amount_that_a_rail_cannot_carry_is_not_offered(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    paid_at(db, asha, "epc", EPC)
    request = ask(db, asha, ravi, Money(100_000_000_000, "EUR"))

    assert offered(db, request, ravi) == []
