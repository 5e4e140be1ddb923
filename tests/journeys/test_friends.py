"""Money between friends: as easy as a photo, and told where they talk."""

from kirana import money
from tests.live import Json, LiveServer, eventually, new_id

from . import make


def test_ravi_sends_money_to_meera_and_both_see_it_where_they_talk(live: LiveServer) -> None:
    ravi, meera = live.person("Ravi"), live.person("Meera")
    make.top_up(live, ravi.user_id, 1_000)
    hers = meera.socket()
    preview = ravi.post(
        "/v1/transfer-previews", {"payee_id": str(meera.user_id), "amount": make.inr(300)}
    )
    assert preview["needs_confirmation"] is False

    paid = ravi.post("/v1/transfers", sending(meera.user_id, 300))

    told = hers.wait_for(k="fact")
    assert told["body"]["card"] == {
        "state": "paid",
        "amount": make.inr(300),
        "payer_id": str(ravi.user_id),
        "payee_id": str(meera.user_id),
    }
    assert (make.wallet(ravi), make.wallet(meera)) == ((700, 0), (300, 0))
    for phone in (ravi, meera):
        (talk,) = phone.get("/v1/conversations")["items"]
        assert (talk["id"], talk["kind"]) == (told["conv"], "private")
        assert talk["last"]["body"]["subject"]["id"] == paid["id"]
    assert live.read(money.audit) == []


def test_meera_asks_and_ravi_pays(live: LiveServer) -> None:
    ravi, meera = live.person("Ravi"), live.person("Meera")
    make.top_up(live, ravi.user_id, 1_000)
    his, hers = ravi.socket(), meera.socket()
    asked = meera.post(
        "/v1/requests",
        {"id": new_id(), "payer_id": str(ravi.user_id), "amount": make.inr(250)},
    )
    seen = his.wait_for(k="fact")
    assert (seen["body"]["card"]["state"], seen["body"]["subject"]["id"]) == (
        "made",
        asked["id"],
    )

    body = {"id": new_id()}
    ravi.post(f"/v1/requests/{asked['id']}/payment", body)
    ravi.post(f"/v1/requests/{asked['id']}/payment", body)

    hers.wait_for(lambda it: it.get("k") == "fact" and it["body"]["card"]["state"] == "paid")
    assert ravi.get(f"/v1/requests/{asked['id']}")["state"] == "paid"
    assert (make.wallet(ravi), make.wallet(meera)) == ((750, 0), (250, 0))
    late = meera.refusal("POST", f"/v1/requests/{asked['id']}/cancellation")
    assert late == (409, "request-ended")
    assert live.read(money.audit) == []


def test_a_payment_above_the_line_waits_for_the_pin(live: LiveServer) -> None:
    ravi, meera = live.person("Ravi"), live.person("Meera")
    make.top_up(live, ravi.user_id, 100_000_000)
    ravi.put("/v1/me/pin", {"pin": "2719"})
    body = sending(meera.user_id, 90_000_000)
    refused = ravi.http.post("/v1/transfers", json=body)
    assert refused.json()["type"] == "/problems/confirmation-required"

    wrong = ravi.refusal("POST", "/v1/confirmations", confirming(refused.json(), "1357"))
    confirmed = ravi.post("/v1/confirmations", confirming(refused.json(), "2719"))
    paid = ravi.http.post(
        "/v1/transfers", json=body, headers={"Kirana-Confirmation": confirmed["id"]}
    )
    other = ravi.http.post(
        "/v1/transfers",
        json=body | {"id": new_id(), "amount": make.inr(9_000_000)},
        headers={"Kirana-Confirmation": confirmed["id"]},
    )

    assert wrong == (403, "wrong-pin")
    assert paid.status_code == 201
    assert other.json()["type"] == "/problems/confirmation-wrong"
    assert make.wallet(meera) == (90_000_000, 0)


