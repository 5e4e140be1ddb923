"""A stranger finds a shop, asks, and buys in cash; both sides see it live."""

from kirana import money
from tests.live import LiveServer, new_id

from . import make


def test_a_stranger_asks_and_buys_in_cash_while_both_sides_watch(live: LiveServer) -> None:
    shop = make.shop(live, "Asha's Saffron")
    tea, rice = make.product(shop, "Assam tea", 120), make.product(shop, "Rice", 80)
    ravi = make.guest(live, "Ravi")
    his = ravi.socket()
    hers = shop.owner.socket(streams={shop.id: None})

    # He finds the shop and asks.
    (found,) = ravi.get("/v1/businesses", q="safron")["items"]
    assert found["id"] == shop.id
    place = make.conversation(ravi, shop.id)
    said = his.ask({"t": "send", "id": new_id(), "conv": place, "body": text("Is the tea fresh?")})
    assert (said["t"], said["seq"]) == ("ok", 1)
    heard = hers.wait_for(k="message", stream=shop.id)
    assert (heard["body"], heard["from"]) == (text("Is the tea fresh?"), str(ravi.user_id))
    greeting = his.wait_for(lambda it: it.get("k") == "message" and it.get("auto"))
    assert greeting["from"] == shop.id

    # She types and answers.
    hers.say({"t": "typing", "conv": place, "stream": shop.id})
    his.wait_for(k="typing", conv=place, user=shop.id)
    hers.say(
        {
            "t": "send",
            "id": new_id(),
            "conv": place,
            "body": text("Since Monday!"),
            "stream": shop.id,
        }
    )
    answer = his.wait_for(lambda it: it.get("body") == text("Since Monday!"))
    assert "author" not in answer
    his.say({"t": "read", "conv": place, "seq": answer["seq"]})
    hers.wait_for(t="rcpt", conv=place, user=str(ravi.user_id), r=answer["seq"])

    # He fills a cart and orders.
    cart = f"/v1/carts/{shop.id}"
    ravi.put(f"{cart}/lines/{tea}", {"quantity": 2})
    ravi.put(f"{cart}/lines/{rice}", {"quantity": 1})
    seen = ravi.put(f"{cart}/method", {"method": "pickup"})
    assert (seen["is_ready"], seen["quote"]["total"]) == (True, make.inr(320))
    body = make.order(shop, {tea: 2, rice: 1}, 320, payment="cash")
    order = ravi.post("/v1/orders", body)
    assert (order["state"], order["payment_state"]) == ("placed", "unpaid")
    assert ravi.get(cart)["lines"] == []
    card = hers.wait_for(
        lambda it: it.get("k") == "fact" and it["body"]["subject"]["id"] == order["id"],
        stream=shop.id,
    )
    assert card["body"]["card"]["amount"] == make.inr(320)

    # The shop accepts, prepares and hands over; the stranger sees each step.
    for to in ("accepted", "ready", "fulfilled"):
        shop.desk.post(f"/v1/orders/{order['id']}/moves", {"to": to})
        fact = his.wait_for(
            lambda it, to=to: it.get("k") == "fact" and it["body"]["card"]["state"] == to
        )
        assert fact["body"]["subject"]["id"] == order["id"]
        assert ravi.get(f"/v1/orders/{order['id']}")["state"] == to
    taken = shop.desk.post(f"/v1/orders/{order['id']}/cash-receipt")
    assert taken["payment_state"] == "paid"
    his.wait_for(lambda it: it.get("k") == "fact" and it["body"]["fact"] == "order.paid")

    # The receipt adds up, and no wallet was touched.
    receipt = ravi.get(f"/v1/orders/{order['id']}/receipt")
    lines = receipt["order"]["lines"]
    assert sum(line["paid"]["amount_minor"] for line in lines) == 320
    assert [(line["quantity"], line["amount"]) for line in lines] == [
        (2, make.inr(240)),
        (1, make.inr(80)),
    ]
    assert receipt["kept"] == receipt["order"]["total"] == make.inr(320)
    assert receipt == shop.desk.get(f"/v1/orders/{order['id']}/receipt") | {
        "order": receipt["order"]
    }
    assert make.wallet(ravi) == (0, 0)
    assert live.read(money.audit) == []


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}
