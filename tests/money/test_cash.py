"""Cash for an order, agents, top-ups and pay-outs."""

import msgspec
import pytest

from kirana import money
from kirana.platform.db import Database
from kirana.platform.problems import NotAllowed, NotFound
from kirana.platform.stream import Frames, read_stream
from kirana.values import SYSTEM, Actor, Confirmation, RequestId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr
from .test_claims import Bill


def asked_in_cash(db: Database, shop: Actor, buyer: Actor) -> RequestId:
    id = RequestId(uuid7())
    db.write(
        money.ask, id, asker=shop.user_id, payer=buyer.user_id, amount=inr(300),
        ref=money.Ref("order", id), by=buyer,
    )  # fmt: skip
    return id


def confirmed(db: RehearsedDatabase, by: Actor, required: money.ConfirmationRequired) -> Actor:
    challenge = bytes.fromhex(required.facts["challenge"])
    proof = Confirmation("pin", challenge, db.clock.now)
    return Actor(by.user_id, by.person_id, confirmation=proof)


def test_cash_handed_to_the_shop_ends_the_request_and_touches_no_wallet(db: Database) -> None:
    shop, buyer = make.owner(db), make.owner(db, purse=inr(50))
    id = asked_in_cash(db, shop, buyer)

    first = db.write(money.collect_cash, id, by=shop)
    second = db.write(money.collect_cash, id, by=shop)

    assert first == second
    assert (first.way, first.ref) == (money.Way.DIRECT, money.Ref("order", id))
    assert db.read(money.find_request, id).transfer_id == first.id
    assert db.read(money.get_wallet, buyer.user_id, "INR").balance == inr(50)


def test_a_courier_owes_what_was_collected_until_it_is_handed_in(db: Database) -> None:
    shop, buyer, courier = make.owner(db), make.owner(db), make.owner(db)
    db.write(
        money.collect_cash, asked_in_cash(db, shop, buyer), collector=courier.user_id, by=courier
    )
    sides = {"collector": courier.user_id, "payee": shop.user_id}

    with pytest.raises(money.InsufficientFunds):
        db.write(money.hand_in_cash, make.transfer_id(), amount=inr(301), by=shop, **sides)
    handed_in = db.write(money.hand_in_cash, make.transfer_id(), amount=inr(300), by=shop, **sides)

    assert handed_in.payee_id == shop.user_id
    assert db.read(money.audit) == []


def test_cash_that_was_refused_while_a_claim_waited_is_taken_after_it(
    db: RehearsedDatabase,
) -> None:
    bill = Bill(db)
    claim = bill.claim()
    with pytest.raises(money.ClaimOpen):
        db.write(money.collect_cash, bill.request_id, by=bill.asha)
    bill.reject(claim)

    db.write(money.collect_cash, bill.request_id, by=bill.asha)

    assert bill.request.state == "paid"
    assert db.read(money.audit) == []


def test_cash_that_a_courier_could_not_carry_is_taken_when_they_have_handed_in(
    db: RehearsedDatabase,
) -> None:
    shop, buyer, courier = make.owner(db), make.owner(db), make.owner(db)
    most = money.Limit("unverified", money.Action.HOLD_CASH, money.Window.BALANCE, 300)
    db.write(money.set_limits, uuid7(), "INR", [most], by=SYSTEM)
    first, second = asked_in_cash(db, shop, buyer), asked_in_cash(db, shop, buyer)
    carries = {"collector": courier.user_id, "by": courier}
    db.write(money.collect_cash, first, **carries)
    with pytest.raises(money.PayeeCannotReceive):
        db.write(money.collect_cash, second, **carries)
    db.write(
        money.hand_in_cash, make.transfer_id(), collector=courier.user_id, payee=shop.user_id,
        amount=inr(300), by=shop,
    )  # fmt: skip

    db.write(money.collect_cash, second, **carries)

    assert db.read(money.find_request, second).state == "paid"
    assert db.read(money.audit) == []


