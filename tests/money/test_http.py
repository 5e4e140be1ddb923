"""Money over HTTP."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from kirana import money
from kirana.values import SYSTEM, Money, TransferId, UserId, uuid7
from tests.apps import RunningApp

MOST = 2**53 - 1


async def person(app: RunningApp, purse: int = 0) -> tuple[UserId, httpx.AsyncClient]:
    user_id = await app.person()
    await app.db.write(money.set_owner, user_id, by=SYSTEM)
    if purse:
        await app.db.write(
            money.top_up, TransferId(uuid7()), user_id, Money(purse, "INR"),
            source=money.Source.CREDIT, by=SYSTEM,
        )  # fmt: skip
    return user_id, await app.client(user_id)


def sending(payee: UserId, amount: Any = 250, currency: str = "INR") -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "payee_id": str(payee),
        "amount": {"amount_minor": amount, "currency": currency},
    }


async def test_sending_answers_the_transfer_and_repeats_it(app: RunningApp) -> None:
    _, asha = await person(app, 1000)
    ravi_id, ravi = await person(app)
    body = sending(ravi_id)

    first = await asha.post("/v1/transfers", json=body)
    second = await asha.post("/v1/transfers", json=body)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    wallets = (await ravi.get("/v1/wallets")).json()
    assert wallets["items"][0]["balance"] == {"amount_minor": 250, "currency": "INR"}
    seen = await ravi.get(f"/v1/transfers/{body['id']}")
    assert (seen.json()["state"], seen.json()["amount"]["amount_minor"]) == ("posted", 250)


async def test_a_tip_or_a_donation_is_a_payment_by_another_name(app: RunningApp) -> None:
    _, asha = await person(app, 1000)
    ravi_id, ravi = await person(app)

    for purpose in ("tip", "donation"):
        body = sending(ravi_id) | {"purpose": purpose}
        assert (await asha.post("/v1/transfers", json=body)).json()["purpose"] == purpose
        changed = await asha.post("/v1/transfers", json=body | {"purpose": "send"})
        assert changed.json()["type"] == "/problems/id-reused"
        back = await ravi.post(f"/v1/transfers/{body['id']}/refunds", json={"id": str(uuid7())})
        assert back.status_code == 201
    other = await asha.post("/v1/transfers", json=sending(ravi_id) | {"purpose": "top_up"})
    assert other.status_code == 422


async def test_ten_sendings_at_once_are_one_payment_with_ten_equal_answers(
    app_on_each: RunningApp,
) -> None:
    asha_id, asha = await person(app_on_each, 1000)
    ravi_id, _ = await person(app_on_each)
    body = sending(ravi_id)

    answers = await asyncio.gather(*(asha.post("/v1/transfers", json=body) for _ in range(10)))

    assert {answer.content for answer in answers} == {answers[0].content}
    wallet = await app_on_each.db.read(money.get_wallet, asha_id, "INR")
    assert wallet.balance == Money(750, "INR")


async def test_fifty_spends_race_for_one_balance_and_the_books_stay_right(
    app_on_each: RunningApp,
) -> None:
    asha_id, asha = await person(app_on_each, 1000)
    ravi_id, _ = await person(app_on_each)

    answers = await asyncio.gather(
        *(asha.post("/v1/transfers", json=sending(ravi_id, 300)) for _ in range(50))
    )

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] * 3 + [409] * 47
    db = app_on_each.db
    assert (await db.read(money.get_wallet, asha_id, "INR")).balance == Money(100, "INR")
    assert await db.read(money.audit) == []


BAD_AMOUNTS = [
    0, -1, MOST + 1, 2**63 - 1, 2**63, 2**64, "1", 1.0, 0.1 + 0.2, True, None, [1], "١٢٣",
]  # fmt: skip


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=repr)
async def test_an_amount_that_is_no_whole_number_in_range_is_refused(
    app: RunningApp, amount: Any
) -> None:
    _, asha = await person(app, 1000)
    ravi_id, _ = await person(app)

    answer = await asha.post("/v1/transfers", json=sending(ravi_id, amount))

    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-input"


@pytest.mark.parametrize("text", ["1e2", "1e400", "NaN", "Infinity", "01", "1.00"])
async def test_a_number_in_another_spelling_is_refused(app: RunningApp, text: str) -> None:
    _, asha = await person(app, 1000)
    ravi_id, _ = await person(app)
    body = (
        f'{{"id":"{uuid7()}","payee_id":"{ravi_id}",'
        f'"amount":{{"amount_minor":{text},"currency":"INR"}}}}'
    )

    answer = await asha.post(
        "/v1/transfers", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 422


async def test_the_largest_amount_is_an_amount(app: RunningApp) -> None:
    _, asha = await person(app, MOST)
    ravi_id, ravi = await person(app)
    await asha.put("/v1/wallets/INR/confirmation-line", json={"amount_minor": 0})

    preview = await asha.post(
        "/v1/transfer-previews",
        json={"payee_id": str(ravi_id), "amount": {"amount_minor": MOST, "currency": "INR"}},
    )
    too_much = await ravi.post("/v1/transfers", json=sending(ravi_id, MOST))

    assert preview.status_code == 200
    assert preview.json()["needs_confirmation"] is True
    assert too_much.json()["type"] == "/problems/same-account"


@pytest.mark.parametrize("currency", ["XXX", "inr", "IN", "INRR", "₹"])
async def test_an_unknown_currency_is_refused(app: RunningApp, currency: str) -> None:
    _, asha = await person(app, 1000)
    ravi_id, _ = await person(app)

    answer = await asha.post("/v1/transfers", json=sending(ravi_id, 1, currency))

    assert answer.status_code == 422


async def test_an_id_of_another_version_is_refused(app: RunningApp) -> None:
    """Version 8 is the server's own, so nobody outside can occupy a derived id."""
    _, asha = await person(app, 1000)
    ravi_id, _ = await person(app)

    for id in (str(uuid4()), "01890a5d-ac96-874b-bcce-b302099a8057"):
        answer = await asha.post("/v1/transfers", json={**sending(ravi_id), "id": id})

        assert answer.status_code == 422


