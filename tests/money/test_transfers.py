"""Sending money."""

from dataclasses import replace

import msgspec
import pytest

from kirana import money
from kirana.money import ledger
from kirana.money.decision import decide
from kirana.money.model import Group, Move
from kirana.money.wallets import wallet_key
from kirana.platform.db import Database, Stale, Tx
from kirana.platform.db.units import Work
from kirana.platform.events import Bus
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.platform.stream import Frames, read_stream
from kirana.values import (
    SYSTEM,
    Actor,
    Confirmation,
    Mandate,
    RequestId,
    TransferId,
    UserId,
    uuid7,
)
from tests.database import RehearsedDatabase

from . import make
from .make import inr


def test_sending_moves_the_money_from_wallet_to_wallet(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db)

    sent = db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(250), by=asha)

    assert (sent.payer_id, sent.payee_id, sent.amount) == (asha.user_id, ravi.user_id, inr(250))
    assert db.read(money.get_wallet, asha.user_id, "INR").available == inr(750)
    assert db.read(money.get_wallet, ravi.user_id, "INR").available == inr(250)


def test_sending_again_with_the_same_id_sends_once(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db)
    id = make.transfer_id()
    first = db.write(money.send_money, id, ravi.user_id, inr(250), by=asha)

    second = db.write(money.send_money, id, ravi.user_id, inr(250), by=asha)

    assert second == first
    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(250)


@pytest.mark.parametrize("changed", ["amount", "payee", "payer", "ref"])
def test_an_id_that_was_used_for_something_else_is_refused(db: Database, changed: str) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db)
    meera = make.owner(db, purse=inr(1000))
    id = make.transfer_id()
    db.write(money.send_money, id, ravi.user_id, inr(250), by=asha)

    with pytest.raises(IdReused) as refused:
        db.write(
            money.send_money,
            id,
            meera.user_id if changed == "payee" else ravi.user_id,
            inr(251) if changed == "amount" else inr(250),
            ref=money.Ref("conversation", uuid7()) if changed == "ref" else None,
            by=meera if changed == "payer" else asha,
        )

    assert refused.value.facts == {"id": str(id)}


def test_a_refusal_is_remembered_even_after_a_top_up(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(100)), make.owner(db)
    id = make.transfer_id()
    with pytest.raises(money.InsufficientFunds) as first:
        db.write(money.send_money, id, ravi.user_id, inr(250), by=asha)
    make.top_up(db, asha, inr(1000))

    with pytest.raises(money.InsufficientFunds) as second:
        db.write(money.send_money, id, ravi.user_id, inr(250), by=asha)

    assert second.value.facts == first.value.facts == {"available_minor": 100, "currency": "INR"}
    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(1100)


def test_money_cannot_be_sent_to_somebody_who_is_not_here(db: Database) -> None:
    asha = make.owner(db, purse=inr(100))

    with pytest.raises(NotFound):
        db.write(money.send_money, make.transfer_id(), UserId(uuid7()), inr(50), by=asha)


def test_a_payment_above_the_line_is_confirmed_for_itself_alone(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db, purse=inr(900_000)), make.owner(db)
    id, other = make.transfer_id(), make.transfer_id()

    def send(id: TransferId, by: Actor) -> money.Transfer:
        return db.write(money.send_money, id, ravi.user_id, inr(200_001), by=by)

    with pytest.raises(money.ConfirmationRequired) as required:
        send(id, asha)
    challenge = bytes.fromhex(required.value.facts["challenge"])
    proven = replace(asha, confirmation=Confirmation("pin", challenge, db.clock.now))

    with pytest.raises(money.ConfirmationWrong):
        send(other, proven)
    assert send(id, proven) == send(id, asha)
    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(200_001)


def test_a_confirmation_is_good_for_two_minutes(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db, purse=inr(900_000)), make.owner(db)
    id = make.transfer_id()
    with pytest.raises(money.ConfirmationRequired) as required:
        db.write(money.send_money, id, ravi.user_id, inr(200_001), by=asha)
    challenge = bytes.fromhex(required.value.facts["challenge"])
    proven = replace(asha, confirmation=Confirmation("pin", challenge, db.clock.now))

    db.clock.advance(120_001)

    with pytest.raises(money.ConfirmationWrong):
        db.write(money.send_money, id, ravi.user_id, inr(200_001), by=proven)


