"""Top-ups and orders by card: credited once the provider has the money, whatever gets lost."""

from collections.abc import Iterator

import pytest

from kirana import money
from kirana.money.rails import stripe
from kirana.platform.events import Bus
from kirana.platform.problems import IdReused, NotAllowed
from kirana.values import SYSTEM, Money, RailPaymentId, uuid7
from tests.database import RehearsedDatabase

from . import cards, make
from .cards import MINUTE, World
from .make import inr
from .stripe_simulator import Fault, Simulator

HOUR = 60 * MINUTE


@pytest.fixture
def bus() -> Bus:
    bus = Bus()
    cards.wire(bus)
    return bus


@pytest.fixture
def world(db: RehearsedDatabase) -> Iterator[World]:
    with Simulator(now=lambda: db.clock.now // 1000) as simulator:
        yield World(db, simulator)


def test_a_top_up_is_in_the_wallet_once_stripe_has_the_money(world: World) -> None:
    asha = make.owner(world.db)
    id = world.top_up(asha, inr(50_000))
    assert world.find(id).state == "making"

    world.run()
    opened = world.find(id)
    assert (opened.state, opened.url) == ("open", world.session(id)["url"])
    assert world.balance(asha) == 0

    assert world.pay(id) is None
    assert world.balance(asha) == 0
    world.hear_all()

    assert world.find(id).state == "settled"
    assert world.balance(asha) == 50_000
    world.check()


def test_an_order_is_held_for_the_shop_taken_when_fulfilled_and_refunded_to_the_card(
    world: World,
) -> None:
    shop, buyer = cards.shop_and_buyer(world.db)
    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    world.hear_all()

    assert (world.find(id).state, world.coming(shop), world.balance(shop)) == (
        "authorized", 9000, 0,
    )  # fmt: skip
    assert world.db.read(money.get_wallet, buyer.user_id, "INR").available == inr(0)
    world.check()

    world.db.write(money.capture_card, id, by=shop)
    world.run()
    assert (world.find(id).state, world.balance(shop)) == ("settled", 9000)
    assert world.intent(id)["amount_received"] == 9000
    world.hear_all()
    world.check()

    [captured] = [
        it
        for it in world.db.read(money.list_transfers, money.Ref("order", id))
        if it.kind is money.Kind.POST
    ]
    for number, amount in enumerate((2000, 7000)):
        back = make.transfer_id()
        world.db.write(money.refund, back, captured.id, inr(amount), by=shop)
        world.db.write(money.return_to_card, back, id, inr(amount), by=shop)
        world.run()
        world.hear_all()
        assert len(world.simulator.stripe.refunds) == number + 1
    assert (world.balance(shop), world.balance(buyer), world.at_stripe()) == (0, 0, 0)
    world.check()


def test_a_canceled_order_lets_the_money_go_and_the_payer_cannot_spend_it_meanwhile(
    world: World,
) -> None:
    shop, buyer = cards.shop_and_buyer(world.db)
    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    world.hear_all()

    world.db.write(money.cancel_card, id, by=shop)
    assert world.db.read(money.get_wallet, buyer.user_id, "INR").available == inr(0)
    assert world.coming(shop) == 0
    world.run()

    assert world.find(id).state == "ended"
    assert world.intent(id)["status"] == "canceled"
    assert world.balance(buyer) == 0
    world.check()


def test_a_page_that_is_no_longer_wanted_is_closed(world: World) -> None:
    shop, buyer = cards.shop_and_buyer(world.db)
    id = world.order(buyer, shop, inr(9000))
    world.run()

    world.db.write(money.cancel_card, id, by=shop)
    assert world.find(id).url is None
    world.run()

    assert world.find(id).state == "ended"
    assert world.simulator.only_session()["status"] == "expired"
    world.check()


def test_an_abandoned_page_ends_by_itself_though_nobody_tells(world: World) -> None:
    asha = make.owner(world.db)
    id = world.top_up(asha, inr(50_000))
    world.run()

    world.pass_time(61 * MINUTE)

    assert (world.find(id).state, world.find(id).reason) == ("ended", "expired")
    world.check()


def test_a_declined_card_leaves_the_page_open_for_another(world: World) -> None:
    asha = make.owner(world.db)
    id = world.top_up(asha, inr(50_000))
    world.run()

    assert world.pay(id, "4000 0000 0000 0002") == "Your card was declined."
    world.hear_all()
    assert (world.find(id).state, world.balance(asha)) == ("open", 0)
    assert world.pay(id, "4000 0000 0000 9995") == "Your card has insufficient funds."
    assert world.pay(id) is None
    world.hear_all()

    assert world.balance(asha) == 50_000
    world.check()


@pytest.mark.parametrize("passes", [True, False])
def test_the_bank_may_ask_first(world: World, passes: bool) -> None:
    asha = make.owner(world.db)
    id = world.top_up(asha, inr(50_000))
    world.run()

    assert world.pay(id, "4000002500003155") == "challenge"
    world.hear_all()
    assert world.balance(asha) == 0
    world.simulator.stripe.answer_challenge(world.session(id)["id"], passes=passes)
    world.hear_all()

    assert world.balance(asha) == (50_000 if passes else 0)
    assert world.find(id).state == ("settled" if passes else "open")
    world.check()


# Calls that go wrong


def test_accepted_and_then_an_error_is_found_by_our_id_and_not_made_again(world: World) -> None:
    asha = make.owner(world.db)
    world.simulator.fail_next(Fault.ERROR_AFTER, "/checkout/sessions")
    id = world.top_up(asha, inr(50_000))
    world.run()
    assert world.find(id).state == "making"

    world.pass_time(MINUTE)

    assert world.find(id).url == world.simulator.only_session()["url"]
    world.check()


def test_an_error_before_anything_was_done_is_tried_again_by_a_new_key(world: World) -> None:
    asha = make.owner(world.db)
    world.simulator.fail_next(Fault.ERROR_BEFORE, "/checkout/sessions")
    id = world.top_up(asha, inr(50_000))
    world.run()

    world.pass_time(MINUTE)

    assert world.find(id).state == "open"
    keys = [key for method, path, key in world.simulator.calls if method == "POST"]
    assert keys == [f"{id}:open_page:1", f"{id}:open_page:2"]


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.DROPPED, Fault.SLOW])
def test_a_lost_answer_is_looked_up_and_then_asked_for_by_the_same_key(
    world: World, fault: Fault
) -> None:
    asha = make.owner(world.db)
    world.simulator.fail_next(fault, "/checkout/sessions")
    id = world.top_up(asha, inr(50_000))
    world.run()
    assert world.find(id).state == "making"

    world.pass_time(MINUTE)
    world.simulator.finish()
    world.pass_time(MINUTE)

    assert world.find(id).url == world.simulator.only_session()["url"]
    assert {key for method, _, key in world.simulator.calls if method == "POST"} == {
        f"{id}:open_page:1"
    }


