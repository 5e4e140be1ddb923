"""The page and the chat are two doors to the same cart and the same shelf."""

import asyncio
from typing import Any

from kirana import catalog
from kirana.catalog import StockDraft
from kirana.values import uuid7

from .conftest import Street
from .test_shopping import checkout_form, fill_cart


async def test_the_chat_and_the_page_fill_the_same_cart(street_on_each: Street) -> None:
    street = street_on_each
    await fill_cart(street, quantity=2)
    chat = street.stranger.client
    cart = f"/v1/carts/{street.shop_id}"

    seen_in_chat = (await chat.get(cart)).json()
    line = f"{cart}/lines/{street.tea}"
    origin = {"Origin": str(chat.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    changed = await chat.put(line, json={"quantity": 3}, headers=origin)
    page = await street.stranger.open("/asha/cart")

    assert [it["quantity"] for it in seen_in_chat["lines"]] == [2]
    assert changed.status_code == 200, changed.text
    assert "₹ 360.00" in page.text


async def test_the_last_unit_is_sold_once_to_the_page_or_to_the_chat(
    street_on_each: Street,
) -> None:
    street = street_on_each
    strangers = [await street.newcomer() for _ in range(5)]
    forms = []
    for stranger in strangers:
        await fill_cart(street, stranger, quantity=1)
        forms.append(await checkout_form(stranger))
    talkers = [await street.app.client(await street.app.person()) for _ in range(5)]
    await street.write(catalog.set_stock, street.tea, StockDraft(on_hand=1))

    answers = await asyncio.gather(
        *(
            stranger.send(form, name=f"No. {number}", phone="98765 43210")
            for number, (stranger, form) in enumerate(zip(strangers, forms, strict=True))
        ),
        *(talker.post("/v1/orders", json=order(street)) for talker in talkers),
    )

    pages, told = answers[:5], answers[5:]
    sold = sum(page.path.startswith("/o/") for page in pages)
    sold += sum(answer.status_code == 201 for answer in told)
    assert sold == 1
    refused = {answer.json()["type"] for answer in told if answer.status_code != 201}
    assert refused <= {"/problems/out-of-stock"}
    stock = await street.app.db.read(catalog.stock_of, street.tea)
    assert (stock.on_hand, stock.held) == (1, 1)


def order(street: Street) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "business_id": str(street.shop_id),
        "quantities": {str(street.tea): 1},
        "method": "pickup",
        "payment": "cash",
        "contact": {"name": "Ravi", "phone": "+919876543210"},
        "shown_total": {"amount_minor": 12000, "currency": "INR"},
    }