def test_nobody_types_a_pin_for_a_payment_that_would_be_refused(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(10)), make.owner(db)

    with pytest.raises(money.InsufficientFunds):
        db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(200_001), by=asha)


def test_lowering_the_line_is_free_and_raising_it_is_confirmed(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db, purse=inr(900)), make.owner(db)
    db.write(money.set_confirm_line, inr(100), by=asha)

    with pytest.raises(money.ConfirmationRequired):
        db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(101), by=asha)
    with pytest.raises(money.ConfirmationRequired) as required:
        db.write(money.set_confirm_line, inr(500), by=asha)
    challenge = bytes.fromhex(required.value.facts["challenge"])
    proven = replace(asha, confirmation=Confirmation("passkey", challenge, db.clock.now))
    db.write(money.set_confirm_line, inr(500), by=proven)

    db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(101), by=asha)
    assert db.read(money.confirm_line, asha.user_id, "INR") == inr(500)


def test_a_preview_says_what_would_happen_and_changes_nothing(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(900_000)), make.owner(db)

    small = db.read(money.preview_transfer, ravi.user_id, inr(100), by=asha)
    large = db.read(money.preview_transfer, ravi.user_id, inr(200_001), by=asha)

    assert (small.fee, small.available_after) == (inr(0), inr(899_900))
    assert (small.needs_confirmation, large.needs_confirmation) == (False, True)
    with pytest.raises(money.InsufficientFunds):
        db.read(money.preview_transfer, ravi.user_id, inr(900_001), by=asha)
    with pytest.raises(money.SameAccount):
        db.read(money.preview_transfer, asha.user_id, inr(1), by=asha)


def test_only_who_was_paid_may_give_back(db: Database) -> None:
    asha, ravi, meera = make.owner(db, purse=inr(900)), make.owner(db), make.owner(db)
    id = make.transfer_id()
    db.write(money.send_money, id, ravi.user_id, inr(100), by=asha)

    with pytest.raises(NotAllowed):
        db.write(money.give_back, make.transfer_id(), id, by=asha)
    with pytest.raises(NotFound):
        db.write(money.give_back, make.transfer_id(), id, by=meera)
    db.write(money.give_back, make.transfer_id(), id, inr(30), by=ravi)

    assert db.read(money.get_transfer, id, by=asha).refunded == inr(30)
    with pytest.raises(NotFound):
        db.read(money.get_transfer, id, by=meera)


def test_a_large_sum_is_given_back_with_the_pin(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db, purse=inr(200_001)), make.owner(db)
    paid, id = make.transfer_id(), make.transfer_id()
    with pytest.raises(money.ConfirmationRequired) as asked:
        db.write(money.send_money, paid, ravi.user_id, inr(200_001), by=asha)
    db.write(money.send_money, paid, ravi.user_id, inr(200_001), by=proven(db, asha, asked.value))

    with pytest.raises(money.ConfirmationRequired) as required:
        db.write(money.give_back, id, paid, by=ravi)
    db.write(money.give_back, id, paid, by=proven(db, ravi, required.value))

    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(200_001)


def test_the_receiver_s_own_line_says_what_is_given_back_with_the_pin(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(500)), make.owner(db)
    paid = make.transfer_id()
    db.write(money.send_money, paid, ravi.user_id, inr(500), by=asha)
    db.write(money.set_confirm_line, inr(100), by=ravi)

    with pytest.raises(money.ConfirmationRequired):
        db.write(money.give_back, make.transfer_id(), paid, inr(101), by=ravi)
    db.write(money.give_back, make.transfer_id(), paid, inr(100), by=ravi)

    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(400)


def test_the_money_of_an_order_goes_back_from_the_order_alone(db: Database) -> None:
    shop, ravi = make.owner(db), make.owner(db, purse=inr(900))
    order, held, paid = money.Ref("order", uuid7()), make.transfer_id(), make.transfer_id()
    db.write(
        money.hold, held, payer=ravi.user_id, payee=shop.user_id, amount=inr(300), ref=order,
        by=ravi,
    )  # fmt: skip
    db.write(money.capture, paid, held, by=shop)
    asked = RequestId(uuid7())
    db.write(
        money.ask, asked, asker=shop.user_id, payer=ravi.user_id, amount=inr(200), ref=order,
        by=shop,
    )  # fmt: skip
    request = make.transfer_id()
    db.write(money.pay_request, request, asked, by=ravi)

    for original in (paid, request):
        with pytest.raises(NotAllowed):
            db.write(money.give_back, make.transfer_id(), original, by=shop)
        db.write(money.refund, make.transfer_id(), original, inr(1), by=shop)


