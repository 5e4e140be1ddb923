"""Paying an order from the wallet: held, taken, partly given back, and exact at every step."""

from kirana import money
from tests.live import LiveServer, new_id

from . import make


def test_the_money_of_an_order_is_held_taken_and_partly_given_back(live: LiveServer) -> None:
    shop = make.shop(live)
    tea, rice = make.product(shop, "Assam tea", 120), make.product(shop, "Rice", 85)
    ravi = live.person("Ravi")
    make.top_up(live, ravi.user_id, 1_000)

    order = ravi.post("/v1/orders", make.order(shop, {tea: 3, rice: 1}, 445))
    here = f"/v1/orders/{order['id']}"
    assert order["payment_state"] == "held"
    assert (make.wallet(ravi), make.wallet(shop.desk)) == ((1_000, 445), (0, 0))
    assert audit(live) == []

    for to in ("accepted", "ready", "fulfilled"):
        shop.desk.post(f"{here}/moves", {"to": to})
    assert (make.wallet(ravi), make.wallet(shop.desk)) == ((555, 0), (445, 0))

    refund = {"id": new_id(), "lines": [{"variant_id": tea, "quantity": 1}], "is_restocked": True}
    given = shop.desk.post(f"{here}/refunds", refund)
    assert shop.desk.post(f"{here}/refunds", refund) == given
    assert (make.wallet(ravi), make.wallet(shop.desk)) == ((675, 0), (325, 0))

    after = ravi.get(here)
    assert (after["payment_state"], after["refunded"]) == ("part_refunded", make.inr(120))
    assert ravi.get(f"{here}/receipt")["kept"] == make.inr(325)
    statement = ravi.get("/v1/wallets/INR/statement")["items"]
    assert sum(line["posted"]["amount_minor"] for line in statement) == 675
    assert statement[0]["balance_after"] == make.inr(675)
    assert audit(live) == []


def test_an_order_called_off_gives_back_money_and_stock(live: LiveServer) -> None:
    shop = make.shop(live)
    tea = make.product(shop, "Assam tea", 120, stock=1)
    ravi, meera = live.person("Ravi"), live.person("Meera")
    make.top_up(live, ravi.user_id, 120)
    make.top_up(live, meera.user_id, 120)
    order = ravi.post("/v1/orders", make.order(shop, {tea: 1}, 120))
    late = meera.refusal("POST", "/v1/orders", make.order(shop, {tea: 1}, 120))

    ravi.post(f"/v1/orders/{order['id']}/cancellation", {"note": "Changed my mind"})
    second = meera.post("/v1/orders", make.order(shop, {tea: 1}, 120))

    assert late == (409, "out-of-stock")
    assert second["state"] == "placed"
    assert (make.wallet(ravi), make.wallet(meera)) == ((120, 0), (120, 120))
    assert audit(live) == []


def audit(live: LiveServer) -> list[money.Finding]:
    findings: list[money.Finding] = live.read(money.audit)
    return findings