def test_a_call_of_a_process_that_died_is_looked_up(world: World) -> None:
    asha = make.owner(world.db)
    id = world.top_up(asha, inr(50_000))
    world.db.deliver()
    world.call(world.calls()[0], dies=True)
    assert world.find(id).state == "making"

    world.run()
    assert len(world.simulator.stripe.sessions) == 1
    world.pass_time(3 * MINUTE)

    assert world.find(id).url == world.simulator.only_session()["url"]


@pytest.mark.parametrize(
    "fault",
    [Fault.ERROR_AFTER, Fault.ERROR_BEFORE, Fault.LOST, Fault.DROPPED, Fault.BUSY, Fault.IN_FLIGHT],
)
def test_a_capture_happens_once_whatever_becomes_of_the_call(world: World, fault: Fault) -> None:
    shop, buyer = cards.shop_and_buyer(world.db)
    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    world.hear_all()

    world.simulator.fail_next(fault, "/capture")
    world.db.write(money.capture_card, id, by=shop)
    world.run()
    assert (world.balance(shop), world.coming(shop)) == (0, 9000)
    world.pass_time(MINUTE)

    assert (world.find(id).state, world.balance(shop)) == ("settled", 9000)
    world.hear_all()
    world.check()


@pytest.mark.parametrize(
    "fault",
    [Fault.ERROR_AFTER, Fault.ERROR_BEFORE, Fault.LOST, Fault.DROPPED, Fault.SLOW, Fault.BUSY],
)
def test_a_refund_is_made_once_whatever_becomes_of_the_call(world: World, fault: Fault) -> None:
    id, shop, buyer = captured(world)

    world.simulator.fail_next(fault, "/refunds")
    back = refund(world, id, shop, inr(2000))
    assert world.db.read(money.get_wallet, buyer.user_id, "INR").on_hold == inr(2000)
    world.pass_time(MINUTE)
    world.simulator.finish()
    world.pass_time(MINUTE)
    world.hear_all()

    assert world.find(back).state == "settled"
    assert len(world.simulator.stripe.refunds) == 1
    assert (world.balance(shop), world.balance(buyer)) == (7000, 0)
    world.check()