def test_nobody_can_write_plain_words_to_a_friend(live: LiveServer) -> None:
    ravi, meera = live.person("Ravi"), live.person("Meera")
    make.top_up(live, ravi.user_id, 1_000)
    hers = meera.socket()
    ravi.post("/v1/transfers", sending(meera.user_id, 300))
    place = hers.wait_for(k="fact")["conv"]
    words = {"type": "text", "text": "For lunch"}
    his = ravi.socket()

    by_rest = ravi.refusal(
        "POST", f"/v1/conversations/{place}/messages", {"id": new_id(), "body": words}
    )
    by_socket = his.ask({"t": "send", "id": new_id(), "conv": place, "body": words})
    as_business = ravi.refusal(
        "POST",
        "/v1/conversations",
        {"id": new_id(), "kind": "business", "with_id": str(meera.user_id)},
    )
    noted = sending(meera.user_id, 10) | {"note": "For lunch"}
    ravi.http.post("/v1/transfers", json=noted)

    assert by_rest == (422, "needs-encryption")
    assert (by_socket["t"], by_socket["code"]) == ("err", "needs-encryption")
    assert as_business == (409, "needs-business")
    said = meera.get(f"/v1/conversations/{place}/messages")["items"]
    assert {entry["k"] for entry in said} == {"fact"}
    assert "lunch" not in str(said)


def sending(payee_id: object, minor: int) -> Json:
    return {"id": new_id(), "payee_id": str(payee_id), "amount": make.inr(minor)}


def confirming(refusal: Json, pin: str) -> Json:
    return {"id": new_id(), "challenge": refusal["challenge"], "pin": pin}


def test_somebody_who_is_blocked_asks_for_nothing(live: LiveServer) -> None:
    ravi, meera = live.person("Ravi"), live.person("Meera")
    make.top_up(live, meera.user_id, 1_000)
    meera.put(f"/v1/blocks/{ravi.user_id}")

    body = {"id": new_id(), "payer_id": str(meera.user_id), "amount": make.inr(250)}
    asked = ravi.post("/v1/requests", body)
    ravi_s = f"/v1/requests/{asked['id']}"
    eventually(lambda: ravi.get(ravi_s)["state"] == "declined")

    assert [it["state"] for it in meera.get("/v1/requests")["items"]] == ["declined"]
    assert meera.get("/v1/conversations")["items"] == []
    make.top_up(live, ravi.user_id, 100)
    ravi.post("/v1/transfers", sending(meera.user_id, 100))
    eventually(lambda: make.wallet(meera) == (1_100, 0))
    assert meera.get("/v1/conversations")["items"] == []
    assert live.read(money.audit) == []


def test_a_bill_is_split_where_they_talk_and_told_of_there_alone(live: LiveServer) -> None:
    asha, ravi, omar = live.person("Asha"), live.person("Ravi"), live.person("Omar")
    make.top_up(live, ravi.user_id, 1_000)
    for one, other in ((asha, ravi), (ravi, asha)):
        one.put(f"/v1/contacts/{other.user_id}", {})
    place = new_id()
    group = {"id": place, "kind": "private", "form": "group", "member_ids": [str(ravi.user_id)]}
    asha.post("/v1/conversations", group)
    his = ravi.socket()
    bill = {
        "id": new_id(),
        "amount": make.inr(500),
        "conversation_id": place,
        "shares": [
            {"owner_id": str(asha.user_id), "amount_minor": 200},
            {"owner_id": str(ravi.user_id), "amount_minor": 300},
        ],
    }
    with_a_stranger = {**bill, "shares": [{"owner_id": str(omar.user_id), "amount_minor": 500}]}
    assert asha.refusal("POST", "/v1/splits", with_a_stranger) == (404, "not-found")
    assert omar.refusal("POST", "/v1/splits", bill) == (404, "not-found")

    split = asha.post("/v1/splits", bill)
    assert asha.post("/v1/splits", bill) == split
    told = his.wait_for(k="fact")
    (share,) = [it for it in split["shares"] if it["state"] == "open"]
    ravi.post(f"/v1/requests/{share['request_id']}/payment", {"id": new_id()})

    assert (told["conv"], told["body"]["card"]) == (
        place,
        {
            "state": "open",
            "amount": make.inr(500),
            "payee_id": str(asha.user_id),
            "done": 0,
            "of": 1,
        },
    )
    paid = his.wait_for(lambda it: it.get("k") == "fact" and it["body"]["card"]["done"] == 1)
    assert paid["body"]["card"]["state"] == "closed"
    eventually(lambda: asha.get(f"/v1/splits/{split['id']}")["closed_at"] is not None)
    assert [it["id"] for it in ravi.get("/v1/conversations")["items"]] == [place]
    assert omar.refusal("GET", f"/v1/splits/{split['id']}") == (404, "not-found")
    assert live.read(money.audit) == []
