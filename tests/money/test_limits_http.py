"""Limits over HTTP."""

from typing import Any

import httpx

from kirana import money
from kirana.values import SYSTEM, Money, TransferId, UserId, uuid7
from tests.apps import RunningApp


async def person(app: RunningApp, purse: int = 0) -> tuple[UserId, httpx.AsyncClient]:
    user_id = await app.person()
    await app.db.write(money.set_owner, user_id, by=SYSTEM)
    if purse:
        await app.db.write(
            money.top_up, TransferId(uuid7()), user_id, Money(purse, "INR"),
            source=money.Source.CREDIT, by=SYSTEM,
        )  # fmt: skip
    return user_id, await app.client(user_id)


async def operator(app: RunningApp) -> httpx.AsyncClient:
    user_id, client = await person(app)
    await app.db.write(money.appoint_operator, user_id, by=SYSTEM)
    return client


def sending(payee: UserId, amount: int) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "payee_id": str(payee),
        "amount": {"amount_minor": amount, "currency": "INR"},
    }


async def test_an_operator_types_two_numbers_and_people_read_what_is_left(
    app: RunningApp,
) -> None:
    omar = await operator(app)
    _, asha = await person(app, 10_000)
    ravi_id, _ = await person(app)
    numbers = {"most_held_minor": 400_000, "most_a_day_minor": 80_000}

    put = await omar.put("/v1/limits/INR", json={"id": str(uuid7()), "numbers": numbers})

    assert put.status_code == 200
    mine = (await asha.get("/v1/wallets/INR/limits")).json()
    day = next(i for i in mine["items"] if (i["action"], i["window"]) == ("send", "day"))
    assert (day["max_minor"], day["left_minor"], mine["tier"]) == (5_000, 5_000, "unverified")
    refused = await asha.post("/v1/transfers", json=sending(ravi_id, 5_001))
    told = refused.json()
    assert (refused.status_code, told["type"]) == (409, "/problems/limit-exceeded")
    assert (told["window"], told["left_minor"]) == ("transfer", 5_000)
    planned = {k: v for k, v in sending(ravi_id, 5_001).items() if k != "id"}
    preview = await asha.post("/v1/transfer-previews", json=planned)
    assert preview.json()["type"] == "/problems/limit-exceeded"


async def test_a_preset_is_chosen_for_its_own_currency_by_operators_only(app: RunningApp) -> None:
    omar = await operator(app)
    _, asha = await person(app)
    body = {"id": str(uuid7()), "preset": "IN"}

    assert (await asha.put("/v1/limits/INR", json=body)).status_code == 403
    assert (await asha.get("/v1/limits")).status_code == 403
    assert (await omar.put("/v1/limits/EUR", json=body)).status_code == 422
    assert (await omar.put("/v1/limits/INR", json={"id": str(uuid7())})).status_code == 422
    chosen = await omar.put("/v1/limits/INR", json=body)
    assert (chosen.status_code, chosen.json()["preset"]) == (200, "IN")
    listed = (await omar.get("/v1/limits")).json()
    assert [item["currency"] for item in listed["items"]] == ["INR"]
    india = next(it for it in listed["presets"] if it["country"] == "IN")
    assert all(limit["source"] and limit["checked_on"] for limit in india["limits"])