def test_a_definite_refusal_of_a_refund_leaves_the_money_with_the_payer_and_is_shown(
    world: World,
) -> None:
    id, shop, buyer = captured(world)
    world.simulator.stripe.refund({"payment_intent": world.intent(id)["id"]})

    back = refund(world, id, shop, inr(2000))

    assert (world.find(back).state, world.balance(buyer)) == ("looked_into", 2000)
    assert [it.payment.reason for it in world.cases()] == ["refund-refused"]


def test_a_refund_that_comes_back_is_the_payers_and_is_shown(world: World) -> None:
    id, shop, buyer = captured(world)
    refund(world, id, shop, inr(2000))
    world.hear_all()
    [made] = world.simulator.stripe.refunds

    world.simulator.stripe.fail_refund(made)
    world.hear_all()

    assert world.balance(buyer) == 2000
    assert [it.payment.reason for it in world.cases()] == ["refund-returned"]
    world.check()


def test_what_is_unknown_stays_pending_and_after_23_hours_a_person_decides(world: World) -> None:
    id, shop, buyer = captured(world)
    world.hear_all()
    back = world_refund_without_answers(world, id, shop)

    for _ in range(50):
        world.simulator.fail_next(Fault.DROPPED, "/refunds")
        world.pass_time(HOUR)
        if world.cases():
            break
    assert world.db.read(money.get_wallet, buyer.user_id, "INR").on_hold == inr(2000)
    [case] = world.cases()
    assert (case.payment.id, case.payment.reason) == (back, "unknown")
    assert case.steps[-1].outcome == "attention"

    calls = len(world.simulator.calls)
    world.pass_time(48 * HOUR)
    assert len(world.simulator.calls) == calls
    with pytest.raises(NotAllowed):
        world.db.write(money.decide_case, back, "retry", by=buyer)
    world.db.write(money.decide_case, back, "look", by=SYSTEM)
    world.simulator._faults.clear()
    world.run()
    assert [it.payment.reason for it in world.cases()] == ["unknown"]
    world.db.write(money.decide_case, back, "retry", by=SYSTEM)
    world.run()

    assert world.find(back).state == "settled"
    assert len(world.simulator.stripe.refunds) == 1
    world.check()


def test_a_person_may_say_that_it_did_not_happen(world: World) -> None:
    id, shop, buyer = captured(world)
    back = world_refund_without_answers(world, id, shop)
    for _ in range(50):
        world.simulator.fail_next(Fault.DROPPED, "/refunds")
        world.pass_time(HOUR)
    world.db.write(money.decide_case, back, "end", by=SYSTEM)

    assert world.balance(buyer) == 2000
    assert world.simulator.stripe.refunds == {}
    world.check()


def test_a_key_that_is_refused_waits_until_it_is_right(world: World) -> None:
    asha = make.owner(world.db)
    right = world.account
    world.account = stripe.Account("sk_test_wrong", right.url)
    id = world.top_up(asha, inr(50_000))
    world.run()
    assert world.find(id).state == "making"

    world.account = right
    world.pass_time(MINUTE)

    assert world.find(id).state == "open"


# What comes late


def test_paid_after_it_was_called_off_is_late_and_goes_back_to_the_card(world: World) -> None:
    shop, buyer = cards.shop_and_buyer(world.db)
    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    world.db.write(money.cancel_card, id, by=shop)  # before anybody told us that it was paid
    world.run()
    world.hear_all()

    assert world.intent(id)["status"] == "canceled"
    assert (world.find(id).state, world.balance(buyer), world.coming(shop)) == ("ended", 0, 0)
    world.check()


