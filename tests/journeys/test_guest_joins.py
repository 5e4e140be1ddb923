"""A guest signs up or in, and keeps what was theirs."""

import re

import pytest

from tests.live import Json, LiveServer, Phone, eventually, new_id

from . import make

ADDRESS = "+919876500000"


def test_a_guest_who_signs_up_keeps_chat_and_orders(
    live: LiveServer, capfd: pytest.CaptureFixture[str]
) -> None:
    shop = make.shop(live)
    tea = make.product(shop, "Assam tea", 120)
    ravi = make.guest(live, "Ravi")
    place = make.conversation(ravi, shop.id)
    make.say(ravi, place, "Is the tea fresh?")
    order = ravi.post("/v1/orders", make.order(shop, {tea: 1}, 120, payment="cash"))
    guest_id = ravi.user_id

    signed_in = sign_in(ravi, capfd)

    assert signed_in["is_new"] is True
    assert signed_in["user"]["id"] == str(guest_id)
    assert ravi.get("/v1/me")["kind"] == "person"
    assert [it["id"] for it in ravi.get("/v1/orders")["items"]] == [order["id"]]
    said = ravi.get(f"/v1/conversations/{place}/messages")["items"]
    assert said[0]["body"]["text"] == "Is the tea fresh?"
    make.say(ravi, place, "It is me, with an account.")


def test_a_guest_who_is_somebody_brings_chat_and_orders_along(
    live: LiveServer, capfd: pytest.CaptureFixture[str]
) -> None:
    shop = make.shop(live)
    tea = make.product(shop, "Assam tea", 120)
    at_home = live.phone()
    known = sign_in(at_home, capfd)["user"]["id"]
    visitor = make.guest(live, "Somebody")
    place = make.conversation(visitor, shop.id)
    make.say(visitor, place, "Is the tea fresh?")
    order = visitor.post("/v1/orders", make.order(shop, {tea: 1}, 120, payment="cash"))
    hers = shop.owner.socket(streams={shop.id: None})

    joined = sign_in(visitor, capfd)

    assert joined["user"]["id"] == known != str(visitor.user_id)
    eventually(lambda: [it["id"] for it in visitor.get("/v1/orders")["items"]] == [order["id"]])
    eventually(lambda: len(visitor.get("/v1/conversations")["items"]) == 1)
    (talk,) = visitor.get("/v1/conversations")["items"]
    said = visitor.get(f"/v1/conversations/{talk['id']}/messages")["items"]
    assert "Is the tea fresh?" in [it["body"].get("text") for it in said]
    make.say(visitor, talk["id"], "It is me.")
    hers.wait_for(lambda it: it.get("from") == known and it.get("k") == "message")


def sign_in(phone: Phone, capfd: pytest.CaptureFixture[str]) -> Json:
    """Sign in with the code that the server sends."""
    capfd.readouterr()
    phone.post("/v1/codes", {"id": new_id(), "address": ADDRESS})
    shown: list[str] = []
    eventually(lambda: bool(shown.append(capfd.readouterr().err) or code_in("".join(shown))))
    code = code_in("".join(shown))
    body = {"id": new_id(), "address": ADDRESS, "code": code, "wants": "token"}
    opened = phone.post("/v1/sessions", body)
    phone.take(opened["token"])
    return opened


def code_in(shown: str) -> str | None:
    found = re.search(r"Code for \S+:\s+(\d{6})", shown)
    return found[1] if found else None
