"""From the shelf to the order without an account and without JavaScript; and all that gets in
the way."""

import asyncio

from kirana import catalog, identity, money, orders
from kirana.catalog import Price, StockDraft, VariantDraft
from kirana.orders import State
from kirana.values import SYSTEM, Actor, TransferId, VariantId, uuid7

from .conftest import Street, inr
from .reader import Form, Page, Reader

CONTACT = {"name": "Tomás", "phone": "98765 43210"}


async def fill_cart(street: Street, reader: Reader | None = None, *, quantity: int = 2) -> Page:
    """Put tea into the cart from its page; answers the page that one is led back to."""
    reader = reader or street.stranger
    page = await reader.open("/asha/p/assam-tea")
    return await reader.send(page.form("/asha/cart"), quantity=str(quantity))


async def checkout_form(reader: Reader) -> Form:
    return (await reader.open("/asha/checkout")).form("/asha/checkout")


async def place(street: Street, reader: Reader | None = None) -> Page:
    reader = reader or street.stranger
    return await reader.send(await checkout_form(reader), **CONTACT)


async def order_behind(street: Street, page: Page) -> orders.Order:
    token = page.path.removeprefix("/o/").partition("?")[0]
    found = await street.app.db.read(orders.find_by_token, token)
    assert found is not None
    return found


async def stock(street: Street) -> tuple[int, int]:
    found = await street.app.db.read(catalog.stock_of, street.tea)
    return found.on_hand, found.held


async def test_a_stranger_buys_tea_in_cash(street: Street) -> None:
    shop = await street.stranger.open("/asha")
    led_back = await street.stranger.send(shop.form("/asha/cart"), button="Add Assam tea")
    cart = await street.stranger.open("/asha/cart")
    two = await street.stranger.send(cart.form("/asha/cart"), button="One more")
    done = await place(street)

    assert led_back.path.startswith("/asha?notice=added")
    assert "Added to the cart" in led_back.text
    assert "View cart · 1 item" in led_back.text
    assert "View cart · 2 items" in two.text
    assert done.status == 200
    assert done.path.startswith("/o/")
    assert "Order placed" in done.text
    assert "₹ 240.00" in done.text
    assert "To be paid in cash" in done.text
    order = await order_behind(street, done)
    assert order.total == inr(24000)
    assert (order.contact.name, order.contact.phone) == ("Tomás", "+919876543210")
    assert await stock(street) == (5, 2)
    assert "Your cart is empty" in (await street.stranger.open("/asha/cart")).text


async def test_either_database_sells_tea_to_a_stranger(street_on_each: Street) -> None:
    street = street_on_each
    for path in ("/", "/asha", "/asha/about", "/asha/search?q=tee", "/asha/sitemap.xml"):
        assert (await street.stranger.open(path)).status == 200
    chat = await street.stranger.open("/asha/chat")
    await street.stranger.send(chat.form("/asha/chat"), text="Is there tea?")
    await fill_cart(street)

    done = await place(street)

    assert (await order_behind(street, done)).total == inr(24000)
    assert "Is there tea?" in (await street.stranger.open("/asha/chat")).text


async def test_the_order_page_follows_the_shop(street: Street) -> None:
    await fill_cart(street)
    placed = await place(street)
    order = await order_behind(street, placed)
    db = street.app.db

    await db.write(orders.move_order, order.id, State.ACCEPTED, by=street.as_shop)
    accepted = await street.stranger.open(placed.path)
    await db.write(orders.move_order, order.id, State.READY, by=street.as_shop)
    ready = await street.stranger.open(placed.path)
    await db.write(orders.collect_cash, order.id, by=street.as_shop)
    await db.write(orders.move_order, order.id, State.FULFILLED, by=street.as_shop)
    for _ in range(100):
        if (await order_behind(street, placed)).receipt_number:
            break
        await asyncio.sleep(0.05)
    receipt = await street.stranger.open(f"{placed.path}/receipt")

    assert "Order accepted" in accepted.text
    assert "Ready to pick up" in ready.text
    assert "Receipt" in receipt.text
    assert "₹ 240.00" in receipt.text
    assert receipt.path.endswith("/receipt")


async def test_before_it_is_paid_there_is_no_receipt(street: Street) -> None:
    await fill_cart(street)
    placed = await place(street)

    page = await street.stranger.open(f"{placed.path}/receipt")

    assert page.path == placed.path


async def test_the_buyer_cancels_until_the_shop_accepts(street: Street) -> None:
    await fill_cart(street)
    placed = await place(street)

    canceled = await street.stranger.send(placed.form(f"{placed.path}/cancel"))

    assert "Canceled" in canceled.text
    assert "Nothing is owed" in canceled.text
    assert await stock(street) == (5, 0)


async def test_an_accepted_order_is_not_canceled_from_the_page(street: Street) -> None:
    await fill_cart(street)
    placed = await place(street)
    order = await order_behind(street, placed)
    await street.app.db.write(orders.move_order, order.id, State.ACCEPTED, by=street.as_shop)

    late = await street.stranger.send(placed.form(f"{placed.path}/cancel"))

    assert "already accepted it" in late.text
    assert (await order_behind(street, placed)).state is State.ACCEPTED