def test_taken_after_it_was_let_go_is_late_and_not_lost(world: World) -> None:
    """Somebody takes it at the provider's own desk while our call to let it go is under way."""
    shop, buyer = cards.shop_and_buyer(world.db)
    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    world.hear_all()
    world.simulator.stripe.capture(world.intent(id)["id"], {})
    world.db.write(money.cancel_card, id, by=shop)

    world.run()
    world.hear_all()

    assert (world.find(id).state, world.find(id).reason) == ("settled", "late")
    assert (world.balance(shop), world.balance(buyer), world.at_stripe()) == (0, 0, 0)
    world.check()


def test_a_top_up_that_is_paid_late_is_credited_all_the_same(world: World) -> None:
    asha = make.owner(world.db)
    id = world.top_up(asha, inr(50_000))
    world.run()
    world.pay(id)
    events = world.simulator.take_deliveries()
    with world.simulator.lock:
        expired = dict(world.session(id)) | {"status": "expired", "payment_intent": None}
        world.simulator.stripe.tell("checkout.session.expired", expired)
    world.hear_all()
    assert world.find(id).state == "ended"

    for event in events:
        world.hear(event)
    world.run()

    assert world.balance(asha) == 50_000
    world.check()


def test_a_late_top_up_of_a_stopped_wallet_is_credited_when_an_operator_looks_again(
    world: World,
) -> None:
    asha = make.owner(world.db, purse=inr(1))
    id = world.top_up(asha, inr(50_000))
    world.run()
    world.pay(id)
    events = world.simulator.take_deliveries()
    with world.simulator.lock:
        expired = dict(world.session(id)) | {"status": "expired", "payment_intent": None}
        world.simulator.stripe.tell("checkout.session.expired", expired)
    world.hear_all()
    world.db.write(money.freeze_wallet, asha.user_id, "INR", into=True, out=False, by=SYSTEM)
    for event in events:
        world.hear(event)
    world.run()
    [case] = world.cases()
    assert (case.payment.reason, case.is_over) == ("account-frozen", False)

    world.db.write(money.freeze_wallet, asha.user_id, "INR", into=False, out=False, by=SYSTEM)
    world.db.write(money.decide_case, id, "look", by=SYSTEM)
    world.run()

    assert (world.balance(asha), world.cases()) == (50_001, [])
    world.check()


def test_money_that_the_bank_lets_go_by_itself_was_never_there(world: World) -> None:
    shop, buyer = cards.shop_and_buyer(world.db)
    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    world.hear_all()

    world.pass_time(8 * 24 * HOUR)

    assert (world.find(id).state, world.coming(shop), world.balance(buyer)) == ("ended", 0, 0)
    world.check()


def test_a_capture_that_comes_too_late_takes_nothing(world: World) -> None:
    shop, buyer = cards.shop_and_buyer(world.db)
    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    world.hear_all()
    world.db.clock.advance(8 * 24 * HOUR)

    world.db.write(money.capture_card, id, by=shop)
    world.run()

    assert (world.find(id).state, world.coming(shop), world.balance(shop)) == ("ended", 0, 0)
    world.check()


def test_part_of_what_was_set_aside_may_be_taken(world: World) -> None:
    shop, buyer = cards.shop_and_buyer(world.db)
    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    world.hear_all()

    world.simulator.stripe.capture(world.intent(id)["id"], {"amount_to_capture": "5000"})
    world.hear_all()

    assert (world.balance(shop), world.balance(buyer)) == (5000, 0)
    assert world.find(id).settled == inr(5000)
    world.check()


# Events


def test_an_event_that_comes_twice_is_heard_once(world: World) -> None:
    asha = make.owner(world.db)
    id = world.top_up(asha, inr(50_000))
    world.run()
    world.pay(id)

    for delivery in world.simulator.take_deliveries():
        assert [world.hear(delivery) for _ in range(3)] == [True, True, True]
    world.run()

    assert world.balance(asha) == 50_000
    world.check()


def test_events_in_the_wrong_order_end_in_the_same(world: World) -> None:
    shop, buyer = cards.shop_and_buyer(world.db)
    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    world.simulator.stripe.capture(world.intent(id)["id"], {})

    for delivery in reversed(world.simulator.take_deliveries()):
        assert world.hear(delivery)
        world.run()

    assert (world.find(id).state, world.balance(shop)) == ("settled", 9000)
    world.check()


