"""Paying by card without JavaScript: from the form to the provider's page and back to the order."""

import asyncio
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from kirana import money, orders
from kirana.orders import State
from kirana.storefront import order as order_page
from kirana.values import SYSTEM
from tests.apps import open_app
from tests.money.stripe_simulator import Fault, Simulator

from .conftest import Street, open_street
from .reader import Page
from .test_shopping import CONTACT, checkout_form, fill_cart

EVENTS = "/v1/rails/stripe/events"
CARD = "4242424242424242"


@pytest.fixture
def simulator() -> Any:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def street(tmp_path: Path, simulator: Simulator) -> AsyncIterator[Street]:
    async with open_app(
        tmp_path,
        stripe_key=simulator.key,
        stripe_url=simulator.url,
        stripe_webhook_secrets=simulator.stripe.secret,
    ) as app:
        yield await open_street(app)


async def order_by_card(street: Street) -> Page:
    await fill_cart(street)
    return await street.stranger.send(
        await checkout_form(street.stranger), payment="card", **CONTACT
    )


def way_on(page: Page) -> str:
    """Where the page leads by itself."""
    [content] = [it["content"] for tag, it in page.attributes if it.get("http-equiv") == "refresh"]
    delay, _, url = content.partition("; url=")
    assert delay == "0"
    return unescape(url)


async def order_of(street: Street, page: Page) -> orders.Order:
    found = await street.app.db.read(orders.find_by_token, page.path.split("/")[2])
    assert found is not None
    return found


async def until(street: Street, path: str, words: str) -> Page:
    async with asyncio.timeout(20):
        while words not in (page := await street.stranger.open(path)).text:
            await asyncio.sleep(0.05)
    return page


async def tell(street: Street, simulator: Simulator) -> None:
    stripe = await street.app.client()
    for it in simulator.take_deliveries():
        headers = {"Stripe-Signature": it.signature}
        assert (await stripe.post(EVENTS, content=it.body, headers=headers)).status_code == 200


async def test_a_stranger_pays_by_card(street: Street, simulator: Simulator) -> None:
    going = await order_by_card(street)
    order = await order_of(street, going)
    assert going.path == f"/o/{order.token}/pay"
    url = way_on(going)
    assert going.links["Pay now ·"] == url

    waiting = await street.stranger.open(f"/o/{order.token}")
    assert "Waiting for your bank" in waiting.text
    assert waiting.links["Pay now ·"] == f"/o/{order.token}/pay"
    declined = httpx.post(url, data={"number": "4000000000000002"})
    assert "declined" in declined.text
    assert way_on(await street.stranger.open(f"/o/{order.token}/pay")) == url
    paid = httpx.post(url, data={"number": CARD})
    await tell(street, simulator)
    way_back = urlsplit(paid.headers["location"]).path
    back = await until(street, way_back, "Set aside by your bank until you have the goods.")

    assert back.path == f"/o/{order.token}"
    assert "/pay" not in "".join(back.links.values())
    # An old tab that still wants to pay is led to the order.
    again = await street.stranger.open(f"/o/{order.token}/pay")
    assert again.path == f"/o/{order.token}"


async def test_whoever_has_the_link_of_an_order_is_not_asked_to_pay_it(street: Street) -> None:
    order = await order_of(street, await order_by_card(street))
    other = await street.newcomer()

    page = await other.open(f"/o/{order.token}/pay")

    assert page.path == f"/o/{order.token}"
    assert not [label for label in page.links if label.startswith("Pay now")]


async def test_while_the_provider_is_away_the_order_waits_for_its_page(
    street: Street, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_page, "_PAGE_WITHIN_S", 0.01)
    simulator.fail_next(Fault.BUSY, "sessions")

    going = await order_by_card(street)
    assert "The payment page is not ready yet." in going.text
    assert not [it for _, it in going.attributes if it.get("http-equiv") == "refresh"]
    order = await order_of(street, going)
    assert going.links["Try again"] == f"/o/{order.token}/pay"
    monkeypatch.undo()

    assert way_on(await street.stranger.open(f"/o/{order.token}/pay")).startswith(simulator.url)


async def test_an_order_that_was_not_paid_says_so(street: Street, simulator: Simulator) -> None:
    order = await order_of(street, await order_by_card(street))
    page = await street.stranger.open(f"/o/{order.token}")

    await street.stranger.send(page.form(f"/o/{order.token}/cancel"))

    ended = await street.stranger.open(f"/o/{order.token}")
    assert "Not paid. Nothing was taken from your card." in ended.text
    assert (await order_of(street, ended)).state is State.CANCELED
    gone = await street.stranger.open(f"/o/{order.token}/pay")
    assert gone.path == f"/o/{order.token}"


async def test_where_no_cards_are_taken_none_is_offered(street: Street) -> None:
    await fill_cart(street)
    await street.app.db.write(
        money.switch_way, "INR", ("wallet", "stripe"), enabled=False, by=SYSTEM
    )

    form = await checkout_form(street.stranger)
    refused = await street.stranger.send(form, payment="card", **CONTACT)

    assert "card" not in [value for _, value in form.fields]
    assert refused.status == 409
    assert refused.form("/asha/checkout")["payment"] != "card"