async def test_who_has_the_link_only_looks(street: Street) -> None:
    await fill_cart(street)
    placed = await place(street)
    other = await street.newcomer()

    seen = await other.open(placed.path)
    refused = await other.client.post(
        f"{placed.path}/cancel", headers={"Sec-Fetch-Site": "same-origin"}
    )

    assert "Order placed" in seen.text
    assert "9876543210" not in seen.text
    assert "Tomás" not in seen.text
    assert not [form for form in seen.forms if form.action.endswith("/cancel")]
    assert refused.status_code == 401
    assert (await order_behind(street, placed)).state is State.PLACED


async def test_sending_the_checkout_twice_orders_once(street: Street) -> None:
    await fill_cart(street)
    form = await checkout_form(street.stranger)

    first, second = await asyncio.gather(
        street.stranger.send(form, **CONTACT), street.stranger.send(form, **CONTACT)
    )
    third = await street.stranger.send(form, **{**CONTACT, "note": "and quickly"})

    assert first.path == second.path == third.path
    assert await stock(street) == (5, 2)


async def test_a_price_that_changed_meanwhile_is_shown_before_it_is_paid(street: Street) -> None:
    await fill_cart(street)
    form = await checkout_form(street.stranger)
    await street.write(catalog.set_price, street.tea, Price(inr(13000)))

    told = await street.stranger.send(form, **CONTACT, note="Ring twice")
    agreed = await street.stranger.send(told.form("/asha/checkout"))

    assert told.status == 409
    assert "price has changed" in told.text
    assert "₹ 260.00" in told.text
    assert told.form("/asha/checkout")["name"] == "Tomás"
    assert "Ring twice" in told.html
    assert (await order_behind(street, agreed)).total == inr(26000)


async def test_what_sold_out_meanwhile_is_not_ordered(street: Street) -> None:
    await fill_cart(street)
    form = await checkout_form(street.stranger)
    await street.write(catalog.set_stock, street.tea, StockDraft(on_hand=1))

    told = await street.stranger.send(form, **CONTACT)

    assert told.path.startswith("/asha/cart")
    assert "Only 1 left" in told.text
    assert "/asha/checkout" not in told.links.values()
    assert await stock(street) == (1, 0)


async def test_the_cart_takes_no_more_than_there_is(street: Street) -> None:
    many = await fill_cart(street, quantity=99)
    more = await fill_cart(street, quantity=1)

    assert "no more than these" in many.text
    assert "5 items" in many.text
    assert "5 items" in more.text


async def test_nothing_sold_out_goes_into_the_cart(street: Street) -> None:
    page = await street.stranger.open("/asha/p/assam-tea")
    await street.write(catalog.set_stock, street.tea, StockDraft(on_hand=0))

    told = await street.stranger.send(page.form("/asha/cart"))
    now = await street.stranger.open("/asha/p/assam-tea")

    assert "Sold out in the meantime" in told.text
    assert "Sold out" in now.text
    assert "View cart" not in told.text


async def test_what_is_missing_is_said_where_it_is_missing(street: Street) -> None:
    await street.delivers(3000)
    await fill_cart(street)
    form = await checkout_form(street.stranger)

    no_name = await street.stranger.send(form, name=" ")
    no_contact = await street.stranger.send(form, name="Tomás")
    no_street = await street.stranger.send(form, **CONTACT, method="delivery", city="Pune")
    wrong_mail = await street.stranger.send(form, name="Tomás", email="at home")

    assert "ask for" in no_name.text
    assert (no_contact.status, "so that the shop can reach you" in no_contact.text) == (422, True)
    assert "Where shall it be brought" in no_street.text
    assert no_street.form("/asha/checkout")["city"] == "Pune"
    assert no_street.form("/asha/checkout")["method"] == "delivery"
    assert "no e-mail address" in wrong_mail.text
    assert no_contact.form("/asha/checkout")["order_id"] == form["order_id"]


async def test_delivery_costs_what_was_shown(street: Street) -> None:
    await street.delivers(3000)
    await fill_cart(street)
    form = await checkout_form(street.stranger)

    done = await street.stranger.send(
        form, **CONTACT, method="delivery", street="12 Hill Road", city="Pune"
    )
    again = await fill_cart(street)
    known = await checkout_form(street.stranger)

    order = await order_behind(street, done)
    assert order.total == inr(27000)
    assert "12 Hill Road" in done.text
    assert "₹ 30.00" in done.text
    assert again.status == 200
    assert (known["name"], known["street"]) == ("Tomás", "12 Hill Road")