def test_of_what_is_not_ours_nothing_is_done(world: World) -> None:
    asha = make.owner(world.db)
    id = world.top_up(asha, inr(50_000))
    world.run()
    world.pay(id)
    world.simulator.take_deliveries()
    it = world.simulator.stripe
    intent = dict(world.intent(id))

    other = {**intent, "id": "pi_of_another", "metadata": {"kirana_id": str(uuid7())}}
    it.tell("payment_intent.succeeded", other)
    it.tell("payment_intent.succeeded", {**intent, "id": "pi_none", "metadata": {}})
    it.tell("customer.created", {"id": "cus_1", "object": "customer", "metadata": {}})
    it.tell("payment_intent.succeeded", {**intent, "status": "of_the_future"})
    connected = it.events[-1] | {"id": "evt_connected", "account": "acct_other"}
    connected["data"] = {"object": intent}
    it.events.append(connected)
    world.hear_all()

    assert world.balance(asha) == 0


@pytest.mark.parametrize(
    "change",
    [{"amount_received": 60_000}, {"amount_received": 40_000}, {"currency": "usd"},
     {"id": "pi_of_another"}],
    ids=["more", "less", "another currency", "another payment"],
)  # fmt: skip
def test_money_that_is_not_what_was_asked_waits_for_a_person(
    world: World, change: dict[str, object]
) -> None:
    asha = make.owner(world.db)
    id = world.top_up(asha, inr(50_000))
    world.run()
    world.pay(id)
    world.simulator.take_deliveries()
    with world.simulator.lock:
        before = {**world.intent(id), "status": "requires_payment_method"}
        world.simulator.stripe.tell("payment_intent.created", before)
        world.simulator.stripe.tell("payment_intent.succeeded", {**world.intent(id), **change})

    world.hear_all()

    assert (world.balance(asha), world.find(id).state) == (0, "looked_into")


def test_money_for_a_frozen_wallet_waits_and_is_not_lost(world: World) -> None:
    asha = make.owner(world.db, purse=inr(1))
    freeze = {"out": False, "by": SYSTEM}
    id = world.top_up(asha, inr(50_000))
    world.run()
    world.db.write(money.freeze_wallet, asha.user_id, "INR", into=True, **freeze)
    world.pay(id)
    world.hear_all()
    assert [it.payment.reason for it in world.cases()] == ["account-frozen"]

    world.db.write(money.freeze_wallet, asha.user_id, "INR", into=False, **freeze)
    world.db.write(money.decide_case, id, "look", by=SYSTEM)
    world.run()

    assert world.balance(asha) == 50_001
    assert world.cases() == []
    world.check()


def test_given_back_at_the_providers_own_desk_is_shown(world: World) -> None:
    id, _, _ = captured(world)
    world.hear_all()

    world.simulator.stripe.refund({"payment_intent": world.intent(id)["id"]})
    world.hear_all()

    assert [it.payment.reason for it in world.cases()] == ["refunded-elsewhere"]


# Disputes


def test_a_dispute_takes_from_the_shop_and_for_what_it_lacks_from_the_operator(
    world: World,
) -> None:
    id, shop, _ = captured(world)
    world.hear_all()
    other = make.owner(world.db)
    world.db.write(money.send_money, make.transfer_id(), other.user_id, inr(7000), by=shop)

    world.simulator.stripe.dispute(world.intent(id)["id"])
    world.hear_all()

    assert world.balance(shop) == 0
    [case] = world.cases()
    assert (case.payment.kind, case.payment.amount, case.shortfall) == (
        "dispute", inr(9000), inr(7000),
    )  # fmt: skip
    world.check()


@pytest.mark.parametrize("is_won", [True, False])
@pytest.mark.parametrize("is_reversed", [False, True], ids=["in order", "in the wrong order"])
def test_a_dispute_that_is_won_brings_all_of_it_back(
    world: World, is_won: bool, is_reversed: bool
) -> None:
    id, shop, buyer = captured(world)
    world.hear_all()
    world.db.write(money.send_money, make.transfer_id(), buyer.user_id, inr(7000), by=shop)

    dispute = world.simulator.stripe.dispute(world.intent(id)["id"])
    world.simulator.stripe.close_dispute(dispute, is_won=is_won)
    deliveries = world.simulator.take_deliveries()
    for delivery in reversed(deliveries) if is_reversed else deliveries:
        world.hear(delivery)
        world.run()

    assert world.balance(shop) == (2000 if is_won else 0)
    world.check()


