"""Each route of keys, and each of its refusals."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from vodozemac import Account

from kirana.chat.keys import http as routes
from kirana.platform.limits import Rate
from kirana.values import ConversationId, UserId, conversation_name, user_name, uuid7
from tests.apps import RunningApp
from tests.crypto import CryptoDevice, Identity, Json, signed

ALGORITHM = "signed_curve25519"
PLACE = conversation_name(ConversationId(uuid7()))
AUTH = {"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": {"public_key": "x"}}


@dataclass
class Person:
    """Somebody with one program that is signed in."""

    client: httpx.AsyncClient
    device: CryptoDevice
    keys: Identity

    @property
    def name(self) -> str:
        return user_name(self.device.user_id)

    async def ready(self) -> "Person":
        body = {
            "device_keys": self.device.device_keys,
            "one_time_keys": self.device.one_time_keys(2),
            "fallback_keys": self.device.fallback_key(),
        }
        assert (await self.client.post("/v1/device-keys", json=body)).status_code == 200
        answer = await self.client.put("/v1/cross-signing-keys", json=self.keys.upload)
        assert answer.json() == {}
        answer = await self.client.post("/v1/key-signatures", json=self.keys.vouch_for(self.device))
        assert answer.json() == {"failures": {}}
        return self


async def person(app: RunningApp, name: str = "Ravi") -> Person:
    user_id = await app.person(name)
    client = await app.client(user_id)
    current = next(it for it in (await client.get("/v1/tokens")).json() if it["is_current"])
    return Person(client, CryptoDevice(user_id, current["id"]), Identity(user_id))


async def ask(
    client: httpx.AsyncClient, method: str, path: str, body: Any = None
) -> tuple[int, str]:
    """Status and name of the refusal."""
    answer = await client.request(method, path, json=body)
    kind = answer.json().get("type", "") if answer.content else ""
    return answer.status_code, kind.removeprefix("/problems/")


async def test_uploading_keys_answers_how_many_are_left(app: RunningApp) -> None:
    ravi = await person(app)
    keys, fallback = ravi.device.one_time_keys(3), ravi.device.fallback_key()

    async def upload(**body: Any) -> Json:
        answer = await ravi.client.post("/v1/device-keys", json=body)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    assert await upload() == {
        "one_time_key_counts": {ALGORITHM: 0},
        "unused_fallback_key_types": [],
    }
    await upload(device_keys=ravi.device.device_keys)
    full = await upload(one_time_keys=keys, fallback_keys=fallback)
    assert full == {
        "one_time_key_counts": {ALGORITHM: 3},
        "unused_fallback_key_types": [ALGORITHM],
    }
    assert await upload(device_keys=None, one_time_keys=keys, fallback_keys=fallback) == full


async def test_refusals_of_an_upload(app: RunningApp) -> None:
    ravi, nobody = await person(app), await app.client()
    path = "/v1/device-keys"
    key = {"key": Account().curve25519_key.to_base64()}
    forged = signed(key, ravi.device.user_id, ravi.device.id, Account())
    other = CryptoDevice(ravi.device.user_id, ravi.device.id)

    assert await ask(nobody, "POST", path, {}) == (401, "not-signed-in")
    one = {"one_time_keys": {f"{ALGORITHM}:A": forged}}
    assert await ask(ravi.client, "POST", path, one) == (409, "keys-missing")
    unsigned = ravi.device.device_keys | {"signatures": {}}
    assert await ask(ravi.client, "POST", path, {"device_keys": unsigned}) == (
        422,
        "signature-wrong",
    )
    assert await ask(ravi.client, "POST", path, {"device_keys": {}}) == (422, "invalid-input")
    assert await ask(ravi.client, "POST", path, {"device_keys": 7}) == (422, "invalid-input")
    await ravi.ready()
    assert await ask(ravi.client, "POST", path, one) == (422, "signature-wrong")
    replaced = {"device_keys": other.device_keys}
    assert await ask(ravi.client, "POST", path, replaced) == (409, "id-reused")
    many = {
        "one_time_keys": {
            f"{ALGORITHM}:K{n}": ravi.device.sign({"key": Account().curve25519_key.to_base64()})
            for n in range(199)
        }
    }
    assert await ask(ravi.client, "POST", path, many) == (413, "too-large")
    strange = {"one_time_keys": {"curve25519:A": ravi.device.sign(key)}}
    assert await ask(ravi.client, "POST", path, strange) == (422, "invalid-input")
    deep: Json = {}
    for _ in range(200):
        deep = {"a": deep}
    assert await ask(ravi.client, "POST", path, {"device_keys": deep}) == (422, "invalid-input")


async def test_a_guest_and_a_shop_have_no_keys(app: RunningApp) -> None:
    guest = await app.client()
    body = {"id": str(uuid7()), "device_id": str(uuid7()), "wants": "token"}
    made = (await guest.post("/v1/guests", json=body)).json()
    guest.headers["Authorization"] = f"Bearer {made['token']}"
    ravi = await person(app)
    draft = {"name": "Tea", "category": "grocery", "country": "IN", "currency": "INR"}
    opened = await ravi.client.post(
        "/v1/businesses", json={"id": str(uuid7()), "zone": "Asia/Kolkata", **draft}
    )
    shop = await app.client(ravi.device.user_id, acting_for=UserId(opened.json()["id"]))

    dehydrated = "/v1/dehydrated-devices/" + "a" * 43
    requests: list[tuple[str, str, Any]] = [
        ("POST", "/v1/device-keys", {}),
        ("POST", "/v1/key-queries", {"device_keys": {}}),
        ("POST", "/v1/key-claims", {"one_time_keys": {}}),
        ("PUT", "/v1/device-messages/1?type=m.dummy", {"messages": {}}),
        ("GET", "/v1/device-messages", None),
        ("POST", "/v1/device-messages/acknowledgement", {"n": 1}),
        ("PUT", "/v1/cross-signing-keys", ravi.keys.upload),
        ("POST", "/v1/key-signatures", {}),
        ("POST", "/v1/key-backups", AUTH),
        ("GET", "/v1/key-backups/latest", None),
        ("DELETE", "/v1/key-backups/1", None),
        ("PUT", "/v1/key-backups/1/keys", {"rooms": {}}),
        ("GET", "/v1/key-backups/1/keys", None),
        ("PUT", "/v1/secrets/recovery", {"ciphertext": "x"}),
        ("GET", "/v1/secrets/recovery", None),
        ("GET", "/v1/dehydrated-devices", None),
        ("GET", dehydrated, None),
        ("PUT", dehydrated, {"device_data": {}, "device_keys": {}}),
        ("DELETE", dehydrated, None),
        ("GET", f"{dehydrated}/device-messages", None),
    ]
    for request in requests:
        for client in (guest, shop):
            assert await ask(client, *request) == (403, "not-allowed"), request
        assert await ask(await app.client(), *request) == (401, "not-signed-in"), request


async def test_a_query_answers_in_the_shape_of_the_library(app: RunningApp) -> None:
    ravi, meera = await (await person(app)).ready(), await (await person(app, "Meera")).ready()
    unknown = user_name(UserId(uuid7()))

    async def query(**devices: list[str]) -> Json:
        names = {"meera": meera.name, "ravi": ravi.name, "unknown": unknown, "odd": "@x:y"}
        body = {"device_keys": {names[who]: some for who, some in devices.items()}}
        told: Json = (await ravi.client.post("/v1/key-queries", json=body)).json()
        return told

    found = await query(meera=[], unknown=[], odd=[])

    assert set(found) == {
        "device_keys",
        "master_keys",
        "self_signing_keys",
        "user_signing_keys",
        "devices_rev",
        "failures",
    }
    assert list(found["device_keys"][meera.name]) == [meera.device.id]
    assert found["device_keys"][unknown] == {}
    assert "@x:y" not in found["device_keys"]
    assert found["devices_rev"] == {str(meera.device.user_id): 3}
    assert found["user_signing_keys"] == found["failures"] == {}
    assert (await query(meera=["other"]))["device_keys"] == {meera.name: {}}
    assert list((await query(ravi=[]))["user_signing_keys"]) == [ravi.name]
    many = {"device_keys": {user_name(UserId(uuid7())): [] for _ in range(301)}}
    assert await ask(ravi.client, "POST", "/v1/key-queries", many) == (422, "invalid-input")


async def test_claiming_gives_a_key_once(app: RunningApp) -> None:
    ravi, meera = await (await person(app)).ready(), await (await person(app, "Meera")).ready()

    async def claim(device: str, algorithm: str = ALGORITHM) -> Json:
        body = {"one_time_keys": {meera.name: {device: algorithm}}}
        answer = await ravi.client.post("/v1/key-claims", json=body)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        assert told["failures"] == {}
        return told["one_time_keys"]

    got = [await claim(meera.device.id) for _ in range(3)]

    ids = [next(iter(it[meera.name][meera.device.id])) for it in got]
    assert len(set(ids)) == 3
    assert ids[2].startswith(f"{ALGORITHM}:FB")
    assert set(got[0][meera.name][meera.device.id][ids[0]]) == {"key", "signatures"}
    assert await claim("elsewhere") == await claim(meera.device.id, "other") == {}


async def test_asking_is_limited(app: RunningApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "CLAIMS_PER_PAIR", Rate(1, 60))
    monkeypatch.setattr(routes, "STRANGERS_PER_PERSON", Rate(3, 60))
    ravi = await (await person(app)).ready()
    strangers = [await (await person(app, f"Person {n}")).ready() for n in range(4)]
    friend = strangers[0]
    await ravi.client.post(
        "/v1/conversations",
        json={
            "id": str(uuid7()),
            "kind": "private",
            "with_id": str(friend.device.user_id),
        },
    )

    def claim(of: Person) -> Json:
        return {"one_time_keys": {of.name: {of.device.id: ALGORITHM}}}

    assert (await ask(ravi.client, "POST", "/v1/key-claims", claim(friend)))[0] == 200
    assert await ask(ravi.client, "POST", "/v1/key-claims", claim(friend)) == (429, "rate-limited")
    assert (await ask(ravi.client, "POST", "/v1/key-claims", claim(strangers[1])))[0] == 200
    query = {"device_keys": {it.name: [] for it in strangers}}
    assert (await ask(ravi.client, "POST", "/v1/key-queries", query))[0] == 200
    assert await ask(ravi.client, "POST", "/v1/key-queries", query) == (429, "rate-limited")
    only_friend = {"device_keys": {friend.name: [], ravi.name: []}}
    assert (await ask(ravi.client, "POST", "/v1/key-queries", only_friend))[0] == 200


async def test_device_messages_over_http(app: RunningApp) -> None:
    ravi, meera = await (await person(app)).ready(), await (await person(app, "Meera")).ready()
    path = "/v1/device-messages/{}?type=m.dummy"

    def to(device: str, content: Json) -> Json:
        return {"messages": {meera.name: {device: content}}}

    for txn, device in (("1", "*"), ("1", "*"), ("2", meera.device.id), ("3", "elsewhere")):
        answer = await ravi.client.put(path.format(txn), json=to(device, {"n": txn}))
        assert (answer.status_code, answer.json()) == (200, {})
    first = (await meera.client.get("/v1/device-messages")).json()
    done = await meera.client.post("/v1/device-messages/acknowledgement", json={"n": 1})
    rest = (await meera.client.get("/v1/device-messages", params={"after": 0})).json()

    assert [(it["n"], it["content"]) for it in first["items"]] == [(1, {"n": "1"}), (2, {"n": "2"})]
    assert first["items"][0] == {
        "n": 1,
        "sender": ravi.name,
        "type": "m.dummy",
        "content": {"n": "1"},
    }
    assert (first["n"], first["has_more"]) == (2, False)
    assert first["one_time_key_counts"] == {ALGORITHM: 2}
    assert (done.status_code, done.json()) == (200, {})
    assert [it["n"] for it in rest["items"]] == [2]
    other = to("*", {"n": "other"})
    assert await ask(ravi.client, "PUT", path.format("1"), other) == (409, "id-reused")
    large = to("*", {"n": "x" * 70_000})
    assert await ask(ravi.client, "PUT", path.format("4"), large) == (422, "invalid-input")
    huge = {"messages": {meera.name: {f"{n}": {"n": "x" * 60_000} for n in range(18)}}}
    assert await ask(ravi.client, "PUT", path.format("5"), huge) == (413, "too-large")
    odd = "/v1/device-messages/6?type=m%20dummy"
    assert await ask(ravi.client, "PUT", odd, to("*", {})) == (422, "invalid-input")
    missing = "/v1/device-messages/6"
    assert await ask(ravi.client, "PUT", missing, to("*", {})) == (422, "invalid-input")


async def test_replacing_the_identity_is_confirmed_with_the_pin(app: RunningApp) -> None:
    ravi = await (await person(app)).ready()
    new = Identity(ravi.device.user_id).upload

    refused = await ravi.client.put("/v1/cross-signing-keys", json=new)
    assert (refused.status_code, refused.json()["type"]) == (
        403,
        "/problems/confirmation-required",
    )
    assert (await ravi.client.put("/v1/me/pin", json={"pin": "2719"})).status_code == 200
    proof = {"id": str(uuid7()), "challenge": refused.json()["challenge"], "pin": "2719"}
    assert (await ravi.client.post("/v1/confirmations", json=proof)).status_code == 201
    headers = {"Kirana-Confirmation": proof["id"]}
    other = Identity(ravi.device.user_id).upload
    wrong = await ravi.client.put("/v1/cross-signing-keys", json=other, headers=headers)
    done = await ravi.client.put("/v1/cross-signing-keys", json=new, headers=headers)

    assert wrong.json()["type"] == "/problems/confirmation-wrong"
    assert (done.status_code, done.json()) == (200, {})
    assert await ask(ravi.client, "PUT", "/v1/cross-signing-keys", new | {"master_key": {}}) == (
        422,
        "invalid-input",
    )
    unsigned = new | {"self_signing_key": new["self_signing_key"] | {"signatures": {}}}
    assert await ask(ravi.client, "PUT", "/v1/cross-signing-keys", unsigned) == (
        422,
        "signature-wrong",
    )


async def test_signatures_that_are_not_good_are_named(app: RunningApp) -> None:
    ravi = await (await person(app)).ready()
    forged = signed(
        ravi.device.device_keys,
        ravi.device.user_id,
        ravi.keys.key_id("self_signing"),
        Account(),
    )

    answer = await ravi.client.post(
        "/v1/key-signatures", json={ravi.name: {ravi.device.id: forged, "x": {}}}
    )

    assert answer.status_code == 200
    failures = answer.json()["failures"][ravi.name]
    assert failures[ravi.device.id]["errcode"] == "M_INVALID_SIGNATURE"
    assert set(failures["x"]) == {"errcode", "error"}
    many = {ravi.name: {f"{n}": {} for n in range(301)}}
    assert await ask(ravi.client, "POST", "/v1/key-signatures", many) == (422, "invalid-input")


async def test_a_backup_over_http(app: RunningApp) -> None:
    ravi = await person(app)
    key = {
        "first_message_index": 0,
        "forwarded_count": 0,
        "is_verified": True,
        "session_data": {"ciphertext": "x"},
    }
    rooms = {"rooms": {PLACE: {"sessions": {"a/+=": key}}}}

    assert await ask(ravi.client, "GET", "/v1/key-backups/latest") == (404, "not-found")
    assert await ask(ravi.client, "PUT", "/v1/key-backups/1/keys", rooms) == (404, "not-found")
    made = await ravi.client.post("/v1/key-backups", json=AUTH)
    assert (made.status_code, made.json()) == (201, {"version": "1"})
    put = await ravi.client.put("/v1/key-backups/1/keys", json=rooms)
    assert (put.status_code, put.json()) == (200, {"count": 1, "etag": "1"})
    assert (await ravi.client.get("/v1/key-backups/1/keys")).json() == rooms
    latest = (await ravi.client.get("/v1/key-backups/latest")).json()
    assert latest == {"version": "1", "count": 1, "etag": "1", **AUTH}
    wrong = await ravi.client.put("/v1/key-backups/7/keys", json=rooms)
    assert (wrong.status_code, wrong.json()["type"], wrong.json()["version"]) == (
        409,
        "/problems/backup-replaced",
        "1",
    )
    negative = {"rooms": {PLACE: {"sessions": {"a": key | {"first_message_index": -1}}}}}
    assert await ask(ravi.client, "PUT", "/v1/key-backups/1/keys", negative) == (
        422,
        "invalid-input",
    )
    assert (await ravi.client.delete("/v1/key-backups/1")).status_code == 204
    assert await ask(ravi.client, "GET", "/v1/key-backups/latest") == (404, "not-found")


async def test_secrets_over_http(app: RunningApp) -> None:
    ravi, path = await person(app), "/v1/secrets/recovery"

    assert await ask(ravi.client, "GET", path) == (404, "not-found")
    tags: list[str] = []
    for text in ("one", "two"):
        answer = await ravi.client.put(path, json={"ciphertext": text})
        assert answer.status_code == 200
        tags.append(answer.json()["etag"])
    assert (await ravi.client.get(path)).json() == {"ciphertext": "two", "etag": tags[1]}
    before = await ravi.client.get(path, params={"previous": "true"})
    assert before.json() == {"ciphertext": "one", "etag": tags[0]}
    for late in ({"If-Match": f'"{tags[0]}"'}, {"If-None-Match": "*"}):
        refused = await ravi.client.put(path, json={"ciphertext": "three"}, headers=late)
        assert refused.status_code == 412
        assert refused.json()["type"].endswith("/secret-changed")
    fresh = await ravi.client.put(
        path, json={"ciphertext": "three"}, headers={"If-Match": f'"{tags[1]}"'}
    )
    assert fresh.status_code == 200
    assert await ask(ravi.client, "PUT", path, {"ciphertext": "x" * 70_000}) == (413, "too-large")
    assert await ask(ravi.client, "PUT", "/v1/secrets/A", {"ciphertext": "x"}) == (
        422,
        "invalid-input",
    )


async def test_a_sleeping_device_over_http(app: RunningApp) -> None:
    ravi = await (await person(app)).ready()
    account = Account()
    while not {"/", "+"} & set(account.curve25519_key.to_base64()):
        account = Account()
    asleep = CryptoDevice(ravi.device.user_id, account.curve25519_key.to_base64(), account)
    path = "/v1/dehydrated-devices/" + asleep.id.replace("+", "-").replace("/", "_")
    self_signing = ravi.keys.key_id("self_signing")
    keys = signed(
        asleep.device_keys | {"dehydrated": True}, ravi.device.user_id, asleep.id, account
    )
    keys = signed(keys, ravi.device.user_id, self_signing, ravi.keys.self_signing)
    body = {
        "device_id": asleep.id,
        "initial_device_display_name": "Asleep",
        "device_data": {"algorithm": "x", "device_pickle": "y"},
        "device_keys": keys,
        "one_time_keys": asleep.one_time_keys(1),
    }

    assert await ask(ravi.client, "GET", "/v1/dehydrated-devices") == (404, "not-found")
    put = await ravi.client.put(path, json=body)
    assert (put.status_code, put.json()) == (200, {"device_id": asleep.id})
    one = {"device_id": asleep.id, "device_data": body["device_data"]}
    assert (await ravi.client.get("/v1/dehydrated-devices")).json() == one
    assert (await ravi.client.get(path)).json() == one
    query = {"device_keys": {ravi.name: []}}
    shown = (await ravi.client.post("/v1/key-queries", json=query)).json()["device_keys"]
    assert shown[ravi.name][asleep.id] == keys
    send = {"messages": {ravi.name: {asleep.id: {"n": 1}}}}
    await ravi.client.put("/v1/device-messages/1?type=m.dummy", json=send)
    waiting = (await ravi.client.get(f"{path}/device-messages")).json()
    assert [it["content"] for it in waiting["items"]] == [{"n": 1}]
    forged = body | {"device_keys": keys | {"signatures": {}}}
    assert await ask(ravi.client, "PUT", path, forged) == (422, "signature-wrong")
    other = "/v1/dehydrated-devices/" + "a" * 43
    assert await ask(ravi.client, "PUT", other, body) == (422, "invalid-input")
    assert await ask(ravi.client, "DELETE", other) == (404, "not-found")
    assert await ask(ravi.client, "GET", "/v1/dehydrated-devices/x") == (422, "invalid-input")
    assert (await ravi.client.delete(path)).status_code == 204
    assert await ask(ravi.client, "GET", path) == (404, "not-found")


async def test_the_eleventh_device_is_refused(app: RunningApp) -> None:
    ravi = await person(app)
    for number in range(11):
        client = await app.client(ravi.device.user_id)
        current = next(it for it in (await client.get("/v1/tokens")).json() if it["is_current"])
        device = CryptoDevice(ravi.device.user_id, current["id"])
        answer = await ask(client, "POST", "/v1/device-keys", {"device_keys": device.device_keys})
        assert answer == ((200, "") if number < 10 else (409, "too-many-devices"))