async def test_a_large_payment_is_confirmed_with_the_pin(app: RunningApp) -> None:
    _, asha = await person(app, 900_000)
    ravi_id, _ = await person(app)
    assert (await asha.put("/v1/me/pin", json={"pin": "482915"})).status_code == 200
    body = sending(ravi_id, 200_001)

    required = await asha.post("/v1/transfers", json=body)
    assert (required.status_code, required.json()["type"]) == (
        403, "/problems/confirmation-required",
    )  # fmt: skip
    proof = {
        "id": str(uuid7()), "challenge": required.json()["challenge"], "pin": "482915",
    }  # fmt: skip
    confirmed = await asha.post("/v1/confirmations", json=proof)
    sent = await asha.post("/v1/transfers", json=body, headers={"Kirana-Confirmation": proof["id"]})
    again = await asha.post("/v1/transfers", json=body)

    assert confirmed.status_code == 201
    assert (sent.status_code, again.content) == (201, sent.content)


async def test_asking_and_paying_over_http(app: RunningApp) -> None:
    _, asha = await person(app)
    ravi_id, ravi = await person(app, 1000)
    ask = {
        "id": str(uuid7()),
        "payer_id": str(ravi_id),
        "amount": {"amount_minor": 70, "currency": "INR"},
        "conversation_id": str(uuid7()),
    }

    made = await asha.post("/v1/requests", json=ask)
    paid = await ravi.post(f"/v1/requests/{ask['id']}/payment", json={"id": str(uuid7())})
    late = await ravi.post(f"/v1/requests/{ask['id']}/decline")

    assert (made.status_code, made.json()["state"]) == (201, "open")
    assert paid.json()["ref"] == {"kind": "conversation", "id": ask["conversation_id"]}
    assert (late.status_code, late.json()["how"]) == (409, "paid")
    listed = (await ravi.get("/v1/requests")).json()["items"]
    assert [(item["id"], item["state"]) for item in listed] == [(ask["id"], "paid")]


