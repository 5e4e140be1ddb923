"""Paying by card over HTTP, and what Stripe tells at its door."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from kirana import money
from kirana.platform.settings import Settings
from kirana.values import SYSTEM, UserId, uuid7
from tests.apps import RunningApp, open_app

from .stripe_simulator import Simulator

EVENTS = "/v1/rails/stripe/events"
CARD = "4242424242424242"


@pytest.fixture
def simulator() -> Any:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def shop_app(tmp_path: Path, simulator: Simulator) -> AsyncIterator[RunningApp]:
    async with open_app(
        tmp_path,
        stripe_key=simulator.key,
        stripe_url=simulator.url,
        stripe_webhook_secrets=f"whsec_before {simulator.stripe.secret}",
    ) as running:
        yield running


async def person(app: RunningApp) -> tuple[UserId, httpx.AsyncClient]:
    user_id = await app.person()
    await app.db.write(money.set_owner, user_id, by=SYSTEM)
    return user_id, await app.client(user_id)


def asking(minor: int = 50_000, currency: str = "INR") -> dict[str, Any]:
    return {"id": str(uuid7()), "amount": {"amount_minor": minor, "currency": currency}}


async def until(client: httpx.AsyncClient, path: str, is_so: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(20):
        while True:
            found = (await client.get(path)).json()
            if is_so(found):
                return found
            await asyncio.sleep(0.01)


async def tell(app: RunningApp, simulator: Simulator) -> list[int]:
    stripe = await app.client()
    return [
        (
            await stripe.post(EVENTS, content=it.body, headers={"Stripe-Signature": it.signature})
        ).status_code
        for it in simulator.take_deliveries()
    ]


async def test_somebody_tops_up_by_card(shop_app: RunningApp, simulator: Simulator) -> None:
    _, asha = await person(shop_app)
    body = asking()

    made = await asha.post("/v1/card-top-ups", json=body)
    assert (made.status_code, made.json()["state"]) == (201, "making")
    path = f"/v1/card-payments/{body['id']}"
    opened = await until(asha, path, lambda it: it["state"] == "open")
    coming = "/v1/card-top-ups"
    assert [it["id"] for it in (await asha.get(coming)).json()["items"]] == [body["id"]]
    _, other = await person(shop_app)
    assert (await other.get(coming)).json()["items"] == []
    paid = httpx.post(opened["url"], data={"number": CARD})
    assert paid.headers["location"] == f"http://kirana.test/card/{body['id']}"
    assert set(await tell(shop_app, simulator)) == {200}

    await until(asha, path, lambda it: it["state"] == "settled")
    [wallet] = (await asha.get("/v1/wallets")).json()["items"]
    assert wallet["balance"] == body["amount"]
    assert (await asha.get(coming)).json()["items"] == []
    assert (await asha.post("/v1/card-top-ups", json=body)).json()["state"] == "settled"


async def test_whoever_comes_back_waits_for_no_event_that_was_lost(
    shop_app: RunningApp, simulator: Simulator
) -> None:
    _, asha = await person(shop_app)
    body = asking()
    await asha.post("/v1/card-top-ups", json=body)
    path = f"/v1/card-payments/{body['id']}"
    opened = await until(asha, path, lambda it: it["state"] == "open")
    httpx.post(opened["url"], data={"number": CARD})
    simulator.take_deliveries()

    back = await (await shop_app.client()).get(f"/card/{body['id']}")

    assert (back.status_code, back.headers["location"]) == (303, "/app/pay")
    await until(asha, path, lambda it: it["state"] == "settled")
    for _ in range(5):  # nor is anybody asked without end
        assert (await asha.get(f"/card/{body['id']}")).status_code == 303
    assert (await asha.get(f"/card/{uuid7()}")).status_code == 303


async def test_events_that_are_forged_or_old_are_refused_and_not_kept(
    shop_app: RunningApp, simulator: Simulator
) -> None:
    client = await shop_app.client()
    simulator.stripe.tell("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent"})
    [event] = simulator.stripe.events
    forged = simulator.stripe.sign(event, secret="whsec_forged")
    old = simulator.stripe.sign(event, age_s=302)

    for body, signature in (
        (forged.body, forged.signature), (old.body, old.signature), (old.body, ""), (b"", "t=1"),
    ):  # fmt: skip
        answer = await client.post(EVENTS, content=body, headers={"Stripe-Signature": signature})
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-signature")

    right = simulator.stripe.sign(event)
    headers = {"Stripe-Signature": right.signature}
    for _ in range(3):
        assert (await client.post(EVENTS, content=right.body, headers=headers)).status_code == 200


async def test_without_stripe_there_is_no_door_and_no_card(app: RunningApp) -> None:
    _, asha = await person(app)

    assert (await asha.post(EVENTS, content=b"{}")).status_code == 404
    assert (await asha.get("/v1/ways/INR")).json() == {
        "currency": "INR", "wallet": True, "cash": True, "card": False,
    }  # fmt: skip
    refused = await asha.post("/v1/card-top-ups", json=asking())
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/way-off")


async def test_where_it_works_cards_are_offered(shop_app: RunningApp) -> None:
    _, asha = await person(shop_app)

    assert (await asha.get("/v1/ways/INR")).json()["card"] is True
    assert (await asha.get("/v1/ways/IQD")).json()["card"] is False
    assert (await asha.get("/v1/ways/XXXX")).status_code == 422


async def test_nobody_else_sees_a_payment_and_only_operators_see_cases(
    shop_app: RunningApp,
) -> None:
    asha_id, asha = await person(shop_app)
    _, ravi = await person(shop_app)
    body = asking()
    await asha.post("/v1/card-top-ups", json=body)

    assert (await ravi.get(f"/v1/card-payments/{body['id']}")).status_code == 404
    decision = {"decision": "look"}
    for client in (asha, ravi):
        assert (await client.get("/v1/rail-cases")).status_code == 403
        decided = await client.post(f"/v1/rail-cases/{body['id']}/decision", json=decision)
        assert decided.status_code == 403
    await shop_app.db.write(money.appoint_operator, asha_id, by=SYSTEM)
    under_way = (await asha.get("/v1/rail-cases", params={"under_way": "true"})).json()["items"]
    assert [it["payment"]["id"] for it in under_way] == [body["id"]]
    assert (await asha.get("/v1/rail-cases")).json()["items"] == []


@pytest.mark.parametrize(
    "body",
    [asking(0), asking(1234, "MGA"), {**asking(), "id": "01890a5d-ac96-874b-bcce-b302099a8057"}],
    ids=["nothing", "inexact", "a derived id"],
)
async def test_a_wrong_top_up_is_refused(shop_app: RunningApp, body: dict[str, Any]) -> None:
    _, asha = await person(shop_app)

    assert (await asha.post("/v1/card-top-ups", json=body)).status_code == 422


def test_keys_do_not_show_where_settings_are_printed() -> None:
    settings = replace(Settings(), stripe_key="sk_live_1", stripe_webhook_secrets="whsec_1")
    assert "sk_live_1" not in repr(settings)
    assert "whsec_1" not in repr(settings)


async def test_the_operator_sees_what_stripe_keeps_and_what_reached_the_bank(
    shop_app: RunningApp, simulator: Simulator
) -> None:
    _, asha = await person(shop_app)
    operator_id, operator = await person(shop_app)
    await shop_app.db.write(money.appoint_operator, operator_id, by=SYSTEM)
    body = asking()
    assert (await asha.post("/v1/card-top-ups", json=body)).status_code == 201
    path = f"/v1/card-payments/{body['id']}"
    opened = await until(asha, path, lambda it: it["state"] == "open")
    httpx.post(opened["url"], data={"number": CARD})
    await tell(shop_app, simulator)
    await until(asha, path, lambda it: it["state"] == "settled")
    simulator.stripe.reach_bank(simulator.stripe.pay_out("INR"))
    await tell(shop_app, simulator)

    found = await until(
        operator, "/v1/clearing-accounts", lambda it: {300, 410} <= {a["code"] for a in it["items"]}
    )

    assert {it["code"]: it["balance"]["amount_minor"] for it in found["items"]} == {
        200: 0, 300: -48_550, 410: -1_450,
    }  # fmt: skip
    [cost] = [it for it in found["items"] if it["code"] == 410]
    assert (cost["rail"], [it["purpose"] for it in cost["items"]]) == ("stripe", ["rail_fee"])
