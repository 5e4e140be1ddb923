"""Being paid from bank to bank, over HTTP."""

from typing import Any

import httpx
import pytest

from kirana import money
from kirana.values import SYSTEM, UserId, uuid7
from tests.apps import RunningApp

ASHA = {"vpa": "asha@bank", "name": "Asha Rao"}
PIN = "482915"


async def person(app: RunningApp) -> tuple[UserId, httpx.AsyncClient]:
    user_id = await app.person()
    await app.db.write(money.set_owner, user_id, by=SYSTEM)
    client = await app.client(user_id)
    assert (await client.put("/v1/me/pin", json={"pin": PIN})).status_code == 200
    return user_id, client


def setting(details: dict[str, Any] = ASHA, rail: str = "upi") -> dict[str, Any]:
    return {"id": str(uuid7()), "rail": rail, "details": details}


async def confirmed(client: httpx.AsyncClient, body: dict[str, Any]) -> httpx.Response:
    required = await client.post("/v1/payment-addresses", json=body)
    assert (required.status_code, required.json()["type"]) == (
        403, "/problems/confirmation-required",
    )  # fmt: skip
    proof = {"id": str(uuid7()), "challenge": required.json()["challenge"], "pin": PIN}
    assert (await client.post("/v1/confirmations", json=proof)).status_code == 201
    headers = {"Kirana-Confirmation": proof["id"]}
    return await client.post("/v1/payment-addresses", json=body, headers=headers)


async def test_an_address_is_set_with_the_pin_seen_and_ended(app: RunningApp) -> None:
    _, asha = await person(app)

    made = await confirmed(asha, setting())

    assert (made.status_code, made.json()["details"]) == (201, ASHA)
    listed = (await asha.get("/v1/payment-addresses")).json()["items"]
    assert listed == [made.json()]
    path = f"/v1/payment-addresses/{made.json()['id']}"
    assert [(await asha.delete(path)).status_code for _ in range(2)] == [204, 204]
    assert (await asha.get("/v1/payment-addresses")).json()["items"] == []


async def test_nobody_else_sees_or_ends_it(app: RunningApp) -> None:
    _, asha = await person(app)
    _, ravi = await person(app)
    made = await confirmed(asha, setting())

    ended = await ravi.delete(f"/v1/payment-addresses/{made.json()['id']}")

    assert (ended.status_code, ended.json()["type"]) == (404, "/problems/not-found")
    assert (await ravi.get("/v1/payment-addresses")).json()["items"] == []
    nobody = await app.client()
    assert (await nobody.get("/v1/payment-addresses")).status_code == 401
    assert (await nobody.post("/v1/payment-addresses", json=setting())).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        setting({"vpa": "asha", "name": "Asha"}),
        setting(rail="hawala"),
        setting({"vpa": "asha@bank", "name": "A" * 5000}),
        setting({"vpa": ["asha@bank"], "name": "Asha"}),
        {**setting(), "id": "01890a5d-ac96-874b-bcce-b302099a8057"},
        {"id": str(uuid7()), "rail": "upi"},
    ],
    ids=["no UPI id", "no rail", "too long", "no text", "a derived id", "no details"],
)
async def test_a_wrong_address_is_refused(app: RunningApp, body: dict[str, Any]) -> None:
    _, asha = await person(app)

    answer = await asha.post("/v1/payment-addresses", json=body)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input")
    assert answer.json()["errors"]


