"""The operators' desk over HTTP."""

from kirana.values import uuid7
from tests.apps import RunningApp

from .test_limits_http import operator, person, sending


async def test_a_payment_waits_for_two_operators(app: RunningApp) -> None:
    omar, olga = await operator(app), await operator(app)
    _, asha = await person(app, 1_000_00)
    ravi_id, ravi = await person(app)
    rule = {"id": str(uuid7()), "above_minor": 100_00, "approvals": 2}
    rules = await omar.put("/v1/review-rules/INR", json=rule)
    assert rules.json()["items"] == [{"currency": "INR", "above_minor": 100_00, "approvals": 2}]

    sent = await asha.post("/v1/transfers", json=sending(ravi_id, 500_00))

    assert (sent.status_code, sent.json()["kind"]) == (201, "pending")
    [review] = (await omar.get("/v1/reviews")).json()["items"]
    decision = f"/v1/reviews/{review['transfer']['id']}/decision"
    yes = {"id": str(uuid7()), "verdict": "approve"}
    first = await omar.post(decision, json=yes)
    assert (first.status_code, first.json()["transfer"]["state"]) == (200, "open")
    assert (await omar.post(decision, json=yes)).json() == first.json()
    done = await olga.post(decision, json={"id": str(uuid7()), "verdict": "approve"})
    assert done.json()["transfer"]["state"] == "posted"
    assert (await ravi.get("/v1/wallets")).json()["items"][0]["balance"]["amount_minor"] == 500_00


async def test_the_desk_is_for_operators(app: RunningApp) -> None:
    ravi_id, ravi = await person(app)
    correction = {
        "id": str(uuid7()), "owner_id": str(ravi_id), "amount_minor": 1, "currency": "INR",
        "reason": "Please",
    }  # fmt: skip
    assert (await ravi.get("/v1/reviews")).status_code == 403
    assert (await ravi.get("/v1/watched-names")).status_code == 403
    assert (await ravi.get("/v1/corrections")).status_code == 403
    assert (await ravi.post("/v1/corrections", json=correction)).status_code == 403
    name = {"id": str(uuid7()), "name": "Omar"}
    assert (await ravi.post("/v1/watched-names", json=name)).status_code == 403
    rule = {"id": str(uuid7()), "above_minor": 1, "approvals": 1}
    assert (await ravi.put("/v1/review-rules/INR", json=rule)).status_code == 403


async def test_what_makes_no_sense_is_refused(app: RunningApp) -> None:
    omar = await operator(app)
    ravi_id, _ = await person(app)
    correction = {
        "id": str(uuid7()), "owner_id": str(ravi_id), "amount_minor": 0, "currency": "INR",
        "reason": "Nothing",
    }  # fmt: skip
    assert (await omar.post("/v1/corrections", json=correction)).status_code == 422
    rule = {"id": str(uuid7()), "above_minor": 1, "approvals": 3}
    assert (await omar.put("/v1/review-rules/INR", json=rule)).status_code == 422
    name = {"id": str(uuid7()), "name": "  x "}
    assert (await omar.post("/v1/watched-names", json=name)).status_code == 422
    assert (await omar.delete(f"/v1/watched-names/{uuid7()}")).status_code == 404


async def test_a_correction_is_proposed_by_one_and_made_by_another(app: RunningApp) -> None:
    omar, olga = await operator(app), await operator(app)
    ravi_id, ravi = await person(app)
    correction = {
        "id": str(uuid7()), "owner_id": str(ravi_id), "amount_minor": 50_00, "currency": "INR",
        "reason": "Paid twice",
    }  # fmt: skip
    await omar.post("/v1/corrections", json=correction)
    decision = f"/v1/corrections/{correction['id']}/decision"
    alone = await omar.post(decision, json={"id": str(uuid7()), "verdict": "approve"})
    assert alone.status_code == 403
    made = await olga.post(decision, json={"id": str(uuid7()), "verdict": "approve"})
    assert made.json()["verdict"] == "approve"
    [told] = (await omar.get("/v1/corrections")).json()["items"]
    assert told == made.json()
    [line] = (await ravi.get("/v1/wallets/INR/statement")).json()["items"]
    assert (line["purpose"], line["posted"]["amount_minor"]) == ("correction", 50_00)
