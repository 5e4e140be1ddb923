"""Stripe by itself: amounts, signatures, what its objects say, and a simulator that is strict."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirana.money.rails import CodeRefused
from kirana.money.rails import stripe as rail
from kirana.money.rails.stripe import (
    Account,
    Broken,
    Busy,
    Lost,
    Provider,
    Stage,
    Turned,
    amounts,
    from_rail,
    report_of,
    to_rail,
    verify,
)
from kirana.values import MAX_AMOUNT_MINOR, Money
from tests.money.stripe_simulator import Fault, Simulator

FIXTURES = Path(__file__).parents[4] / "shared" / "data" / "rails" / "stripe_fixtures_subset.json"
CARD = "4242424242424242"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def provider(simulator: Simulator) -> Provider:
    return Provider(Account(simulator.key, simulator.url, timeout_s=0.4))


# Amounts


@pytest.mark.parametrize(
    ("minor", "code", "count"),
    [
        (1234, "USD", 1234),
        (500, "JPY", 500),
        (1200, "MGA", 12),
        (500, "ISK", 50_000),
        (500, "UGX", 50_000),
        (5120, "KWD", 5120),
        (1001, "HUF", 1001),
        (1001, "TWD", 1001),
    ],
)
def test_amounts_are_said_as_stripe_counts(minor: int, code: str, count: int) -> None:
    assert to_rail(Money(minor, code)) == count
    assert from_rail(count, code.lower()) == Money(minor, code)


@pytest.mark.parametrize(
    ("minor", "code"),
    [(1234, "MGA"), (5124, "KWD"), (0, "USD"), (-1, "USD"), (1, "IQD"), (MAX_AMOUNT_MINOR, "ISK")],
)
def test_what_cannot_be_said_exactly_is_refused(minor: int, code: str) -> None:
    with pytest.raises(CodeRefused):
        to_rail(Money(minor, code))


@pytest.mark.parametrize(("count", "code"), [(501, "isk"), (5124, "kwd"), (1, "iqd"), (-1, "usd")])
def test_what_stripe_cannot_mean_is_refused(count: int, code: str) -> None:
    with pytest.raises(CodeRefused):
        from_rail(count, code)


@given(
    st.sampled_from(
        sorted(
            amounts.WITHOUT_DECIMALS
            | amounts.OF_HUNDREDTHS
            | amounts.WITH_THREE_DECIMALS
            | amounts.WITH_TWO_DECIMALS
        )
    ),
    st.integers(1, 10**9),
)
def test_an_amount_comes_back_as_it_went_or_is_refused(code: str, minor: int) -> None:
    try:
        count = to_rail(Money(minor, code))
    except CodeRefused:
        return
    assert from_rail(count, code) == Money(minor, code)


# Signatures


def event(simulator: Simulator, **about: Any) -> dict[str, Any]:
    simulator.stripe.tell("payment_intent.succeeded", {"object": "payment_intent", **about})
    return simulator.stripe.events[-1]


def test_an_event_is_known_by_its_signature(simulator: Simulator) -> None:
    it = event(simulator, id="pi_1")
    signed = simulator.stripe.sign(it)

    told = verify(signed.body, signed.signature, [simulator.stripe.secret])

    assert told is not None
    assert (told.id, told.type, told.about["id"]) == (it["id"], it["type"], "pi_1")


def test_while_one_secret_replaces_another_both_are_known(simulator: Simulator) -> None:
    it = event(simulator)
    secrets = ["whsec_old", "whsec_new"]

    for secret in secrets:
        signed = simulator.stripe.sign(it, secret=secret)
        assert verify(signed.body, signed.signature, secrets)
        both = f"{signed.signature},v1={'0' * 64},v0=1"
        assert verify(signed.body, both, secrets)
    signed = simulator.stripe.sign(it, secret="whsec_other")
    assert verify(signed.body, signed.signature, secrets) is None


def test_what_is_forged_old_or_written_anew_is_refused(simulator: Simulator) -> None:
    it = event(simulator, amount=1)
    secret = [simulator.stripe.secret]
    signed = simulator.stripe.sign(it)
    now = int(time.time())

    assert (
        verify(signed.body.replace(b'"amount": 1', b'"amount": 9'), signed.signature, secret)
        is None
    )
    again = json.dumps(json.loads(signed.body)).encode()
    assert verify(again, signed.signature, secret) is None
    for header in ("", "t=,v1=", "nonsense", f"t={now}", f"t={now},v1={'0' * 64}"):
        assert verify(signed.body, header, secret) is None
    assert verify(b"\xff", signed.signature, secret) is None
    assert verify(signed.body, signed.signature, []) is None
    for age_s, is_taken in ((290, True), (301, False), (302, False)):
        old = simulator.stripe.sign(it, age_s=age_s)
        assert bool(verify(old.body, old.signature, secret)) is is_taken


def test_a_signed_text_that_is_no_event_is_none(simulator: Simulator) -> None:
    for body in ([], {"id": "evt_1"}, {"id": "evt_1", "type": "a", "livemode": False, "data": 1}):
        signed = simulator.stripe.sign({"id": "x", "type": "y"})
        assert verify(signed.body, signed.signature, [simulator.stripe.secret]) is None
        assert rail.read_event(json.dumps(body).encode()) is None


# Calls


def opened(provider: Provider, *, is_held: bool = False, key: str = "key") -> rail.Report:
    return provider.open_page(
        uuid4(), Money(9000, "INR"), key=key, is_held=is_held, title="Kirana",
        back_to="http://kirana.test/back", now=int(time.time() * 1000),
    )  # fmt: skip


def paid(simulator: Simulator, provider: Provider, *, is_held: bool) -> str:
    page = opened(provider, is_held=is_held)
    assert simulator.stripe.pay(str(page.session_id), CARD) is None
    return provider.look_up(page.external_id).external_id


def test_a_page_is_opened_paid_captured_in_part_and_refunded(
    simulator: Simulator, provider: Provider
) -> None:
    id = paid(simulator, provider, is_held=True)
    assert provider.look_up(id).stage is Stage.AUTHORIZED

    with pytest.raises(Turned):
        provider.capture(id, Money(9001, "INR"), key="too much")
    taken = provider.capture(id, Money(5000, "INR"), key="capture")
    assert (taken.stage, taken.amount) == (Stage.SETTLED, Money(5000, "INR"))
    with pytest.raises(Turned):
        provider.cancel(id, key="cancel")

    mine = uuid4()
    back = provider.refund(mine, id, Money(3000, "INR"), key="back")
    assert (back.kind, back.stage, back.kirana_id) == ("refund", Stage.SETTLED, mine)
    assert provider.find_refund(mine, id) == back
    assert provider.find_refund(uuid4(), id) is None
    with pytest.raises(Turned):
        provider.refund(uuid4(), id, Money(2001, "INR"), key="more than is left")


def test_a_page_is_found_again_by_our_id_among_many(
    simulator: Simulator, provider: Provider
) -> None:
    first = opened(provider, key="first")
    assert first.kirana_id is not None
    for number in range(105):
        opened(provider, key=str(number))

    found = provider.find_page(first.kirana_id, since=int(time.time() * 1000))

    assert found == first
    assert provider.find_page(uuid4(), since=0) is None


def test_a_page_can_be_closed_once(simulator: Simulator, provider: Provider) -> None:
    page = opened(provider)

    assert provider.close_page(page.external_id, key="close").stage is Stage.ENDED
    with pytest.raises(Turned):
        provider.close_page(page.external_id, key="close again")


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (Fault.ERROR_AFTER, Broken),
        (Fault.ERROR_BEFORE, Broken),
        (Fault.LOST, Lost),
        (Fault.DROPPED, Lost),
        (Fault.SLOW, Lost),
        (Fault.BUSY, Busy),
        (Fault.IN_FLIGHT, Busy),
    ],
)
def test_what_goes_wrong_is_told_apart(
    simulator: Simulator, provider: Provider, fault: Fault, raised: type[Exception]
) -> None:
    simulator.fail_next(fault)

    with pytest.raises(raised):
        opened(provider)


def test_where_nobody_listens_the_answer_is_lost() -> None:
    provider = Provider(Account("sk_test", "http://127.0.0.1:1", timeout_s=0.4))

    with pytest.raises(Lost):
        opened(provider)


def test_a_wrong_key_is_no_refusal_of_the_payment(simulator: Simulator) -> None:
    provider = Provider(Account("sk_test_wrong", simulator.url))

    with pytest.raises(Busy) as told:
        opened(provider)
    assert "sk_test_wrong" not in str(told.value)
    assert "sk_test_wrong" not in repr(Account("sk_test_wrong"))


# What objects say


def test_states_that_nobody_knows_say_nothing() -> None:
    assert report_of({"object": "payment_intent", "status": "of_the_future"}) is None
    assert report_of({"object": "customer"}) is None
    assert report_of({}) is None
    taken = {"object": "payment_intent", "id": "pi_1", "status": "succeeded", "amount": 12}
    assert report_of({**taken, "currency": "eur", "amount_received": 12}) is not None
    assert report_of({**taken, "currency": "eur"}) is None


def test_a_refund_that_makes_no_sense_was_made_all_the_same(
    simulator: Simulator, provider: Provider
) -> None:
    intent, id = paid(simulator, provider, is_held=False), uuid4()
    refund = provider.refund(id, intent, Money(100, "INR"), key="refund")
    simulator.stripe.refunds[refund.external_id]["status"] = "of_the_future"

    with pytest.raises(Lost):
        provider.find_refund(id, intent)


# The simulator is as strict as Stripe


def post(simulator: Simulator, path: str, form: dict[str, str], key: str = "k") -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {simulator.key}",
        "Idempotency-Key": key,
        "Stripe-Version": "2026-10-28.endive",
    }
    return httpx.post(simulator.url + path, data=form, headers=headers, timeout=60)


PAGE = {
    "mode": "payment",
    "success_url": "http://kirana.test",
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "inr",
    "line_items[0][price_data][unit_amount]": "9000",
    "line_items[0][price_data][product_data][name]": "Kirana",
}


def test_a_key_brings_the_first_answer_again_errors_too(simulator: Simulator) -> None:
    first = post(simulator, "/v1/checkout/sessions", PAGE)
    again = post(simulator, "/v1/checkout/sessions", PAGE)
    other = post(simulator, "/v1/checkout/sessions", PAGE | {"client_reference_id": "x"})

    assert again.json() == first.json()
    assert len(simulator.stripe.sessions) == 1
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")

    simulator.fail_next(Fault.ERROR_AFTER)
    answers = [post(simulator, "/v1/checkout/sessions", PAGE, "k2").status_code for _ in range(2)]
    assert (answers, len(simulator.stripe.sessions)) == ([500, 500], 2)


def test_keys_are_forgotten_after_a_day() -> None:
    now = [1_800_000_000]
    with Simulator(now=lambda: now[0]) as simulator:
        post(simulator, "/v1/checkout/sessions", PAGE)
        now[0] += 25 * 3600
        post(simulator, "/v1/checkout/sessions", PAGE)
        assert len(simulator.stripe.sessions) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"colour": "blue"}, "parameter_unknown"),
        ({"mode": ""}, "parameter_missing"),
        ({"line_items[0][price_data][unit_amount]": "90.5"}, "parameter_invalid_integer"),
        ({"line_items[0][price_data][unit_amount]": "9"}, "amount_too_small"),
        ({"line_items[0][price_data][currency]": "INR"}, "parameter_invalid"),
        ({"line_items[0][price_data][currency]": "isk",
          "line_items[0][price_data][unit_amount]": "9050"}, "invalid_amount"),
        ({"expires_at": "5"}, "parameter_invalid"),
    ],
)  # fmt: skip
def test_what_stripe_would_refuse_is_refused(
    simulator: Simulator, change: dict[str, str], code: str
) -> None:
    answer = post(simulator, "/v1/checkout/sessions", PAGE | change)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_json_bodies_other_keys_and_other_addresses_are_refused(simulator: Simulator) -> None:
    url = f"{simulator.url}/v1/checkout/sessions"
    headers = {"Authorization": f"Bearer {simulator.key}", "Stripe-Version": "1"}

    assert httpx.post(url, json=PAGE, headers=headers).status_code == 400
    assert httpx.post(url, data=PAGE).status_code == 401
    assert post(simulator, "/v1/gold", {}).status_code == 404


def test_cards_for_tests_are_declined_in_words(simulator: Simulator, provider: Provider) -> None:
    page = opened(provider)

    answer = httpx.post(str(page.url), data={"number": "4000000000000002"})
    assert "Your card was declined." in answer.text
    answer = httpx.post(str(page.url), data={"number": "4000002500003155"})
    assert "Your bank asks" in answer.text
    assert "unable to authenticate" in httpx.post(str(page.url), data={"challenge": "no"}).text
    answer = httpx.post(str(page.url), data={"number": CARD})
    assert (answer.status_code, answer.headers["location"]) == (303, "http://kirana.test/back")
    assert "This page is closed." in httpx.get(str(page.url)).text


@pytest.mark.skipif(not FIXTURES.exists(), reason="Stripe's own examples are not here")
def test_objects_have_the_shapes_of_stripes_own_examples(
    simulator: Simulator, provider: Provider
) -> None:
    id = paid(simulator, provider, is_held=False)
    provider.refund(uuid4(), id, Money(1000, "INR"), key="refund")
    simulator.stripe.dispute(id, 1000)
    examples = json.loads(FIXTURES.read_text())["resources"]
    it = simulator.stripe

    for made in (
        *it.sessions.values(), *it.intents.values(), *it.charges.values(), *it.refunds.values(),
        *it.disputes.values(), *it.transactions, *it.events,
    ):  # fmt: skip
        example = examples[made["object"]]
        for name, value in made.items():
            if name.startswith("_"):
                continue
            assert name in example, f"{made['object']} has no {name}"
            if value is not None and example[name] is not None:
                assert type(value) is type(example[name]), f"{made['object']}.{name}"
