"""The doors of HTTP: status, shape and refusal of each route."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from kirana import identity
from kirana.platform import web_push
from kirana.platform.hub import Member
from kirana.values import SYSTEM, BusinessId, uuid7
from tests.apps import RunningApp, actor, open_app
from tests.push import Browser

from . import make
from .authenticator import Authenticator

PHONE = "+919876543210"
CHALLENGE = "ab" * 32


def new_id() -> str:
    return str(uuid7())


def problem(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["status"] == answer.status_code
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, body["type"].removeprefix("/problems/")


async def code_for(app: RunningApp, text: str = PHONE, code: str = "123456") -> str:
    await app.db.write(identity.request_code, uuid7(), make.address(text), code)
    return code


async def enter(
    app: RunningApp, client: httpx.AsyncClient, text: str = PHONE, **more: Any
) -> httpx.Response:
    """Sign in with a code that the test knows."""
    body = {"id": new_id(), "address": text, "code": await code_for(app, text), **more}
    return await client.post("/v1/sessions", json=body)


@pytest.fixture
async def anyone(app: RunningApp) -> httpx.AsyncClient:
    return await app.client()


@pytest.fixture
async def ravi(app: RunningApp) -> httpx.AsyncClient:
    """A browser in which somebody with a number has signed in."""
    client = await app.client()
    answer = await enter(app, client)
    assert answer.status_code == 201, answer.text
    return client


async def test_a_stranger_signs_up_with_the_code_that_was_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_app(tmp_path, demo=True) as app:
        client = await app.client()
        asked = await client.post("/v1/codes", json={"id": new_id(), "address": PHONE})
        assert (asked.status_code, asked.content) in ((202, b""), (202, b"null"))
        shown = ""
        while not (found := re.search(r"Code for \+919876543210: +(\d{6})", shown)):
            await asyncio.sleep(0.02)
            shown += capsys.readouterr().err

        opened = await client.post(
            "/v1/sessions", json={"id": new_id(), "address": PHONE, "code": found[1]}
        )

        assert opened.status_code == 201
        assert opened.json()["is_new"] is True
        assert opened.json()["token"] is None
        assert (await client.get("/v1/me")).json()["addresses"][0]["address"] == PHONE


async def test_a_server_that_cannot_send_says_so_for_everybody_alike(
    app: RunningApp, anyone: httpx.AsyncClient
) -> None:
    await app.db.write(
        identity.create_person, make.user_id(), "R", address=make.address(), by=SYSTEM
    )

    answers = [
        await anyone.post("/v1/codes", json={"id": new_id(), "address": address})
        for address in (PHONE, "+919800000001")
    ]

    assert [problem(answer) for answer in answers] == [(503, "delivery-unavailable")] * 2
    bad = await anyone.post("/v1/codes", json={"id": new_id(), "address": "hello"})
    assert problem(bad) == (422, "address-invalid")


async def test_the_cookie_is_for_the_server_alone(
    app: RunningApp, anyone: httpx.AsyncClient
) -> None:
    answer = await enter(app, anyone)

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("kirana_session=kir_")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    token = cookie.partition("=")[2].partition(";")[0]
    assert token not in answer.text


async def test_a_program_gets_a_token_and_no_cookie(
    app: RunningApp, anyone: httpx.AsyncClient
) -> None:
    answer = await enter(app, anyone, wants="token")

    token = answer.json()["token"]
    assert "set-cookie" not in answer.headers
    client = await app.client()
    client.headers["Authorization"] = f"Bearer {token}"
    assert (await client.get("/v1/me")).status_code == 200


async def test_a_wrong_code_is_refused_the_same_for_known_and_unknown(
    app: RunningApp, anyone: httpx.AsyncClient, ravi: httpx.AsyncClient
) -> None:
    bodies = []
    for address in (PHONE, "+919800000001"):
        answer = await anyone.post(
            "/v1/sessions", json={"id": new_id(), "address": address, "code": "000000"}
        )
        assert problem(answer) == (403, "wrong-code")
        bodies.append(answer.json())
    assert bodies[0] == bodies[1]


async def test_guessing_codes_from_one_source_is_slowed_down(anyone: httpx.AsyncClient) -> None:
    answers = [
        await anyone.post(
            "/v1/sessions",
            json={"id": new_id(), "address": f"+9198000{n:05}", "code": "000000"},
        )
        for n in range(61)
    ]

    assert {problem(answer) for answer in answers[:60]} == {(403, "wrong-code")}
    assert problem(answers[60]) == (429, "rate-limited")
    assert int(answers[60].headers["retry-after"]) >= 1


async def test_nobody_sees_anything_without_signing_in(anyone: httpx.AsyncClient) -> None:
    some = new_id()
    for method, path in (
        ("GET", "/v1/me"),
        ("PATCH", "/v1/me"),
        ("GET", "/v1/devices"),
        ("DELETE", f"/v1/devices/{some}"),
        ("GET", "/v1/tokens"),
        ("GET", "/v1/contacts"),
        ("GET", "/v1/blocks"),
        ("GET", "/v1/passkeys"),
        ("GET", f"/v1/users/{some}"),
        ("GET", f"/v1/users?ids={some}"),
        ("DELETE", "/v1/sessions/current"),
        ("DELETE", f"/v1/addresses?address={PHONE}"),
    ):
        answer = await anyone.request(method, path, json={} if method == "PATCH" else None)
        assert problem(answer) == (401, "not-signed-in"), path


async def test_signing_out_ends_the_cookie_and_the_session(
    app: RunningApp, ravi: httpx.AsyncClient
) -> None:
    token = ravi.cookies["kirana_session"]

    answer = await ravi.delete("/v1/sessions/current")

    assert answer.status_code == 204
    assert "kirana_session" not in ravi.cookies
    thief = await app.client()
    thief.cookies["kirana_session"] = token
    assert problem(await thief.get("/v1/me")) == (401, "not-signed-in")


async def test_a_page_of_another_site_does_nothing_with_a_cookie(ravi: httpx.AsyncClient) -> None:
    answer = await ravi.patch(
        "/v1/me", json={"name": "Hacked"}, headers={"Origin": "https://evil.example"}
    )

    assert problem(answer) == (403, "not-allowed")


async def test_a_profile_is_changed_by_what_is_given(ravi: httpx.AsyncClient) -> None:
    await ravi.patch("/v1/me", json={"name": "Ravi", "handle": "@Ravi", "zone": "Asia/Kolkata"})

    me = (await ravi.patch("/v1/me", json={"handle": None})).json()

    assert (me["name"], me["handle"], me["zone"]) == ("Ravi", None, "Asia/Kolkata")
    for body, slug in (
        ({"name": ""}, "name-missing"),
        ({"handle": "admin"}, "handle-invalid"),
        ({"name": None}, "invalid-input"),
        ({"language": "not a language"}, "invalid-input"),
        ({"name": "x" * 201}, "invalid-input"),
    ):
        assert problem(await ravi.patch("/v1/me", json=body)) == (422, slug)


async def test_a_handle_of_somebody_else_is_taken(app: RunningApp, ravi: httpx.AsyncClient) -> None:
    meera = await app.client(as_=await app.person("Meera"))
    await meera.patch("/v1/me", json={"handle": "chai"})

    answer = await ravi.patch("/v1/me", json={"handle": "chai"})

    assert problem(answer) == (409, "handle-taken")


async def test_a_guest_shops_first_and_signs_up_later(
    app: RunningApp, anyone: httpx.AsyncClient
) -> None:
    guest_id, device_id = new_id(), new_id()
    made = await anyone.post(
        "/v1/guests", json={"id": guest_id, "device_id": device_id, "name": "Ravi"}
    )
    assert made.status_code == 201
    assert made.json()["user"]["kind"] == "guest"
    assert (await anyone.get("/v1/me")).json()["id"] == guest_id

    body = {"id": device_id, "address": PHONE, "code": await code_for(app)}
    opened = await anyone.post("/v1/sessions", json=body)

    assert (opened.json()["user"]["id"], opened.json()["is_new"]) == (guest_id, True)
    assert (await anyone.get("/v1/me")).json()["kind"] == "person"
    again = await anyone.post("/v1/guests", json={"id": new_id(), "device_id": new_id()})
    assert problem(again) == (409, "already-signed-in")


async def test_a_guest_that_is_taken_is_refused(app: RunningApp, anyone: httpx.AsyncClient) -> None:
    guest_id = new_id()
    await anyone.post("/v1/guests", json={"id": guest_id, "device_id": new_id()})

    other = await app.client()
    answer = await other.post("/v1/guests", json={"id": guest_id, "device_id": new_id()})

    assert problem(answer) == (409, "id-reused")


async def test_a_pin_is_set_replaced_and_confirms(ravi: httpx.AsyncClient) -> None:
    confirm = {"id": new_id(), "challenge": CHALLENGE, "pin": "2580"}
    assert problem(await ravi.post("/v1/confirmations", json=confirm)) == (409, "pin-not-set")
    assert problem(await ravi.put("/v1/me/pin", json={"pin": "1234"})) == (422, "weak-pin")

    assert (await ravi.put("/v1/me/pin", json={"pin": "2580"})).json()["has_pin"] is True
    confirmed = await ravi.post("/v1/confirmations", json=confirm)

    assert confirmed.status_code == 201
    assert confirmed.json()["id"] == confirm["id"]
    other = confirm | {"challenge": "cd" * 32}
    assert problem(await ravi.post("/v1/confirmations", json=other)) == (409, "id-reused")
    assert problem(await ravi.put("/v1/me/pin", json={"pin": "1379"})) == (403, "not-allowed")
    wrong = await ravi.put("/v1/me/pin", json={"pin": "1379", "old_pin": "0000"})
    assert problem(wrong) == (403, "wrong-pin")
    assert wrong.json()["tries_left"] == 4
    right = await ravi.put("/v1/me/pin", json={"pin": "1379", "old_pin": "2580"})
    assert right.status_code == 200


async def test_a_pin_guessed_side_by_side_locks(ravi: httpx.AsyncClient) -> None:
    await ravi.put("/v1/me/pin", json={"pin": "2580"})

    answers = await asyncio.gather(
        *(
            ravi.post(
                "/v1/confirmations", json={"id": new_id(), "challenge": CHALLENGE, "pin": "0001"}
            )
            for _ in range(8)
        )
    )

    refusals = sorted(problem(answer) for answer in answers)
    assert refusals == [(403, "wrong-pin")] * 5 + [(429, "pin-locked")] * 3
    right = {"id": new_id(), "challenge": CHALLENGE, "pin": "2580"}
    assert problem(await ravi.post("/v1/confirmations", json=right)) == (429, "pin-locked")


async def test_a_forgotten_pin_is_replaced_with_a_code(
    app: RunningApp, ravi: httpx.AsyncClient
) -> None:
    await ravi.put("/v1/me/pin", json={"pin": "2580"})
    body = {"pin": "1379", "address": PHONE, "code": await code_for(app, code="777888")}

    assert (await ravi.put("/v1/me/pin", json=body)).status_code == 200


async def test_one_proof_is_given_for_a_confirmation(ravi: httpx.AsyncClient) -> None:
    answer = await ravi.post("/v1/confirmations", json={"id": new_id(), "challenge": CHALLENGE})

    assert problem(answer) == (422, "invalid-input")
    bad = {"id": new_id(), "challenge": "xyz", "pin": "2580"}
    assert problem(await ravi.post("/v1/confirmations", json=bad)) == (422, "invalid-input")


async def test_a_passkey_is_registered_signs_in_and_confirms(
    app: RunningApp, ravi: httpx.AsyncClient, anyone: httpx.AsyncClient
) -> None:
    key = Authenticator("http://kirana.test", "kirana.test")
    challenge_id, options = await _ask(ravi, "registration")
    body = {
        "id": new_id(),
        "challenge_id": challenge_id,
        "credential": msgspec.to_builtins(key.create(options)),
        "name": "Phone",
    }
    assert (await ravi.post("/v1/passkeys", json=body)).status_code == 201
    assert [p["name"] for p in (await ravi.get("/v1/passkeys")).json()] == ["Phone"]

    challenge_id, options = await _ask(anyone, "sign-in")
    opened = await anyone.post(
        "/v1/passkey-sessions",
        json={
            "id": new_id(),
            "challenge_id": challenge_id,
            "credential": msgspec.to_builtins(key.get(options)),
        },
    )
    assert opened.status_code == 201
    assert opened.json()["user"]["id"] == (await ravi.get("/v1/me")).json()["id"]

    challenge_id, options = await _ask(ravi, "confirmation", challenge=CHALLENGE)
    proof = {"challenge_id": challenge_id, "credential": msgspec.to_builtins(key.get(options))}
    confirmed = await ravi.post(
        "/v1/confirmations", json={"id": new_id(), "challenge": CHALLENGE, "passkey": proof}
    )
    assert confirmed.status_code == 201

    assert (await ravi.delete(f"/v1/passkeys/{body['id']}")).status_code == 204
    assert problem(await ravi.delete(f"/v1/passkeys/{body['id']}")) == (404, "not-found")


async def test_a_challenge_says_what_it_is_for(
    anyone: httpx.AsyncClient, ravi: httpx.AsyncClient
) -> None:
    ask = {"id": new_id(), "purpose": "registration"}
    assert problem(await anyone.post("/v1/passkey-challenges", json=ask)) == (401, "not-signed-in")
    ask = {"id": new_id(), "purpose": "confirmation"}
    assert problem(await ravi.post("/v1/passkey-challenges", json=ask)) == (422, "invalid-input")
    junk = {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA"}}
    answer = await anyone.post(
        "/v1/passkey-sessions",
        json={"id": new_id(), "challenge_id": new_id(), "credential": junk},
    )
    assert problem(answer) == (403, "passkey-refused")


async def test_devices_are_listed_and_revoked(app: RunningApp, ravi: httpx.AsyncClient) -> None:
    laptop = await app.client()
    answer = await laptop.post(
        "/v1/sessions",
        json={
            "id": new_id(),
            "address": PHONE,
            "code": await code_for(app, code="654321"),
            "device_name": "Laptop",
        },
    )
    assert answer.status_code == 201
    devices = (await ravi.get("/v1/devices")).json()
    (other,) = (device for device in devices if not device["is_current"])
    assert other["name"] == "Laptop"

    assert (await ravi.delete(f"/v1/devices/{other['id']}")).status_code == 204

    assert problem(await laptop.get("/v1/me")) == (401, "not-signed-in")
    assert problem(await ravi.delete(f"/v1/devices/{new_id()}")) == (404, "not-found")


async def test_the_socket_of_a_device_that_is_signed_out_is_closed(
    app: RunningApp, ravi: httpx.AsyncClient
) -> None:
    by = await app.db.read(identity.resolve, ravi.cookies["kirana_session"])
    closed: list[str] = []
    member = Member(by, push=lambda _: True, close=closed.append)
    other = Member(replace(by, device_id=make.device_id()), lambda _: True, closed.append)
    for each in (member, other):
        app.hub.follow(each, by.user_id, 0)

    await ravi.delete(f"/v1/devices/{by.device_id}")

    assert member.is_gone
    assert not other.is_gone
    assert closed == ["auth"]


async def test_a_token_is_shown_once_and_revoked(app: RunningApp, ravi: httpx.AsyncClient) -> None:
    token_id = new_id()
    made = await ravi.post("/v1/tokens", json={"id": token_id, "name": "Till"})
    assert made.status_code == 201
    program = await app.client()
    program.headers["Authorization"] = f"Bearer {made.json()['token']}"
    assert (await program.get("/v1/me")).status_code == 200
    listed = await ravi.get("/v1/tokens")
    assert made.json()["token"] not in listed.text
    assert [token["name"] for token in listed.json()] == ["Till"]

    assert (await ravi.delete(f"/v1/tokens/{token_id}")).status_code == 204

    assert problem(await program.get("/v1/me")) == (401, "not-signed-in")
    again = await ravi.post("/v1/tokens", json={"id": token_id, "name": "Till"})
    assert problem(again) == (409, "id-reused")


async def test_a_second_address_is_added_and_given_up(
    app: RunningApp, ravi: httpx.AsyncClient
) -> None:
    mail = "ravi@example.com"
    wrong = await ravi.post("/v1/addresses", json={"address": mail, "code": "000000"})
    assert problem(wrong) == (403, "wrong-code")
    body = {"address": mail, "code": await code_for(app, mail)}

    me = (await ravi.post("/v1/addresses", json=body)).json()

    assert {a["address"] for a in me["addresses"]} == {PHONE, mail}
    assert (await ravi.delete("/v1/addresses", params={"address": mail})).status_code == 204
    last = await ravi.delete("/v1/addresses", params={"address": PHONE})
    assert problem(last) == (409, "last-address")


async def test_contacts_are_found_saved_and_forgotten(
    app: RunningApp, ravi: httpx.AsyncClient
) -> None:
    meera_id = await app.person("Meera")
    meera = await app.client(as_=meera_id)
    await meera.patch("/v1/me", json={"handle": "meera"})

    card = (await ravi.post("/v1/contact-lookups", json={"handle": "@meera"})).json()
    assert card == {
        "id": str(meera_id), "kind": "person", "name": "Meera", "handle": "meera", "photo_id": None
    }  # fmt: skip
    found = await meera.post("/v1/contact-lookups", json={"phone": "098765 43210", "country": "IN"})
    assert found.json()["id"] == (await ravi.get("/v1/me")).json()["id"]

    saved = await ravi.put(f"/v1/contacts/{meera_id}", json={"name": "Sister"})
    assert (saved.status_code, saved.json()["name"]) == (200, "Sister")
    page = (await ravi.get("/v1/contacts")).json()
    assert [contact["user"]["name"] for contact in page["items"]] == ["Meera"]
    assert page["next"] is None
    assert (await ravi.delete(f"/v1/contacts/{meera_id}")).status_code == 204
    assert (await ravi.get("/v1/contacts")).json()["items"] == []
    assert problem(await ravi.put(f"/v1/contacts/{new_id()}", json={})) == (404, "not-found")


async def test_looking_up_takes_one_of_two_and_not_too_often(ravi: httpx.AsyncClient) -> None:
    for body in ({}, {"phone": PHONE, "handle": "meera"}):
        answer = await ravi.post("/v1/contact-lookups", json=body)
        assert problem(answer) == (422, "invalid-input")
    mail = await ravi.post("/v1/contact-lookups", json={"phone": "ravi@example.com"})
    assert problem(mail) == (422, "address-invalid")

    answers = [
        await ravi.post("/v1/contact-lookups", json={"phone": f"+9198000{n:05}"}) for n in range(31)
    ]

    assert problem(answers[0]) == (404, "not-found")
    assert problem(answers[-1]) == (429, "rate-limited")


async def test_a_block_is_set_listed_and_lifted(app: RunningApp, ravi: httpx.AsyncClient) -> None:
    meera_id = await app.person("Meera")

    assert (await ravi.put(f"/v1/blocks/{meera_id}")).status_code == 204
    assert [card["name"] for card in (await ravi.get("/v1/blocks")).json()] == ["Meera"]
    assert (await ravi.delete(f"/v1/blocks/{meera_id}")).status_code == 204
    assert (await ravi.get("/v1/blocks")).json() == []
    me = (await ravi.get("/v1/me")).json()["id"]
    assert problem(await ravi.put(f"/v1/blocks/{me}")) == (422, "cannot-mean-yourself")


async def test_cards_are_read_one_by_one_or_many_at_once(
    app: RunningApp, ravi: httpx.AsyncClient
) -> None:
    ids = [str(await app.person(name)) for name in ("Asha", "Meera")]

    assert (await ravi.get(f"/v1/users/{ids[0]}")).json()["name"] == "Asha"
    for query in (f"ids={ids[1]},{ids[0]},{new_id()}", f"ids={ids[1]}&ids={ids[0]}"):
        cards = (await ravi.get(f"/v1/users?{query}")).json()
        assert [card["name"] for card in cards] == ["Meera", "Asha"]
    assert problem(await ravi.get(f"/v1/users/{new_id()}")) == (404, "not-found")
    assert problem(await ravi.get("/v1/users?ids=x")) == (422, "invalid-input")


async def test_somebody_acts_for_a_shop_by_header(app: RunningApp) -> None:
    asha_id = await app.person("Asha")
    shop_id = BusinessId(make.user_id())
    by = actor(asha_id)
    await app.db.write(identity.create_business_user, shop_id, "Asha Stores", None, by=by)
    await app.db.write(identity.delegate, shop_id, asha_id)
    asha = await app.client(as_=asha_id, acting_for=shop_id)
    ravi_id = await app.person("Ravi")

    assert (await asha.put(f"/v1/blocks/{ravi_id}")).status_code == 204

    assert await app.db.read(identity.is_blocked, shop_id, ravi_id)
    assert not await app.db.read(identity.is_blocked, asha_id, ravi_id)
    assert [s["name"] for s in (await asha.get("/v1/me")).json()["acts_for"]] == ["Asha Stores"]
    stranger = await app.client(as_=ravi_id, acting_for=shop_id)
    assert problem(await stranger.get("/v1/me")) == (403, "not-allowed")


@pytest.mark.parametrize("text", ["\u0000", "\u202e", "👩‍👧", "x" * 250, "'; DROP TABLE"])
async def test_no_text_breaks_the_server(app_on_each: RunningApp, text: str) -> None:
    ravi = await app_on_each.client()
    await enter(app_on_each, ravi)

    for method, path, body in (
        ("PATCH", "/v1/me", {"name": text, "handle": text}),
        ("POST", "/v1/contact-lookups", {"handle": text}),
        ("POST", "/v1/contact-lookups", {"phone": text}),
        ("POST", "/v1/tokens", {"id": new_id(), "name": text}),
        ("PUT", "/v1/me/pin", {"pin": text, "old_pin": text}),
        ("POST", "/v1/codes", {"id": new_id(), "address": text}),
    ):
        answer = await ravi.request(method, path, json=body)

        assert answer.status_code in {200, 201, 403, 404, 422}, (path, answer.text)


async def _ask(client: httpx.AsyncClient, purpose: str, **more: str) -> tuple[str, bytes]:
    body = {"id": new_id(), "purpose": purpose, **more}
    answer = await client.post("/v1/passkey-challenges", json=body)
    assert answer.status_code == 201, answer.text
    return body["id"], msgspec.json.encode(answer.json()["options"])


async def test_a_browser_is_named_and_told_by_push_and_only_itself(
    app: RunningApp, ravi: httpx.AsyncClient
) -> None:
    by = await app.db.read(identity.resolve, ravi.cookies["kirana_session"])
    own, browser = f"/v1/push-subscriptions/{by.device_id}", Browser()

    named = await ravi.patch(f"/v1/devices/{by.device_id}", json={"name": "Shop phone"})
    assert (named.status_code, named.json()["name"]) == (200, "Shop phone")
    refused = await ravi.patch(f"/v1/devices/{by.device_id}", json={"name": ""})
    assert problem(refused) == (422, "name-missing")

    for _ in range(2):
        assert (await ravi.put(own, json=browser.as_json)).status_code == 204
    assert by.device_id
    assert await app.db.read(identity.find_target, by.device_id) == browser.target
    inside = browser.as_json | {"endpoint": "https://192.168.1.1/"}
    assert problem(await ravi.put(own, json=inside)) == (422, "invalid-input")
    other = f"/v1/push-subscriptions/{new_id()}"
    assert problem(await ravi.put(other, json=browser.as_json)) == (404, "not-found")
    assert problem(await ravi.delete(other)) == (404, "not-found")

    for _ in range(2):
        assert (await ravi.delete(own)).status_code == 204
    assert await app.db.read(identity.find_target, by.device_id) is None


async def test_the_key_for_push_stays_the_same(app: RunningApp, anyone: httpx.AsyncClient) -> None:
    key = (await anyone.get("/v1/server")).json()["push_key"]

    assert await app.db.write(web_push.ensure_key)
    assert (await anyone.get("/v1/server")).json()["push_key"] == key