def test_cash_can_be_noted_as_given_back(db: Database) -> None:
    shop, buyer = make.owner(db), make.owner(db)
    paid = db.write(money.collect_cash, asked_in_cash(db, shop, buyer), by=shop)

    back = db.write(money.refund, make.transfer_id(), paid.id, inr(100), by=shop)

    assert (back.payer_id, back.payee_id, back.way) == (
        shop.user_id, buyer.user_id, money.Way.DIRECT,
    )  # fmt: skip


def test_an_agent_pays_cash_in_from_a_float_and_never_more(db: Database) -> None:
    agent, asha = make.owner(db), make.owner(db)
    db.write(money.appoint_agent, agent.user_id, by=SYSTEM)
    db.write(
        money.top_up, make.transfer_id(), agent.user_id, inr(500), source=money.Source.CASH,
        into=money.Into.FLOAT, by=SYSTEM,
    )  # fmt: skip

    db.write(money.cash_in, make.transfer_id(), asha.user_id, inr(400), by=agent)
    with pytest.raises(money.InsufficientFunds):
        db.write(money.cash_in, make.transfer_id(), asha.user_id, inr(101), by=agent)

    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(400)
    assert db.read(money.list_floats, by=agent) == [inr(100)]
    assert db.read(money.list_wallets, by=agent) == []


def test_an_agent_reads_what_happened_to_the_float(db: RehearsedDatabase) -> None:
    agent, asha = make.owner(db), make.owner(db)
    db.write(money.appoint_agent, agent.user_id, by=SYSTEM)
    db.write(
        money.top_up, make.transfer_id(), agent.user_id, inr(500), into=money.Into.FLOAT, by=SYSTEM
    )
    db.write(money.cash_in, make.transfer_id(), asha.user_id, inr(400), by=agent)

    lines = db.read(money.list_float_statement, "INR", by=agent).items

    assert [(line.purpose, line.posted, line.balance_after) for line in lines] == [
        ("cash_in", inr(-400), inr(100)),
        ("top_up", inr(500), inr(500)),
    ]
    assert lines[0].counterparty_id == asha.user_id
    assert db.read(money.list_float_statement, "INR", by=asha).items == []


def test_a_float_is_for_agents_alone(db: Database) -> None:
    asha = make.owner(db)

    with pytest.raises(NotFound):
        db.write(
            money.top_up, make.transfer_id(), asha.user_id, inr(5), into=money.Into.FLOAT, by=SYSTEM
        )

    assert db.read(money.list_floats, by=asha) == []


def test_operators_and_the_owner_hear_of_what_waits_to_be_paid_out(db: RehearsedDatabase) -> None:
    operator, asha = make.owner(db), make.owner(db)
    db.write(money.appoint_operator, operator.user_id, by=SYSTEM)
    db.write(money.top_up, make.transfer_id(), asha.user_id, inr(500), by=operator)
    paid, refused = make.transfer_id(), make.transfer_id()
    for id in (paid, refused):
        with pytest.raises(money.ConfirmationRequired) as required:
            db.write(money.ask_payout, id, inr(200), by=asha)
        db.write(money.ask_payout, id, inr(200), by=confirmed(db, asha, required.value))
    db.write(money.settle_payout, make.transfer_id(), paid, by=operator)
    db.write(money.refuse_payout, make.transfer_id(), refused, by=operator)

    assert payouts_heard_by(db, operator) == [str(id) for id in (paid, refused, paid, refused)]
    assert payouts_heard_by(db, asha) == [str(id) for id in (paid, refused, paid, refused)]


def payouts_heard_by(db: Database, who: Actor) -> list[str]:
    frames = db.read(read_stream, who.user_id, 0, Frames()).frames
    heard = [msgspec.json.decode(frame) for frame in frames]
    return [frame["ref"] for frame in heard if frame["k"] == "payout"]