async def test_a_refund_and_the_statement_over_http(app: RunningApp) -> None:
    _, asha = await person(app, 1000)
    ravi_id, ravi = await person(app)
    body = sending(ravi_id)
    await asha.post("/v1/transfers", json=body)

    refund = await ravi.post(f"/v1/transfers/{body['id']}/refunds", json={"id": str(uuid7())})
    over = await ravi.post(
        f"/v1/transfers/{body['id']}/refunds",
        json={"id": str(uuid7()), "amount": {"amount_minor": 1, "currency": "INR"}},
    )
    page = (await asha.get("/v1/wallets/INR/statement?limit=2")).json()

    assert refund.status_code == 201
    assert (over.status_code, over.json()["refundable_minor"]) == (409, 0)
    assert [line["posted"]["amount_minor"] for line in page["items"]] == [250, -250]
    rest = (await asha.get(f"/v1/wallets/INR/statement?before={page['next']}")).json()
    assert [line["purpose"] for line in rest["items"]] == ["top_up"]


async def test_the_operator_tops_up_and_settles_and_others_may_not(app: RunningApp) -> None:
    operator_id, operator = await person(app)
    asha_id, asha = await person(app)
    top_up = {
        "id": str(uuid7()),
        "owner_id": str(asha_id),
        "amount": {"amount_minor": 500, "currency": "INR"},
    }

    refused = await operator.post("/v1/top-ups", json=top_up)
    await app.db.write(money.appoint_operator, operator_id, by=SYSTEM)
    done = await operator.post("/v1/top-ups", json=top_up)
    waiting = await operator.get("/v1/payout-cases")

    assert (refused.status_code, done.status_code) == (403, 201)
    assert waiting.json()["items"] == []
    assert (await operator.get("/v1/wallets")).json()["tier"] == "operator"
    assert (await asha.get("/v1/payout-cases")).status_code == 403


async def test_the_operator_sees_what_to_put_in_and_everybody_who_the_agents_are(
    app: RunningApp,
) -> None:
    operator_id, operator = await person(app)
    agent_id, agent = await person(app)
    _, asha = await person(app, 500)
    await app.db.write(money.appoint_operator, operator_id, by=SYSTEM)
    await app.db.write(money.appoint_agent, agent_id, by=SYSTEM)
    top_up = {
        "id": str(uuid7()),
        "owner_id": str(agent_id),
        "amount": {"amount_minor": 500, "currency": "JPY"},
        "into": "float",
    }
    assert (await operator.post("/v1/top-ups", json=top_up)).status_code == 201

    purse = (await operator.get(f"/v1/purses/{agent_id}")).json()
    lines = (await agent.get("/v1/floats/JPY/statement")).json()["items"]

    assert purse == {"owner_id": str(agent_id), "tier": "agent", "currencies": ["JPY"]}
    assert [line["purpose"] for line in lines] == ["top_up"]
    assert (await asha.get("/v1/cash-agents")).json()["items"] == [str(agent_id)]
    assert (await asha.get(f"/v1/purses/{agent_id}")).status_code == 403
    assert (await operator.get(f"/v1/purses/{uuid7()}")).status_code == 404
    assert (await agent.get("/v1/floats/XXZ/statement")).status_code == 422


async def test_nobody_who_is_not_signed_in_sees_money(app: RunningApp) -> None:
    stranger = await app.client()

    for path in ("/v1/wallets", "/v1/wallets/INR/statement", "/v1/requests", "/v1/payouts"):
        assert (await stranger.get(path)).status_code == 401


async def test_somebody_else_s_transfer_is_not_found(app: RunningApp) -> None:
    _, asha = await person(app, 1000)
    ravi_id, _ = await person(app)
    _, meera = await person(app)
    body = sending(ravi_id)
    await asha.post("/v1/transfers", json=body)

    assert (await meera.get(f"/v1/transfers/{body['id']}")).status_code == 404
