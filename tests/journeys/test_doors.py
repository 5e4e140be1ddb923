"""Who may not come in, at every door."""

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from kirana import money
from kirana.values import SYSTEM, uuid7
from tests.live import Json, LiveServer, Socket, new_id

from . import make

EVIL = Origin("https://evil.example")
WORDS = {"type": "text", "text": "We are closed for good."}


def test_a_revoked_device_is_out_at_once(live: LiveServer) -> None:
    ravi = live.person("Ravi")
    lost = live.phone()
    lost.take(live.token(ravi.user_id))
    connected = lost.socket()
    silent = lost.socket(says_hello=False)
    (device,) = [it for it in lost.get("/v1/devices") if it["is_current"]]

    ravi.delete(f"/v1/devices/{device['id']}")

    assert connected.wait_for_close() == 4000
    assert connected.frames[-1] == {"t": "bye", "why": "auth"}
    assert silent.wait_for_close() == 4000
    assert lost.refusal("GET", "/v1/me") == (401, "not-signed-in")
    assert refused_by_socket(live, lost.token)
    assert ravi.get("/v1/me")["id"] == str(ravi.user_id)


def test_who_signs_out_is_out_with_all_that_was_open(live: LiveServer) -> None:
    ravi = live.person("Ravi")
    connected = ravi.socket()

    ravi.delete("/v1/sessions/current")

    assert connected.wait_for_close() == 4000
    assert ravi.refusal("GET", "/v1/me") == (401, "not-signed-in")


def test_who_is_suspended_is_out_at_once_at_every_door(live: LiveServer) -> None:
    ravi, omar = live.person("Ravi"), live.person("Omar")
    live.write(money.appoint_operator, omar.user_id, by=SYSTEM)
    connected = ravi.socket()

    omar.put(f"/v1/suspensions/{ravi.user_id}", {"reason": "Spam."})

    assert connected.wait_for_close() == 4000
    assert ravi.refusal("GET", "/v1/me") == (403, "account-suspended")
    assert refused_by_socket(live, ravi.token)
    omar.delete(f"/v1/suspensions/{ravi.user_id}")
    assert ravi.get("/v1/me")["id"] == str(ravi.user_id)


def test_a_stranger_may_not_act_for_a_shop_at_any_door(live: LiveServer) -> None:
    shop = make.shop(live)
    tea = make.product(shop, "Assam tea", 120)
    customer = make.guest(live, "Meera")
    place = make.conversation(customer, shop.id)
    make.say(customer, place, "Is it fresh?")
    order = customer.post("/v1/orders", make.order(shop, {tea: 1}, 120, payment="cash"))
    stranger = live.person("Ravi")
    acting = stranger.act_for(shop.id)

    for method, path, body in [
        ("GET", "/v1/conversations", None),
        ("GET", "/v1/wallets", None),
        ("GET", f"/v1/stream?after=0&business={shop.id}", None),
        ("POST", f"/v1/conversations/{place}/messages", {"id": new_id(), "body": WORDS}),
        ("POST", f"/v1/orders/{order['id']}/moves", {"to": "accepted"}),
        ("PATCH", f"/v1/businesses/{shop.id}", {"about": "Closed"}),
        ("POST", "/v1/transfers", sending()),
        ("GET", f"/v1/businesses/{shop.id}/products", None),
    ]:
        assert acting.refusal(method, path, body) == (403, "not-allowed"), path
    for method, path, body in [
        ("GET", f"/v1/conversations/{place}/messages", None),
        ("GET", f"/v1/orders/{order['id']}", None),
    ]:
        assert stranger.refusal(method, path, body) == (404, "not-found"), path

    socket = stranger.socket(streams={shop.id: 0})
    assert socket.welcome["streams"] == {}
    for frame in [
        {"t": "send", "id": new_id(), "conv": place, "body": WORDS, "stream": shop.id},
        {"t": "read", "conv": place, "seq": 1, "stream": shop.id},
        {"t": "typing", "conv": place, "stream": shop.id},
        {"t": "ack", "pos": 1, "stream": shop.id},
    ]:
        assert socket.ask(frame)["code"] == "not-allowed", frame["t"]
    said = customer.get(f"/v1/conversations/{place}/messages")["items"]
    assert WORDS not in [entry["body"] for entry in said]


def test_who_leaves_the_team_no_longer_speaks_or_hears_for_the_shop(live: LiveServer) -> None:
    shop = make.shop(live)
    clerk = live.person("Ravi")
    shop.desk.put(f"/v1/businesses/{shop.id}/members/{clerk.user_id}", {"role": "agent"})
    customer = make.guest(live, "Meera")
    place = make.conversation(customer, shop.id)
    socket = clerk.socket(streams={shop.id: None})
    speaking = {"t": "send", "conv": place, "body": WORDS, "stream": shop.id}
    assert socket.ask(speaking | {"id": new_id()})["t"] == "ok"

    shop.desk.delete(f"/v1/businesses/{shop.id}/members/{clerk.user_id}")

    assert clerk.act_for(shop.id).refusal("GET", "/v1/conversations") == (403, "not-allowed")
    assert socket.ask(speaking | {"id": new_id()})["code"] == "not-allowed"
    make.say(customer, place, "For the shop alone")
    socket.say({"t": "ping"})
    socket.wait_for(t="pong")
    assert "For the shop alone" not in str(socket.frames)


def refused_by_socket(live: LiveServer, token: str) -> bool:
    with pytest.raises(InvalidStatus):
        Socket(live.url, token, {})
    return True


def sending() -> Json:
    return {"id": new_id(), "payee_id": str(uuid7()), "amount": make.inr(1)}


def test_a_page_of_another_site_cannot_open_a_socket_with_a_cookie(live: LiveServer) -> None:
    ravi = live.person("Ravi")
    url = live.url.replace("http", "ws", 1) + "/v1/socket"
    cookie = {"Cookie": f"kirana_session={ravi.token}"}

    with pytest.raises(InvalidStatus), connect(url, additional_headers=cookie, origin=EVIL):
        pass
    with connect(url, additional_headers=cookie, origin=Origin(live.url)) as own:
        own.send('{"t": "ping"}')
        assert own.recv(timeout=10) == '{"t":"pong"}'