def test_a_dispute_that_is_heard_of_before_the_payment_waits_for_it(world: World) -> None:
    asha = make.owner(world.db)
    id = world.top_up(asha, inr(50_000))
    world.run()
    world.pay(id)
    world.simulator.stripe.dispute(world.intent(id)["id"], 20_000)
    deliveries = world.simulator.take_deliveries()

    for delivery in [it for it in deliveries if "dispute" in it.type]:
        world.hear(delivery)
    world.run()
    assert world.balance(asha) == 0
    for delivery in deliveries:
        world.hear(delivery)
    world.run()
    world.pass_time(MINUTE)

    assert world.balance(asha) == 30_000
    world.check()


def test_a_warning_takes_nothing(world: World) -> None:
    id, shop, _ = captured(world)
    world.hear_all()

    world.simulator.stripe.dispute(world.intent(id)["id"], is_warning=True)
    world.hear_all()

    assert world.balance(shop) == 9000
    world.check()


# What people may ask for


def test_where_no_cards_are_taken_nobody_is_sent_to_pay(world: World) -> None:
    asha = make.owner(world.db)

    world.db.write(money.switch_way, "INR", ("wallet", "stripe"), enabled=False, by=SYSTEM)
    with pytest.raises(money.WayOff):
        world.top_up(asha, inr(50_000))
    assert not world.db.read(money.takes_cards, "INR")
    world.db.write(money.switch_way, "INR", ("wallet", "stripe"), enabled=True, by=SYSTEM)
    assert world.db.read(money.takes_cards, "INR")
    assert not world.db.read(money.takes_cards, "XAU")
    world.db.write(money.switch_rail, "stripe", is_on=False)
    assert not world.db.read(money.takes_cards, "INR")
    with pytest.raises(money.WayOff):
        world.top_up(asha, inr(50_000))
    assert world.simulator.calls == []


def test_an_id_stands_for_one_payment(world: World) -> None:
    asha, ravi = make.owner(world.db), make.owner(world.db)
    id = RailPaymentId(uuid7())

    first = world.db.write(money.top_up_by_card, id, inr(50_000), by=asha)
    assert world.db.write(money.top_up_by_card, id, inr(50_000), by=asha) == first
    for amount, by in ((inr(60_000), asha), (inr(50_000), ravi)):
        with pytest.raises(IdReused):
            world.db.write(money.top_up_by_card, id, amount, by=by)
    world.run()

    assert len(world.simulator.stripe.sessions) == 1


def test_an_amount_that_cards_cannot_be_charged_is_refused(world: World) -> None:
    asha = make.owner(world.db)

    with pytest.raises(money.AmountOutOfRange):
        world.top_up(asha, Money(1234, "MGA"))
    assert world.simulator.calls == []


def captured(world: World) -> tuple[RailPaymentId, "cards.Actor", "cards.Actor"]:
    """An order of 9000 that was paid by card and handed over."""
    shop, buyer = cards.shop_and_buyer(world.db)
    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    world.hear_all()
    world.db.write(money.capture_card, id, by=shop)
    world.run()
    assert world.balance(shop) == 9000
    world.simulator.take_deliveries()
    return id, shop, buyer


def refund(world: World, id: RailPaymentId, shop: "cards.Actor", amount: Money) -> RailPaymentId:
    back = begin_refund(world, id, shop, amount)
    world.run()
    return back


def begin_refund(
    world: World, id: RailPaymentId, shop: "cards.Actor", amount: Money
) -> RailPaymentId:
    [taken] = [
        it
        for it in world.db.read(money.list_transfers, money.Ref("order", id))
        if it.kind is money.Kind.POST
    ]
    back = make.transfer_id()
    world.db.write(money.refund, back, taken.id, amount, by=shop)
    return world.db.write(money.return_to_card, back, id, amount, by=shop).id


def world_refund_without_answers(
    world: World, id: RailPaymentId, shop: "cards.Actor"
) -> RailPaymentId:
    """A refund whose call never reaches the provider."""
    world.simulator.fail_next(Fault.DROPPED, "/refunds")
    return refund(world, id, shop, inr(2000))
