"""A stranger asks; the shop answers; both on a page without JavaScript."""

import asyncio

from kirana import catalog, chat, orders
from kirana.values import ConversationId, MessageId, uuid7

from .conftest import Street, inr
from .reader import Page
from .test_shopping import fill_cart, place


async def conversation(street: Street, page: Page) -> ConversationId:
    listed = await street.app.db.read(chat.list_conversations, by=street.as_shop)
    return listed.items[0].id


async def test_a_stranger_asks_and_is_answered(street: Street) -> None:
    page = await street.stranger.open("/asha/chat")
    asked = await street.stranger.send(page.form("/asha/chat"), text="Is it fresh?\nReally?")
    answer = chat.take_content({"type": "text", "text": "Picked in May."})
    await street.app.db.write(
        chat.send_message,
        MessageId(uuid7()),
        await conversation(street, asked),
        answer,
        by=street.as_shop,
    )

    shop = await street.stranger.open("/asha")
    answered = await street.stranger.open("/asha/chat")

    assert "Asha Stores, its team and this server can read this." in page.text
    assert "Is it fresh? Really?" in asked.text
    assert "new message" in shop.text
    assert "Picked in May." in answered.text


async def test_the_last_thing_that_one_said_shows_when_it_was_read(street: Street) -> None:
    page = await street.stranger.open("/asha/chat")
    asked = await street.stranger.send(page.form("/asha/chat"), text="Is it fresh?")
    place_ = await conversation(street, asked)
    await street.app.db.write(chat.mark_delivered, place_, 1, by=street.as_shop)
    delivered = await street.stranger.open("/asha/chat")
    await street.app.db.write(chat.mark_read, place_, 1, by=street.as_shop)
    read = await street.stranger.open("/asha/chat")
    more = await street.stranger.send(read.form("/asha/chat"), text="Really?")

    assert "· Delivered" not in asked.text
    assert "· Delivered" in delivered.text
    assert "· Read" in read.text
    assert "· Read" not in more.text


async def test_sending_a_message_twice_says_it_once(street: Street) -> None:
    form = (await street.stranger.open("/asha/chat")).form("/asha/chat")
    await street.stranger.send(form, text="Hello there")

    again = await street.stranger.send(form, text="Hello there")

    assert again.text.count("Hello there") == 1


async def test_a_question_about_a_product_carries_the_product(street: Street) -> None:
    product = await street.stranger.open("/asha/p/assam-tea")
    page = await street.stranger.open(product.links["Ask about this"])
    asked = await street.stranger.send(page.form("/asha/chat"), text="Strong?")

    history = await street.app.db.read(
        chat.list_messages, await conversation(street, asked), by=street.as_shop
    )
    assert "About Assam tea" in page.text
    assert "Strong?" in asked.text
    assert "Assam tea" in asked.links
    assert b'"type":"product"' in bytes(history.items[0].body)  # type: ignore[arg-type]


async def test_a_question_about_a_product_is_asked_once_though_its_price_changed(
    street: Street,
) -> None:
    form = (await street.stranger.open("/asha/chat?about=assam-tea")).form("/asha/chat")
    await street.stranger.send(form, text="Strong?")
    await street.write(catalog.set_price, street.tea, catalog.Price(inr(9900)))

    again = await street.stranger.send(form, text="Strong?")
    other = await street.stranger.send(form, text="Something else")

    assert again.status == 200
    assert again.text.count("Strong?") == 1
    assert other.status == 409


async def test_what_is_said_is_never_markup(street: Street) -> None:
    page = await street.stranger.open("/asha/chat")

    asked = await street.stranger.send(
        page.form("/asha/chat"), text="<script>alert(1)</script><b onclick=x>"
    )

    assert "<script>alert" not in asked.html
    assert "<b onclick" not in asked.html
    assert "&lt;script&gt;alert(1)" in asked.html


async def test_an_order_is_one_card_that_changes(street: Street) -> None:
    await fill_cart(street)
    placed = await place(street)
    token = placed.path.removeprefix("/o/")
    order = await street.app.db.read(orders.find_by_token, token)
    assert order is not None
    await street.app.db.write(orders.move_order, order.id, orders.State.ACCEPTED, by=street.as_shop)
    for _ in range(100):
        page = await street.stranger.open("/asha/chat")
        if f"#{order.number}" in page.text:
            break
        await asyncio.sleep(0.05)

    cards = [it for tag, it in page.attributes if "fact-card" in it.get("class", "")]
    assert len(cards) == 1
    assert cards[0]["href"] == placed.path
    assert "Accepted" in page.text


async def test_a_deleted_message_is_gone_from_the_page(street: Street) -> None:
    page = await street.stranger.open("/asha/chat")
    form = page.form("/asha/chat")
    asked = await street.stranger.send(form, text="A secret")
    answer = MessageId(uuid7())
    content = chat.take_content({"type": "text", "text": "Wrong window"})
    place_ = await conversation(street, asked)
    await street.app.db.write(chat.send_message, answer, place_, content, by=street.as_shop)
    await street.app.db.write(chat.delete_message, answer, by=street.as_shop)

    after = await street.stranger.open("/asha/chat")

    assert "Wrong window" not in after.text
    assert "This message was deleted." in after.text
    assert "A secret" in after.text


async def test_a_long_conversation_has_earlier_pages(street: Street) -> None:
    page = await street.stranger.open("/asha/chat")
    await street.stranger.send(page.form("/asha/chat"), text="Question 0")
    for number in range(1, 45):
        latest = await street.stranger.open("/asha/chat")
        await street.stranger.send(latest.form("/asha/chat"), text=f"Question {number}.")

    latest = await street.stranger.open("/asha/chat")
    earlier = await street.stranger.open(latest.links["Earlier messages"])

    assert "Question 44." in latest.text
    assert "Question 2." not in latest.text
    assert "Question 2." in earlier.text
    assert "Question 0" in earlier.text


async def test_empty_words_say_nothing_and_make_nobody(street: Street) -> None:
    page = await street.stranger.open("/asha/chat")

    said = await street.stranger.send(page.form("/asha/chat"), text="   ")

    assert said.status == 200
    assert not street.stranger.client.cookies