async def test_a_person_pays_from_the_wallet(street: Street) -> None:
    ravi = await street.app.person("Ravi")
    await street.app.db.write(
        money.top_up, TransferId(uuid7()), ravi, inr(50000),
        source=money.Source.CREDIT, by=SYSTEM,
    )  # fmt: skip
    reader = Reader(await street.app.client(ravi))
    await fill_cart(street, reader)
    page = await reader.open("/asha/checkout")

    done = await reader.send(page.form("/asha/checkout"))

    assert "₹500 available" in page.text
    assert page.form("/asha/checkout")["payment"] == "wallet"
    assert "set aside until you have the goods" in done.text
    wallet = await street.app.db.read(money.get_wallet, ravi, "INR")
    assert wallet.available == inr(26000)


async def test_a_large_payment_asks_for_the_pin(street: Street) -> None:
    ravi = await street.app.person("Ravi")
    await street.app.db.write(
        money.top_up, TransferId(uuid7()), ravi, inr(2000000),
        source=money.Source.CREDIT, by=SYSTEM,
    )  # fmt: skip
    pin = await asyncio.to_thread(identity.hash_pin, "2580")
    await street.app.db.write(identity.set_pin, pin, by=Actor(ravi, ravi))
    await street.product("Gold leaf", VariantDraft(VariantId(uuid7()), price=Price(inr(900000))))
    reader = Reader(await street.app.client(ravi))
    gold = await reader.open("/asha/p/gold-leaf")
    await reader.send(gold.form("/asha/cart"))

    asked = await reader.send(await checkout_form(reader))
    wrong = await reader.send(asked.form("/asha/checkout"), pin="1357")
    done = await reader.send(wrong.form("/asha/checkout"), pin="2580")

    assert "Confirm this payment with your PIN" in asked.text
    assert "not your PIN" in wrong.text
    assert "set aside until you have the goods" in done.text


async def test_an_empty_wallet_orders_nothing_and_cash_still_works(street: Street) -> None:
    reader = Reader(await street.app.client(await street.app.person("Ravi")))
    await fill_cart(street, reader)
    form = await checkout_form(reader)

    refused = await reader.send(form, payment="wallet")
    paid = await reader.send(refused.form("/asha/checkout"), payment="cash")

    assert "not enough in your wallet" in refused.text
    assert paid.path.startswith("/o/")


async def test_a_guest_who_is_nobody_yet_has_no_checkout(street: Street) -> None:
    page = await street.stranger.open("/asha/checkout")

    assert page.path == "/asha/cart"
    assert "Your cart is empty" in page.text


async def test_a_form_of_another_site_does_nothing(street: Street) -> None:
    stranger = await street.newcomer()
    form = {"variant": str(street.tea), "quantity": "1"}

    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.test"}):
        answer = await stranger.client.post("/asha/cart", data=form, headers=headers)
        assert answer.status_code == 403
        assert not stranger.client.cookies
    await fill_cart(street)
    checkout = await checkout_form(street.stranger)
    answer = await street.stranger.client.post(
        "/asha/checkout", data=checkout.filled(**CONTACT), headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert await stock(street) == (5, 0)


async def test_forms_that_no_browser_sends_are_refused(street: Street) -> None:
    await fill_cart(street)
    form = await checkout_form(street.stranger)
    cart = (await street.stranger.open("/asha/p/assam-tea")).form("/asha/cart")

    answers = [
        await street.stranger.send(form, **CONTACT, order_id="x"),
        await street.stranger.send(form, **CONTACT, line="tea:many"),
        await street.stranger.send(form, **CONTACT, method="balloon"),
        await street.stranger.send(form, **CONTACT, shown_pickup="1e9"),
        await street.stranger.send(cart, variant="x"),
    ]

    assert [it.status for it in answers] == [422] * 5
    assert all(it.headers["content-type"].startswith("text/html") for it in answers)


async def test_the_way_back_stays_in_the_shop(street: Street) -> None:
    form = (await street.stranger.open("/asha/p/assam-tea")).form("/asha/cart")
    form.fields = [field for field in form.fields if field[0] != "next"]

    for path in ("https://evil.test/", "//evil.test", "/other", "/asha\r\nX: y", "/ashafoo"):
        page = await street.stranger.send(form, next=path)
        assert page.path.startswith("/asha/cart")


async def test_two_guests_have_two_carts(street: Street) -> None:
    other = await street.newcomer()
    await fill_cart(street)

    empty = await other.open("/asha/cart")

    assert "Your cart is empty" in empty.text


async def test_the_bar_is_the_visitors_own(street: Street) -> None:
    await fill_cart(street)
    other = await street.newcomer()

    mine = await street.stranger.open("/asha")
    theirs = await other.open("/asha")

    assert "View cart · 2 items" in mine.text
    assert "View cart" not in theirs.text


async def test_someone_elses_order_id_shows_nothing_of_it(street: Street) -> None:
    await fill_cart(street)
    first = await checkout_form(street.stranger)
    placed = await street.stranger.send(first, **CONTACT)
    other = await street.newcomer()
    await fill_cart(street, other)
    form = await checkout_form(other)

    refused = await other.send(form, **CONTACT, order_id=first["order_id"])

    assert refused.path != placed.path
    assert refused.status == 409
