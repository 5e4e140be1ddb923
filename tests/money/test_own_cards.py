"""A shop's own account at Stripe: the key, what is paid there, and what others may not do to it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kirana import money
from kirana.money.cards import accounts
from kirana.money.cards.account_checks import let_keys_go
from kirana.platform.db import Q, Tx
from kirana.platform.events import Bus, Event
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound
from kirana.platform.vault import open_vault
from kirana.values import SYSTEM, Actor, CardAccountId, Mandate, RailPaymentId, uuid7
from tests.database import RehearsedDatabase

from . import make, own_cards
from .cards import MINUTE
from .make import inr
from .own_cards import ALL, KEY, OwnWorld
from .stripe_simulator import Fault, Simulator
from .stripe_simulator.state import Stripe

HOUR = 60 * MINUTE
_heard: dict[object, Event] = {}


def hear(tx: Tx, event: Event) -> None:
    _heard[event.event_id] = event


@pytest.fixture
def bus() -> Bus:
    _heard.clear()
    bus = Bus()
    own_cards.wire(bus)
    for kind in (money.CardAccountChanged, money.TransferPosted, money.DisputeOpened):
        bus.on(kind, hear)
    return bus


@pytest.fixture
def world(db: RehearsedDatabase, tmp_path: Path) -> Iterator[OwnWorld]:
    with Simulator(now=lambda: db.clock.now // 1000) as simulator:
        yield OwnWorld(db, simulator, tmp_path)


@pytest.fixture
def shop(world: OwnWorld) -> Actor:
    return make.owner(world.db)


@pytest.fixture
def account(world: OwnWorld, shop: Actor) -> Stripe:
    return world.open_shop(shop)


@pytest.fixture
def buyer(world: OwnWorld) -> Actor:
    return make.owner(world.db)


def heard(kind: type[Event]) -> list[Any]:
    return [it for it in _heard.values() if isinstance(it, kind)]


# The key


def test_a_key_takes_payments_once_stripe_has_accepted_it(world: OwnWorld, shop: Actor) -> None:
    account = world.simulator.open_account("asha", KEY, may=set(ALL))
    id = world.give_key(shop)
    [before] = world.accounts(shop)
    assert (before.id, before.state, before.ending) == (id, "checking", "6789")
    assert world.db.read(accounts.account_of, shop.user_id) is None

    world.run()

    [after] = world.accounts(shop)
    assert (after.state, after.is_live, after.hears, after.trouble) == ("on", True, True, None)
    assert world.db.read(accounts.account_of, shop.user_id) == id
    [endpoint] = account.endpoints.values()
    assert endpoint["url"] == f"https://kirana.test/v1/rails/stripe/events/{id}"
    assert [(it.card_account_id, it.is_on) for it in heard(money.CardAccountChanged)] == [
        (id, True)
    ]


def test_no_key_can_be_read_in_the_database_and_none_opens_in_another_place(
    world: OwnWorld, shop: Actor, account: Stripe
) -> None:
    [row] = world.db.read(accounts.in_use, shop.user_id)
    [endpoint] = account.endpoints.values()
    everything = b"".join(it if isinstance(it, bytes) else str(it).encode() for it in row)
    assert KEY.encode() not in everything
    assert endpoint["_secret"].encode() not in everything
    opened = accounts.account_at(world.settings, row)
    assert opened is not None
    assert (opened.key, accounts.secret_of(world.settings, row)) == (KEY, endpoint["_secret"])

    other = world.give_key(make.owner(world.db), "sk_test_other012345")
    moved = row._replace(id=other)
    assert accounts.account_at(world.settings, moved) is None
    assert "key" not in {name for name in dir(world.accounts(shop)[0]) if name.endswith("key")}


@pytest.mark.parametrize(
    ("lacks", "trouble"),
    [
        ("all", "key-refused"),
        ("rak_checkout_session_write", "not-permitted"),
        ("rak_payment_intent_write", "not-permitted"),
        ("rak_charge_write", "not-permitted"),
        ("rak_dispute_read", "not-permitted"),
    ],
)
def test_a_key_that_may_not_do_all_takes_nothing_until_it_may(
    world: OwnWorld, shop: Actor, lacks: str, trouble: str
) -> None:
    if lacks != "all":
        world.simulator.open_account("asha", KEY, may=ALL - {lacks})
    id = world.give_key(shop)
    world.run()

    [refused] = world.accounts(shop)
    assert (refused.state, refused.trouble) == ("refused", trouble)
    assert world.db.read(accounts.account_of, shop.user_id) is None

    world.simulator.open_account("asha", KEY, may=set(ALL))
    world.db.write(accounts.check_again, id, by=shop)
    world.run()
    assert [it.state for it in world.accounts(shop)] == ["on"]


def test_where_stripe_cannot_reach_us_we_ask(world: OwnWorld, shop: Actor, buyer: Actor) -> None:
    world.simulator.is_reachable = False
    world.simulator.open_account("asha", KEY, may=ALL - {"rak_webhook_write"})
    world.give_key(shop)
    world.run()
    assert [(it.state, it.hears) for it in world.accounts(shop)] == [("on", False)]

    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    world.pass_time(5 * MINUTE)

    assert world.find(id).state == "authorized"


def test_a_key_is_given_by_whoever_may_spend_and_has_proven_it(
    world: OwnWorld, shop: Actor
) -> None:
    id = CardAccountId(uuid7())
    vault = open_vault(world.settings)
    key = accounts.seal_key(vault, id, f"  {KEY}\n")
    with pytest.raises(money.ConfirmationRequired):
        world.db.write(accounts.add_card_account, id, key, by=shop)
    staff = replace(shop, person_id=make.actor().user_id, shop_mandate=Mandate.ASK)
    for refused in (
        lambda: world.db.write(accounts.add_card_account, id, key, by=staff),
        lambda: world.db.read(accounts.list_card_accounts, by=staff),
    ):
        with pytest.raises(NotAllowed):
            refused()
    for wrong in ("", "pk_live_asha0123456789", "whsec_asha0123456789", KEY + " " + KEY):
        with pytest.raises(InvalidInput):
            accounts.seal_key(vault, id, wrong)
    assert world.accounts(shop) == []


def test_the_same_key_again_by_the_same_id_changes_nothing(
    world: OwnWorld, shop: Actor, account: Stripe
) -> None:
    [known] = world.accounts(shop)
    vault = open_vault(world.settings)
    again = accounts.seal_key(vault, known.id, KEY)
    assert world.db.write(accounts.add_card_account, known.id, again, by=shop) == known

    other = accounts.seal_key(vault, known.id, "rk_live_other0123456")
    with pytest.raises(IdReused):
        world.db.write(accounts.add_card_account, known.id, other, by=shop)
    stranger = make.owner(world.db)
    for command in (accounts.check_again, accounts.end_card_account):
        with pytest.raises(NotFound):
            world.db.write(command, known.id, by=stranger)


def test_a_new_key_of_the_same_account_gives_back_what_was_paid_before(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    id = world.bought(buyer, shop, inr(9000), account)
    [before] = world.accounts(shop)
    new = "rk_live_rolled0123456"
    world.simulator.keys[new] = world.simulator.keys.pop(KEY)

    world.give_key(shop, new)
    world.run()

    [after] = world.accounts(shop)
    assert (after.id, after.ending, after.state) == (before.id, "3456", "on")
    assert len(account.endpoints) == 1
    refund = world.give_back(id, inr(9000), shop)
    assert world.find(refund).state == "settled"
    world.check()


def test_a_key_of_another_account_takes_the_place_of_the_first_which_ends_what_it_began(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    world.bought(buyer, shop, inr(100), account)
    [first] = world.accounts(shop)
    under_way = world.order(buyer, shop, inr(9000))
    world.run()
    other = world.simulator.open_account("other", "sk_test_other012345")

    second = world.give_key(shop, "sk_test_other012345")
    world.run()

    assert [(it.id, it.is_live) for it in world.accounts(shop)] == [(second, False)]
    world.pay(under_way)
    world.hear_account(account)
    world.db.write(money.capture_card, under_way, by=shop)
    world.run()
    world.hear_account(account)
    assert world.find(under_way).state == "settled"
    new = world.order(buyer, shop, inr(500))
    world.run()
    assert other.sessions[world.session_of(new)["id"]]

    world.db.write(let_keys_go)
    world.run()
    [row] = world.db.read(_rows, first.id)
    assert (row.sealed_key, row.sealed_secret, account.endpoints) == (None, None, {})
    world.check()


def test_a_key_whose_seal_is_lost_has_to_be_given_anew(
    world: OwnWorld, shop: Actor, account: Stripe
) -> None:
    (world.settings.data_dir / "vault.key").unlink()
    [known] = world.accounts(shop)

    world.db.write(accounts.check_again, known.id, by=shop)
    world.run()

    assert [it.trouble for it in world.accounts(shop)] == ["key-lost"]
    world.give_key(shop)
    world.run()
    assert [(it.state, it.trouble) for it in world.accounts(shop)] == [("on", None)]


def test_no_answer_from_stripe_decides_nothing(world: OwnWorld, shop: Actor) -> None:
    world.simulator.open_account("asha", KEY, may=set(ALL))
    for _ in range(2):  # events are delivered twice here, so it is asked twice
        world.simulator.fail_next(Fault.DROPPED, "/checkout/sessions")
    world.give_key(shop)
    world.run()
    assert [it.state for it in world.accounts(shop)] == ["checking"]

    world.simulator.fail_next(Fault.LOST, "/webhook_endpoints")
    world.pass_time(HOUR)
    world.pass_time(HOUR)

    assert [(it.state, it.hears) for it in world.accounts(shop)] == [("on", True)]
    assert len(world.simulator.keys[KEY].stripe.endpoints) == 1


# What is paid


def test_an_order_is_paid_into_the_shops_account_and_only_noted_here(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    id = world.order(buyer, shop, inr(9000))
    world.run()
    assert (world.find(id).state, world.find(id).is_own) == ("open", True)
    assert account.sessions
    assert not world.simulator.stripe.sessions
    world.pay(id)
    world.hear_account(account)

    assert (world.find(id).state, world.noted(shop)) == ("authorized", 0)
    [held] = world.db.read(money.list_transfers, money.Ref("order", id))
    assert (held.kind, held.way, held.purpose) == (
        money.Kind.PENDING, money.Way.DIRECT, money.PURCHASE,
    )  # fmt: skip

    world.db.write(money.capture_card, id, by=shop)
    world.run()
    world.hear_account(account)

    assert (world.find(id).state, world.noted(shop)) == ("settled", 9000)
    assert account.balance("INR") == 9000
    assert (world.balance(shop), world.balance(buyer)) == (0, 0)
    [posted] = heard(money.TransferPosted)
    assert (posted.amount, posted.ref) == (inr(9000), money.Ref("order", id))
    world.check()


def test_what_is_called_off_is_let_go(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    unpaid, held = world.order(buyer, shop, inr(500)), world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(held)
    world.hear_account(account)
    for id in (unpaid, held):
        world.db.write(money.cancel_card, id, by=shop)
    world.run()
    world.hear_account(account)

    assert [world.find(id).state for id in (unpaid, held)] == ["ended", "ended"]
    assert (world.noted(shop), account.balance("INR")) == (0, 0)
    world.check()


def test_what_is_paid_after_it_was_called_off_goes_back_to_the_card(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    world.hear_account(account)
    account.capture(world.session_of(id)["payment_intent"], {})
    world.db.write(money.cancel_card, id, by=shop)
    world.run()
    world.hear_account(account)

    assert (world.find(id).state, world.find(id).reason) == ("settled", "late")
    assert [it["amount"] for it in account.refunds.values()] == [9000]
    assert (world.noted(shop), account.balance("INR")) == (0, 0)
    assert heard(money.TransferPosted) == [] or all(
        it.ref != money.Ref("order", id) for it in heard(money.TransferPosted)
    )
    world.check()


def test_a_bank_that_lets_the_money_go_ends_it(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    world.hear_account(account)
    world.pass_time(8 * 24 * HOUR)

    assert (world.find(id).state, world.noted(shop)) == ("ended", 0)
    world.check()


def test_refunds_go_out_of_the_shops_account(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    id = world.bought(buyer, shop, inr(9000), account)
    refunds = [world.give_back(id, inr(amount), shop) for amount in (2000, 7000)]
    world.hear_account(account)

    assert [world.find(it).state for it in refunds] == ["settled", "settled"]
    assert [it["amount"] for it in account.refunds.values()] == [2000, 7000]
    assert (world.noted(shop), account.balance("INR")) == (0, 0)
    world.check()


def test_a_refund_that_comes_back_is_the_shops_to_look_into_and_still_owed(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    id = world.bought(buyer, shop, inr(9000), account)
    refund = world.give_back(id, inr(9000), shop)
    world.hear_account(account)
    [made] = account.refunds
    account.fail_refund(made)
    world.hear_account(account)

    assert world.noted(shop) == 9000
    [case] = world.own_cases(shop)
    assert (case.payment.id, case.payment.reason) == (refund, "refund-returned")
    assert world.cases() == []
    assert world.own_cases(buyer) == []
    with pytest.raises(NotFound):
        world.db.write(money.decide_case, case.payment.id, "look", by=buyer)
    world.db.write(money.decide_case, case.payment.id, "look", by=shop)
    assert world.own_cases(shop) == []
    world.check()


def test_what_the_shop_gives_back_in_its_dashboard_is_given_back_of_the_sale(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    id = world.bought(buyer, shop, inr(9000), account)
    intent = world.session_of(id)["payment_intent"]
    account.refund({"payment_intent": intent, "amount": "4000"})
    told = account.take_told()
    for url, delivery in told + told:
        world.hear_own(url, delivery)
        world.run()

    assert world.noted(shop) == account.balance("INR") == 5000
    [captured] = [
        it
        for it in world.db.read(money.list_transfers, money.Ref("order", id))
        if it.kind is money.Kind.POST
    ]
    assert captured.refunded == inr(4000)
    assert (world.own_cases(shop), world.cases()) == ([], [])
    [made] = account.refunds
    account.fail_refund(made)
    world.hear_account(account)
    assert world.noted(shop) == account.balance("INR") == 9000
    assert [it.payment.reason for it in world.own_cases(shop)] == ["refund-returned"]
    world.check()


def test_a_dispute_is_noted_and_shown_to_the_shop(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    id = world.bought(buyer, shop, inr(9000), account)
    dispute = account.dispute(world.session_of(id)["payment_intent"])
    world.hear_account(account)

    assert world.noted(shop) == 0
    [case] = world.own_cases(shop)
    assert (case.payment.kind, case.payment.reason) == ("dispute", "disputed")
    [opened] = heard(money.DisputeOpened)
    assert (opened.amount, opened.bearer_id) == (inr(9000), shop.user_id)

    account.close_dispute(dispute, is_won=True)
    world.hear_account(account)
    assert (world.noted(shop), world.own_cases(shop)) == (9000, [])
    assert world.db.read(money.audit) == []


@pytest.mark.parametrize("fault", [it for it in Fault if it is not Fault.SLOW])
@pytest.mark.parametrize("path", ["/checkout/sessions", "/capture", "/refunds"])
def test_whatever_fails_once_happens_once(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe, path: str, fault: Fault
) -> None:
    world.simulator.fail_next(fault, path)
    id = world.order(buyer, shop, inr(9000))
    for _ in range(4):
        world.pass_time(HOUR // 4)
        if account.sessions and world.find(id).state == "open":
            break
    world.pay(id)
    world.hear_account(account)
    world.db.write(money.capture_card, id, by=shop)
    world.run()
    world.pass_time(HOUR)
    world.pass_time(HOUR)
    world.hear_account(account)
    refund = world.give_back(id, inr(4000), shop)
    world.pass_time(HOUR)
    world.pass_time(HOUR)
    world.hear_account(account)

    assert [world.find(it).state for it in (id, refund)] == ["settled", "settled"]
    assert (len(account.sessions), len(account.refunds)) == (1, 1)
    assert world.noted(shop) == account.balance("INR") == 5000
    world.check()


# What goes wrong with keys


def test_a_key_that_is_taken_no_longer_sends_nobody_there(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    waiting = world.order(buyer, shop, inr(9000))
    del world.simulator.keys[KEY]
    world.run()

    assert (world.find(waiting).state, world.find(waiting).reason) == ("ended", "key-refused")
    assert [it.trouble for it in world.accounts(shop)] == ["key-refused"]
    assert world.db.read(accounts.account_of, shop.user_id) is None
    world.check()


def test_what_was_paid_waits_for_a_key_that_is_taken(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    world.hear_account(account)
    access = world.simulator.keys.pop(KEY)
    world.db.write(money.capture_card, id, by=shop)
    world.run()
    assert world.find(id).state == "authorized"

    world.simulator.keys[KEY] = access
    [known] = world.accounts(shop)
    world.db.write(accounts.check_again, known.id, by=shop)
    world.pass_time(HOUR)
    world.hear_account(account)

    assert (world.find(id).state, world.noted(shop)) == ("settled", 9000)
    world.check()


@pytest.mark.parametrize(
    ("decision", "state", "noted"), [("done", "settled", 0), ("end", "looked_into", 9000)]
)
def test_once_the_key_is_gone_the_shop_gives_back_by_hand_and_says_so(
    world: OwnWorld,
    shop: Actor,
    buyer: Actor,
    account: Stripe,
    decision: Any,
    state: str,
    noted: int,
) -> None:
    id = world.bought(buyer, shop, inr(9000), account)
    [known] = world.accounts(shop)
    world.db.write(accounts.end_card_account, known.id, by=shop)
    world.run()
    assert (world.accounts(shop), account.endpoints) == ([], {})
    world.db.write(money.switch_rail, "stripe", is_on=False)
    with pytest.raises(money.WayOff):
        world.db.write(
            money.pay_by_card, RailPaymentId(uuid7()), payer=buyer.user_id, payee=shop.user_id,
            amount=inr(1), ref=money.Ref("order", uuid7()), by=buyer,
        )  # fmt: skip

    refund = world.give_back(id, inr(9000), shop)
    [case] = world.own_cases(shop)
    assert (case.payment.id, case.payment.reason) == (refund, "no-key")
    world.db.write(money.decide_case, case.payment.id, decision, by=shop)

    assert (world.find(refund).state, world.noted(shop)) == (state, noted)
    world.check()


def test_what_goes_back_from_the_operators_account_is_never_done_by_hand(
    world: OwnWorld, buyer: Actor
) -> None:
    seller = make.owner(world.db)
    id = world.order(buyer, seller, inr(9000))
    world.run()
    world.pay(id)
    world.hear_all()
    world.db.write(money.capture_card, id, by=seller)
    world.run()
    assert (world.find(id).is_own, world.find(id).state) == (False, "settled")
    refund = world.give_back(id, inr(9000), seller)
    [made] = world.simulator.stripe.refunds
    world.simulator.stripe.fail_refund(made)
    world.hear_all()

    [case] = world.cases()
    assert case.payment.id == refund
    with pytest.raises(NotAllowed):
        world.db.write(money.decide_case, refund, "done", by=SYSTEM)
    assert world.own_cases(seller) == []


def test_the_operator_may_switch_own_accounts_off(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    world.db.write(money.switch_way, "INR", ("direct", "stripe"), enabled=False, by=SYSTEM)

    id = world.order(buyer, shop, inr(9000))
    world.run()

    assert world.find(id).is_own is False
    assert not account.sessions


# What others say


def test_what_is_told_at_one_door_says_nothing_of_another_account(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    """A shop knows what its own events are signed with, and could write any."""
    rogue_shop = make.owner(world.db)
    rogue = world.open_shop(rogue_shop, "rogue", "rk_live_rogue012345678")
    id = world.order(buyer, shop, inr(9000))
    top_up = world.top_up(rogue_shop, inr(50_000))
    world.run()
    for about in (id, top_up):
        intent = {
            "id": f"pi_{about}", "object": "payment_intent", "status": "succeeded",
            "amount": 9000, "amount_received": 9000, "currency": "inr",
            "metadata": {"kirana_id": str(about)},
        }  # fmt: skip
        rogue.intents[intent["id"]] = intent
        rogue.tell("payment_intent.succeeded", intent)
    world.hear_account(rogue)

    assert [world.find(it).state for it in (id, top_up)] == ["open", "open"]
    assert (world.balance(rogue_shop), world.noted(shop)) == (0, 0)


def test_a_shop_is_paid_by_stripes_word_and_not_by_its_own(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    id = world.order(buyer, shop, inr(9000))
    world.run()
    session = world.session_of(id)
    lie = {**session, "status": "complete", "payment_status": "paid", "payment_intent": {
        "id": "pi_lie", "object": "payment_intent", "status": "requires_capture",
        "amount": 9000, "currency": "inr", "metadata": {"kirana_id": str(id)},
    }}  # fmt: skip
    account.tell("checkout.session.completed", lie)
    world.hear_account(account)

    assert world.find(id).state == "open"


def test_an_event_of_one_account_does_not_stand_in_the_way_of_the_same_of_another(
    world: OwnWorld, shop: Actor, buyer: Actor, account: Stripe
) -> None:
    rogue = world.open_shop(make.owner(world.db), "rogue", "rk_live_rogue012345678")
    id = world.order(buyer, shop, inr(9000))
    world.run()
    world.pay(id)
    for event in account.events:
        rogue.events.append({**event, "data": {"object": {"object": "none", "id": "x"}}})
    world.hear_account(rogue)
    world.hear_account(account)

    assert world.find(id).state == "authorized"


def test_a_door_takes_only_what_is_signed_for_it(
    world: OwnWorld, shop: Actor, account: Stripe
) -> None:
    [known] = world.accounts(shop)
    account.tell("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent"})
    [(url, right)] = account.take_told()
    [event] = account.events
    for secret in (world.simulator.stripe.secret, "whsec_forged"):
        assert not world.hear_own(url, account.sign(event, secret=secret))
    assert not world.hear_own(url.replace(str(known.id), str(uuid7())), right)
    spaced = replace(right, body=json.dumps(json.loads(right.body)).encode())
    assert not world.hear_own(url, spaced)
    assert world.hear_own(url, right)
    assert world.hear_own(url, right)
    world.run()


def test_whoever_leaves_takes_the_keys_along(world: OwnWorld, shop: Actor, account: Stripe) -> None:
    exported = world.db.read(money.export_user, shop.user_id)
    assert [it.ending for it in exported.card_accounts] == [KEY[-4:]]
    [known] = world.accounts(shop)

    world.db.write(money.erase_user, shop.user_id)
    world.run()

    [row] = world.db.read(_rows, known.id)
    assert (row.state, row.sealed_key, row.sealed_secret) == ("ended", None, None)
    assert account.endpoints == {}


def _rows(tx: Tx, id: CardAccountId) -> list[Any]:
    from sqlalchemy import bindparam, select

    from kirana.money.cards.tables import card_accounts

    return tx.all(Q(select(card_accounts).where(card_accounts.c.id == bindparam("id"))), id=id)