async def test_a_request_is_offered_with_a_picture_of_its_code(app: RunningApp) -> None:
    asha_id, asha = await person(app)
    ravi_id, ravi = await person(app)
    _, meera = await person(app)
    assert (await confirmed(asha, setting())).status_code == 201
    ask = {
        "id": str(uuid7()),
        "payer_id": str(ravi_id),
        "amount": {"amount_minor": 49900, "currency": "INR"},
    }
    reference = (await asha.post("/v1/requests", json=ask)).json()["reference"]

    answer = await ravi.get(f"/v1/offers/{reference}")

    assert answer.status_code == 200
    assert answer.json()["payee_id"] == str(asha_id)
    [offer] = answer.json()["rails"]
    assert (offer["rail"], offer["carries_reference"]) == ("upi", True)
    assert offer["text"].startswith("upi://pay?pa=asha@bank&")
    assert offer["svg"].startswith("<svg ")
    assert offer["links"][0] == {"href": offer["text"], "app": None}
    assert (await meera.get(f"/v1/offers/{reference}")).status_code == 404
    assert (await (await app.client()).get(f"/v1/offers/{reference}")).status_code == 401
    assert (await ravi.get(f"/v1/offers/{reference}?attempt=100")).status_code == 422
    await asha.post(f"/v1/requests/{ask['id']}/cancellation")
    ended = await ravi.get(f"/v1/offers/{reference}")
    assert (ended.status_code, ended.json()["type"]) == (409, "/problems/request-ended")


async def test_what_one_says_to_have_paid_is_confirmed_over_http(app: RunningApp) -> None:
    _, asha = await person(app)
    ravi_id, ravi = await person(app)
    _, meera = await person(app)
    assert (await confirmed(asha, setting())).status_code == 201
    ask = {
        "id": str(uuid7()),
        "payer_id": str(ravi_id),
        "amount": {"amount_minor": 49900, "currency": "INR"},
    }
    reference = (await asha.post("/v1/requests", json=ask)).json()["reference"]
    [offer] = (await ravi.get(f"/v1/offers/{reference}")).json()["rails"]
    claim = {"id": str(uuid7()), "request_id": ask["id"], "address_id": offer["address_id"]}

    made = await ravi.post("/v1/claims", json={**claim, "bank_ref": "4123"})

    assert (made.status_code, made.json()["state"]) == (201, "open")
    waiting = (await asha.get(f"/v1/requests/{ask['id']}")).json()
    assert (waiting["state"], waiting["claim"]["id"]) == ("open", claim["id"])
    paid = await ravi.post(f"/v1/requests/{ask['id']}/payment", json={"id": str(uuid7())})
    assert (paid.status_code, paid.json()["type"]) == (409, "/problems/claim-open")
    path = f"/v1/claims/{claim['id']}"
    end = {"id": str(uuid7())}
    assert (await meera.get(path)).status_code == 404
    assert (await meera.post(f"{path}/confirmation", json=end)).status_code == 404
    assert (await meera.get(f"/v1/requests/{ask['id']}/claims")).status_code == 404
    assert (await (await app.client()).post("/v1/claims", json=claim)).status_code == 401
    rejected = await asha.post(f"{path}/rejection", json=end)
    assert (rejected.status_code, rejected.json()["state"]) == (201, "rejected")
    again = {**claim, "id": str(uuid7())}
    assert (await ravi.post("/v1/claims", json=again)).status_code == 201
    path = f"/v1/claims/{again['id']}"
    assert (await ravi.post(f"{path}/withdrawal", json={"id": str(uuid7())})).status_code == 201
    last = {**claim, "id": str(uuid7())}
    assert (await ravi.post("/v1/claims", json=last)).status_code == 201
    received = {"id": str(uuid7()), "received": {"amount_minor": 49000, "currency": "INR"}}
    part = await asha.post(f"/v1/claims/{last['id']}/confirmation", json=received)
    assert part.json()["received"] == {"amount_minor": 49000, "currency": "INR"}
    listed = (await ravi.get(f"/v1/requests/{ask['id']}/claims")).json()["items"]
    assert [it["state"] for it in listed] == ["rejected", "taken_back", "confirmed"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("bank_ref", "x" * 65), ("bank_ref", "a\x00b"), ("bank_ref", 5), ("address_id", "upi"),
     ("id", "01890a5d-ac96-874b-bcce-b302099a8057")],
)  # fmt: skip
async def test_a_claim_of_a_wrong_shape_is_refused(
    app: RunningApp, field: str, value: object
) -> None:
    _, ravi = await person(app)
    body = {"id": str(uuid7()), "request_id": str(uuid7()), "address_id": str(uuid7())}

    answer = await ravi.post("/v1/claims", json={**body, field: value})

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input")