def test_what_the_operator_put_in_is_not_given_back_by_oneself(db: Database) -> None:
    asha, id = make.owner(db), make.transfer_id()
    db.write(money.top_up, id, asha.user_id, inr(100), by=SYSTEM)

    with pytest.raises(NotAllowed):
        db.write(money.give_back, make.transfer_id(), id, by=asha)


def test_of_many_sendings_at_once_those_without_a_mandate_are_refused(
    db: RehearsedDatabase,
) -> None:
    shop, ravi = make.owner(db, purse=inr(900)), make.owner(db)
    owner = replace(shop, person_id=UserId(uuid7()), shop_mandate=Mandate.SPEND)
    manager = replace(owner, person_id=UserId(uuid7()), shop_mandate=Mandate.GIVE_BACK)
    works = [
        Work(money.send_money, (make.transfer_id(), ravi.user_id, inr(10)), {"by": by})
        for by in (owner, manager, owner)
    ]

    errors = [outcome.error for outcome in db.run(works)]

    assert [type(error) for error in errors] == [type(None), NotAllowed, type(None)]
    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(20)


def proven(db: RehearsedDatabase, by: Actor, required: money.ConfirmationRequired) -> Actor:
    challenge = bytes.fromhex(required.facts["challenge"])
    return replace(by, confirmation=Confirmation("pin", challenge, db.clock.now))


def test_a_statement_is_read_in_stable_pages(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(100)), make.owner(db)
    for n in range(1, 6):
        db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(n), by=asha)

    first = db.read(money.list_statement, "INR", limit=4, by=asha)
    db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(50), by=asha)
    assert first.next is not None
    second = db.read(money.list_statement, "INR", before=int(first.next), limit=4, by=asha)

    lines = [*first.items, *second.items]
    assert [line.posted.amount_minor for line in lines] == [-5, -4, -3, -2, -1, 100]
    assert [line.balance_after.amount_minor for line in lines] == [85, 90, 94, 97, 99, 100]
    assert {line.counterparty_id for line in lines[:5]} == {ravi.user_id}
    assert second.next is None


def test_both_sides_hear_of_a_payment_and_rooms_hear_once(db: RehearsedDatabase, bus: Bus) -> None:
    heard: list[money.TransferPosted] = []

    def listen(tx: Tx, event: money.TransferPosted) -> None:
        heard.append(event)

    bus.on(money.TransferPosted, listen, ref_kind="conversation")
    asha, ravi = make.owner(db, purse=inr(900)), make.owner(db)
    place = money.Ref("conversation", uuid7())

    sent = db.write(
        money.send_money, make.transfer_id(), ravi.user_id, inr(100), ref=place, by=asha
    )
    db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(7), by=asha)
    db.deliver()

    assert {event.transfer_id for event in heard} == {sent.id}
    assert (heard[0].ref, heard[0].amount, heard[0].payer_id) == (place, inr(100), asha.user_id)
    for person in (asha, ravi):
        page = db.read(read_stream, person.user_id, 0, Frames())
        kinds = [msgspec.json.decode(frame)["k"] for frame in page.frames]
        assert kinds[-4:] == ["transfer", "wallet"] * 2


def test_a_second_writer_fails_and_corrupts_nothing(db: Database) -> None:
    """A pass that was overtaken between reading and writing."""
    asha, ravi = make.owner(db, purse=inr(900)), make.owner(db, purse=inr(1))
    wallets = [wallet_key(person.user_id, "INR") for person in (asha, ravi)]
    group = Group(make.transfer_id(), (Move.posted(*wallets, inr(900)),), "send", asha.person_id)

    def be_overtaken(tx: Tx) -> None:
        books = ledger._load(tx, [group])
        seen = ledger._Seen(books)
        decide(books, [group])
        money.send_money(tx, make.transfer_id(), ravi.user_id, inr(900), by=asha)
        ledger._write(tx, books, seen)

    with pytest.raises(Stale):
        db.write(be_overtaken)

    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(900)
    assert db.read(money.audit) == []
