"""Exchange and fees over HTTP."""

from typing import Any

import pytest

from kirana.values import uuid7
from tests.apps import RunningApp

from .test_limits_http import operator, person


def asked(amount: int, **more: Any) -> dict[str, Any]:
    what = {"amount_minor": amount, "currency": "INR"}
    return {"id": str(uuid7()), "amount": what, "side": "pay", "other": "EUR", **more}


async def test_an_operator_sets_a_rate_and_somebody_exchanges(app: RunningApp) -> None:
    omar = await operator(app)
    _, asha = await person(app, 1_000_00)
    rate = {"id": str(uuid7()), "rate": "0.0100"}
    await omar.put("/v1/exchange-rates/INR/EUR", json=rate)
    desk = await omar.put("/v1/exchange-desk/EUR", json={"most_short_minor": 500})
    assert [rate["rate"] for rate in desk.json()["rates"]] == ["0.01"]
    assert (await asha.get("/v1/exchange-rates")).json()["items"][0]["get"] == "EUR"

    quote = (await asha.post("/v1/quotes", json=asked(500_00))).json()
    assert quote["get"] == {"amount_minor": 500, "currency": "EUR"}
    take = {"id": str(uuid7())}
    done = await asha.post(f"/v1/quotes/{quote['id']}/exchange", json=take)
    assert done.status_code == 201
    assert (await asha.post(f"/v1/quotes/{quote['id']}/exchange", json=take)).json() == done.json()
    wallets = (await asha.get("/v1/wallets")).json()["items"]
    assert {w["currency"]: w["balance"]["amount_minor"] for w in wallets} == {
        "EUR": 500, "INR": 500_00,
    }  # fmt: skip

    another = (await asha.post("/v1/quotes", json=asked(100_00))).json()
    short = await asha.post(f"/v1/quotes/{another['id']}/exchange", json={"id": str(uuid7())})
    assert (short.status_code, short.json()["type"]) == (409, "/problems/exchange-short")
    assert (await omar.get("/v1/exchange-desk")).json()["positions"][0]["held"] == {
        "amount_minor": -500, "currency": "EUR",
    }  # fmt: skip


@pytest.mark.parametrize("rate", ["0", "-1", "1e3", "1.", ".5", "0.0000000000001", "١", "1,5", 1.5])
async def test_a_rate_is_a_decimal_number_above_zero(app: RunningApp, rate: Any) -> None:
    omar = await operator(app)
    put = await omar.put("/v1/exchange-rates/INR/EUR", json={"id": str(uuid7()), "rate": rate})
    assert put.status_code == 422


async def test_only_operators_set_rates_and_fees(app: RunningApp) -> None:
    _, asha = await person(app)
    rate = {"id": str(uuid7()), "rate": "1"}
    fee = {"id": str(uuid7()), "fee": {"ppm": 20_000}}
    assert (await asha.put("/v1/exchange-rates/INR/EUR", json=rate)).status_code == 403
    assert (
        await asha.put("/v1/exchange-desk/INR", json={"most_short_minor": 1})
    ).status_code == 403
    assert (await asha.get("/v1/exchange-desk")).status_code == 403
    assert (await asha.put("/v1/fees/INR/wallet", json=fee)).status_code == 403


async def test_everybody_sees_the_fees(app: RunningApp) -> None:
    omar = await operator(app)
    _, asha = await person(app)
    fee = {"id": str(uuid7()), "fee": {"fixed_minor": 300, "ppm": 20_000}}
    assert (await omar.put("/v1/fees/INR/cash", json=fee)).status_code == 404
    assert (await omar.put("/v1/fees/XXQ/card", json=fee)).status_code == 422
    await omar.put("/v1/fees/INR/card", json=fee)
    assert (await asha.get("/v1/fees")).json()["items"] == [
        {
            "currency": "INR",
            "sale": "card",
            "fee": {"fixed_minor": 300, "ppm": 20_000, "low_minor": 0, "high_minor": None},
        }
    ]