def test_cash_out_is_always_confirmed_by_the_customer(db: RehearsedDatabase) -> None:
    agent, asha = make.owner(db), make.owner(db, purse=inr(500))
    db.write(money.appoint_agent, agent.user_id, by=SYSTEM)
    id = make.transfer_id()

    with pytest.raises(money.ConfirmationRequired) as required:
        db.write(money.cash_out, id, agent.user_id, inr(1), by=asha)
    db.write(money.cash_out, id, agent.user_id, inr(1), by=confirmed(db, asha, required.value))

    assert db.read(money.list_floats, by=agent) == [inr(1)]


def test_only_agents_deal_in_cash_and_only_operators_top_up(db: Database) -> None:
    asha, ravi = make.owner(db), make.owner(db, purse=inr(500))

    with pytest.raises(NotAllowed):
        db.write(money.cash_in, make.transfer_id(), ravi.user_id, inr(1), by=asha)
    with pytest.raises(NotFound):
        db.write(money.cash_out, make.transfer_id(), asha.user_id, inr(1), by=ravi)
    with pytest.raises(NotAllowed):
        db.write(money.top_up, make.transfer_id(), asha.user_id, inr(1), by=ravi)
    with pytest.raises(NotAllowed):
        db.write(money.appoint_agent, ravi.user_id, by=ravi)
    with pytest.raises(NotAllowed):
        db.read(money.list_payouts, by=ravi)


def test_a_payout_is_set_aside_and_posted_when_the_operator_has_paid(
    db: RehearsedDatabase,
) -> None:
    operator, asha = make.owner(db), make.owner(db)
    db.write(money.appoint_operator, operator.user_id, by=SYSTEM)
    db.write(money.top_up, make.transfer_id(), asha.user_id, inr(500), by=operator)
    id = make.transfer_id()
    with pytest.raises(money.ConfirmationRequired) as required:
        db.write(money.ask_payout, id, inr(200), by=asha)
    db.write(money.ask_payout, id, inr(200), by=confirmed(db, asha, required.value))

    [waiting] = db.read(money.list_payouts, by=operator)
    assert db.read(money.get_wallet, asha.user_id, "INR").available == inr(300)
    db.write(money.settle_payout, make.transfer_id(), waiting.payout.id, by=operator)

    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(300)
    assert db.read(money.list_payouts, by=operator) == []
    assert db.read(money.audit) == []


def test_a_refused_payout_goes_back_to_the_wallet(db: RehearsedDatabase) -> None:
    asha, id = make.owner(db, purse=inr(500)), make.transfer_id()
    with pytest.raises(money.ConfirmationRequired) as required:
        db.write(money.ask_payout, id, inr(200), by=asha)
    db.write(money.ask_payout, id, inr(200), by=confirmed(db, asha, required.value))

    db.write(money.refuse_payout, make.transfer_id(), id, by=SYSTEM)

    assert db.read(money.get_wallet, asha.user_id, "INR").available == inr(500)


def test_the_operator_cannot_pay_out_cash_that_is_not_in_the_box(db: RehearsedDatabase) -> None:
    asha, id = make.owner(db, purse=inr(500)), make.transfer_id()
    with pytest.raises(money.ConfirmationRequired) as required:
        db.write(money.ask_payout, id, inr(200), by=asha)
    db.write(money.ask_payout, id, inr(200), by=confirmed(db, asha, required.value))

    with pytest.raises(money.InsufficientFunds):
        db.write(money.settle_payout, make.transfer_id(), id, by=SYSTEM)

    assert [it.payout.id for it in db.read(money.list_payouts, by=SYSTEM)] == [id]


def test_a_way_that_is_switched_off_refuses_and_still_answers_repeats(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(500)), make.owner(db)
    id = make.transfer_id()
    sent = db.write(money.send_money, id, ravi.user_id, inr(5), by=asha)

    db.write(money.switch_way, "INR", ("wallet", "kirana"), enabled=False, by=SYSTEM)

    assert db.write(money.send_money, id, ravi.user_id, inr(5), by=asha) == sent
    with pytest.raises(money.WayOff):
        db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(5), by=asha)
