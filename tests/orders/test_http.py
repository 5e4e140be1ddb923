"""The doors of HTTP: a cart becomes an order, the order goes its way, refusals say why."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from kirana import business, catalog, identity, money
from kirana.catalog import Price, ProductDraft, ProductStatus, StockDraft, VariantDraft
from kirana.values import (
    SYSTEM,
    BusinessId,
    DeviceId,
    ProductId,
    TransferId,
    UserId,
    VariantId,
    uuid7,
)
from tests.apps import RunningApp, actor

from .make import inr

CONTACT = {"name": "Ravi", "phone": "+919876543210"}


def new_id() -> str:
    return str(uuid7())


def problem(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, body["type"].removeprefix("/problems/")


@dataclass(frozen=True, slots=True)
class Corner:
    """A shop with tea at 120, its owner's client, and a buyer's with 1,000 in the wallet."""

    shop_id: UUID
    tea: UUID
    asha: httpx.AsyncClient
    ravi: httpx.AsyncClient
    ravi_id: UserId

    def order(self, **changes: Any) -> dict[str, Any]:
        return {
            "id": new_id(),
            "business_id": str(self.shop_id),
            "quantities": {str(self.tea): 2},
            "method": "pickup",
            "payment": "wallet",
            "contact": CONTACT,
            "shown_total": {"amount_minor": 240, "currency": "INR"},
            **changes,
        }


@pytest.fixture
async def corner(app: RunningApp) -> Corner:
    return await open_corner(app)


@pytest.fixture
async def corner_on_each(app_on_each: RunningApp) -> Corner:
    return await open_corner(app_on_each)


async def open_corner(app: RunningApp) -> Corner:
    asha, ravi = await app.person("Asha"), await app.person("Ravi")
    shop_id = BusinessId(UserId(uuid7()))
    tea = VariantId(uuid7())
    await app.db.write(
        business.open_business,
        shop_id,
        business.NewBusiness("Asha Stores", "grocery", "IN", "INR", "Asia/Kolkata"),
        by=actor(asha),
    )
    stock = StockDraft(tracked=True, on_hand=5)
    await app.db.write(
        catalog.save_product,
        ProductId(uuid7()),
        shop_id,
        ProductDraft(
            "Assam tea",
            (VariantDraft(tea, price=Price(inr(120)), stock=stock),),
            status=ProductStatus.PUBLISHED,
        ),
        by=actor(asha),
    )
    await app.db.write(
        money.top_up,
        TransferId(uuid7()),
        ravi,
        inr(1_000),
        source=money.Source.CREDIT,
        by=SYSTEM,
    )
    return Corner(
        shop_id, tea, await app.client(asha, acting_for=shop_id), await app.client(ravi), ravi
    )


async def test_a_cart_becomes_an_order_that_is_handed_over_and_partly_refunded(
    corner: Corner,
) -> None:
    cart = f"/v1/carts/{corner.shop_id}"
    filled = await corner.ravi.put(f"{cart}/lines/{corner.tea}", json={"quantity": 2})
    chosen = await corner.ravi.put(f"{cart}/method", json={"method": "pickup"})
    assert (filled.status_code, chosen.status_code) == (200, 200)
    seen = (await corner.ravi.get(cart)).json()
    assert seen["is_ready"] is True
    assert seen["quote"]["total"] == {"amount_minor": 240, "currency": "INR"}

    body = corner.order(shown_total=seen["quote"]["total"])
    placed = await corner.ravi.post("/v1/orders", json=body)
    again = await corner.ravi.post("/v1/orders", json=body)
    assert (placed.status_code, again.status_code) == (201, 201)
    assert placed.json() == again.json()
    order = placed.json()
    assert (order["state"], order["payment_state"], order["moves"]) == (
        "placed",
        "held",
        ["canceled"],
    )

    here = f"/v1/orders/{order['id']}"
    for to in ("accepted", "ready", "fulfilled"):
        moved = await corner.asha.post(f"{here}/moves", json={"to": to})
        assert (moved.status_code, moved.json()["state"]) == (201, to)

    refund = {"id": new_id(), "lines": [{"variant_id": str(corner.tea), "quantity": 1}]}
    given = await corner.asha.post(f"{here}/refunds", json=refund)
    assert (given.status_code, given.json()["amount"]["amount_minor"]) == (201, 120)

    after = (await corner.ravi.get(here)).json()
    assert (after["payment_state"], after["refunded"]["amount_minor"]) == ("part_refunded", 120)
    assert [step["name"] for step in after["steps"]][:4] == [
        "placed",
        "accepted",
        "ready",
        "fulfilled",
    ]


async def test_an_order_sent_ten_times_at_once_is_one_with_ten_equal_answers(
    corner_on_each: Corner,
) -> None:
    ravi, body = corner_on_each.ravi, corner_on_each.order()

    answers = await asyncio.gather(*(ravi.post("/v1/orders", json=body) for _ in range(10)))

    assert {answer.status_code for answer in answers} == {201}
    assert {answer.content for answer in answers} == {answers[0].content}
    wallet = (await ravi.get("/v1/wallets")).json()["items"][0]
    assert (wallet["balance"]["amount_minor"], wallet["on_hold"]["amount_minor"]) == (1000, 240)
    assert len((await ravi.get("/v1/orders")).json()["items"]) == 1


async def test_a_guest_pays_in_cash_and_sees_the_receipt(app: RunningApp, corner: Corner) -> None:
    guest_id, device_id = UserId(uuid7()), DeviceId(uuid7())
    token = identity.new_token()
    await app.db.write(
        identity.create_guest,
        guest_id,
        device_id,
        token_hash=identity.hash_token(token),
    )
    guest = await app.client()
    guest.headers["Authorization"] = f"Bearer {token}"

    placed = await guest.post("/v1/orders", json=corner.order(payment="cash"))
    here = f"/v1/orders/{placed.json()['id']}"
    early = await guest.get(f"{here}/receipt")
    await corner.asha.post(f"{here}/moves", json={"to": "accepted"})
    taken = await corner.asha.post(f"{here}/cash-receipt")
    assert (placed.status_code, taken.status_code) == (201, 201)
    assert problem(early) == (409, "not-paid")
    assert taken.json()["payment_state"] == "paid"

    async with asyncio.timeout(10):
        while (receipt := await guest.get(f"{here}/receipt")).status_code == 409:
            await asyncio.sleep(0.01)
    assert receipt.json()["number"].endswith("-0001")
    assert receipt.json()["seller"]["name"] == "Asha Stores"


async def test_lists_are_for_those_whose_orders_they_are(corner: Corner) -> None:
    placed = (await corner.ravi.post("/v1/orders", json=corner.order())).json()

    mine = (await corner.ravi.get("/v1/orders")).json()
    shops = (await corner.asha.get(f"/v1/orders?business_id={corner.shop_id}&state=placed")).json()
    counts = (await corner.asha.get(f"/v1/businesses/{corner.shop_id}/order-counts")).json()
    peeking = await corner.ravi.get(f"/v1/orders?business_id={corner.shop_id}")

    assert [order["id"] for order in mine["items"]] == [placed["id"]]
    assert [order["number"] for order in shops["items"]] == [1001]
    assert shops["items"][0]["moves"] == ["accepted", "canceled"]
    assert counts["placed"] == 1
    assert problem(peeking) == (403, "not-allowed")


async def test_a_shop_says_how_it_delivers(corner: Corner) -> None:
    where = f"/v1/businesses/{corner.shop_id}/delivery"
    settings = (await corner.ravi.get(where)).json()
    assert (settings["has_pickup"], settings["has_delivery"]) == (True, False)

    settings |= {
        "has_delivery": True,
        "fee": {"amount_minor": 30, "currency": "INR"},
        "delivery_note": "As far as the river",
    }
    saved = await corner.asha.put(where, json=settings)
    refused = await corner.ravi.put(where, json=settings)

    assert saved.json() == (await corner.ravi.get(where)).json() == settings
    assert problem(refused) == (403, "not-allowed")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"quantities": {}}, (409, "cart-empty")),
        ({"quantities": {new_id(): 1}}, (409, "not-for-sale")),
        ({"method": "delivery"}, (422, "address-needed")),
        ({"method": "delivery", "address": {"street": "1"}}, (409, "method-unavailable")),
        ({"contact": {"name": ""}}, (422, "contact-needed")),
        (
            {"shown_total": {"amount_minor": 239, "currency": "INR"}},
            (409, "price-changed"),
        ),
        ({"shown_total": {"amount_minor": 240, "currency": "XXX"}}, (422, "invalid-input")),
        ({"business_id": new_id()}, (404, "not-found")),
        ({"note": "x" * 501}, (422, "invalid-input")),
        ({"note": "a\x00b"}, (422, "invalid-input")),
        ({"id": "01890a5d-ac96-8000-8000-000000000000"}, (422, "invalid-input")),
    ],
)
async def test_what_does_not_fit_is_refused_by_name(
    corner: Corner, changes: dict[str, Any], refusal: tuple[int, str]
) -> None:
    answer = await corner.ravi.post("/v1/orders", json=corner.order(**changes))

    assert problem(answer) == refusal


async def test_more_than_there_is_or_than_one_has_is_refused(corner: Corner) -> None:
    six = {"quantities": {str(corner.tea): 6}, "shown_total": inr_json(720)}
    too_many = await corner.ravi.post("/v1/orders", json=corner.order(**six))
    poor = await corner.asha.put(
        f"/v1/carts/{corner.shop_id}/lines/{corner.tea}", json={"quantity": 6}
    )
    own = await corner.asha.post("/v1/orders", json=corner.order())

    assert problem(too_many) == (409, "out-of-stock")
    assert too_many.json()["available"] == 5
    assert problem(poor) == (409, "out-of-stock")
    assert problem(own) == (409, "own-shop")


async def test_an_order_is_refused_what_it_may_not(corner: Corner) -> None:
    order = (await corner.ravi.post("/v1/orders", json=corner.order())).json()
    here = f"/v1/orders/{order['id']}"

    answers = [
        await corner.asha.post(f"{here}/moves", json={"to": "fulfilled"}),
        await corner.asha.post(f"{here}/moves", json={"to": "lost"}),
        await corner.ravi.post(f"{here}/moves", json={"to": "accepted"}),
        await corner.asha.post(f"{here}/cash-receipt"),
        await corner.asha.post(f"{here}/refunds", json={"id": new_id(), "amount": inr_json(10)}),
        await corner.asha.get(f"/v1/orders/{new_id()}"),
    ]
    canceled = await corner.ravi.post(f"{here}/cancellation", json={"note": "Changed my mind"})

    assert [problem(answer) for answer in answers] == [
        (409, "illegal-move"),
        (422, "invalid-input"),
        (403, "not-allowed"),
        (409, "illegal-move"),
        (409, "not-paid"),
        (404, "not-found"),
    ]
    assert canceled.json()["state"] == "canceled"


async def test_strangers_are_asked_to_sign_in(app: RunningApp, corner: Corner) -> None:
    stranger = await app.client()

    for answer in (
        await stranger.get(f"/v1/carts/{corner.shop_id}"),
        await stranger.post("/v1/orders", json=corner.order()),
        await stranger.get("/v1/orders"),
    ):
        assert problem(answer) == (401, "not-signed-in")


def inr_json(minor: int) -> dict[str, Any]:
    return {"amount_minor": minor, "currency": "INR"}
