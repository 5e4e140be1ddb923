"""The server itself: its health, its documents, what it does when too much waits, and its logs."""

import asyncio
import time
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from kirana.platform import logs
from kirana.platform.db import Tx, writer
from kirana.platform.problems import Overloaded
from tests.apps import RunningApp
from tests.journeys import make
from tests.live import new_id, open_live


async def test_a_healthy_server_says_so(app: RunningApp) -> None:
    client = await app.client()

    health = await client.get("/v1/health")
    server = (await client.get("/v1/server")).json()

    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert server["demo"] is False
    assert server["public_url"] == "http://kirana.test"


async def test_the_api_describes_itself_to_programs_and_people(app: RunningApp) -> None:
    client = await app.client()

    document = (await client.get("/v1/openapi.json")).json()
    page = await client.get("/v1")

    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) >= {"/v1/orders", "/v1/transfers", "/v1/stream"}
    assert page.headers["content-type"].startswith("text/html")
    for path in document["paths"]:
        assert path in page.text
    assert "<script" not in page.text


async def test_the_document_knows_limits_tags_and_raw_bodies(app: RunningApp) -> None:
    client = await app.client()

    document = (await client.get("/v1/openapi.json")).json()
    schemas = document["components"]["schemas"]

    assert schemas["PlaceOrder"]["properties"]["note"]["maxLength"] == 500
    [content, nothing] = schemas["SendMessage"]["properties"]["body"]["anyOf"]
    assert content["discriminator"]["propertyName"] == "type"
    assert nothing == {"type": "null"}
    upload = document["paths"]["/v1/pictures"]["post"]["requestBody"]["content"]
    assert list(upload) == ["image/*"]


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/v1/nothing-here", 404, "not-found"),
        ("GET", "/v1/orders/no-id", 404, "not-found"),
        ("DELETE", "/v1/server", 405, "method-not-allowed"),
    ],
)
async def test_an_address_that_is_none_is_refused_as_a_problem(
    app: RunningApp, method: str, path: str, status: int, slug: str
) -> None:
    client = await app.client()

    answer = await client.request(method, path)

    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert answer.json()["instance"] == path


DEEP = b'{"x":' * 5000 + b"1" + b"}" * 5000


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"id": 5}', b"\xff\xfe", b"", DEEP])
async def test_a_body_that_is_none_is_refused_as_a_problem(app: RunningApp, body: bytes) -> None:
    client = await app.client(await app.person())

    answer = await client.post(
        "/v1/orders", content=body, headers={"Content-Type": "application/json"}
    )

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input")


async def test_a_bug_is_written_down_and_told_plainly(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(*_: Any, **__: Any) -> None:
        raise RuntimeError("The secret of the broken thing")

    monkeypatch.setattr(app.db, "read", break_down)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app.kirana, raise_app_exceptions=False),
        base_url="http://kirana.test",
    )
    logs.configure(as_json=True)

    async with client:
        answer = await client.get("/v1/server")

    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/unexpected-error")
    assert "secret" not in answer.text
    assert "The secret of the broken thing" in capsys.readouterr().err


async def test_when_too_much_waits_the_next_is_refused_and_nothing_is_done(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await app.client(await app.person("Ravi"))
    is_held, may_go = Event(), Event()

    def hold(tx: Tx) -> None:
        is_held.set()
        may_go.wait(10)

    first = asyncio.create_task(app.db.write(hold))
    await asyncio.to_thread(is_held.wait, 10)
    waiting = [asyncio.create_task(app.db.write(lambda tx: tx.now)) for _ in range(3)]
    await asyncio.sleep(0)
    monkeypatch.setattr(writer, "QUEUE", len(waiting))

    refused = await client.patch("/v1/me", json={"name": "Never"})
    with pytest.raises(Overloaded):
        await app.db.write(lambda tx: tx.now)
    monkeypatch.undo()
    may_go.set()
    await asyncio.gather(first, *waiting)

    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/overloaded")
    assert int(refused.headers["retry-after"]) >= 1
    assert (await client.get("/v1/me")).json()["name"] == "Ravi"
    assert (await client.patch("/v1/me", json={"name": "Now"})).status_code == 200


def test_logs_hold_neither_words_nor_numbers_nor_secrets(
    tmp_path: Path, sqlite_template: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kirana.db").write_bytes(sqlite_template.read_bytes())
    logs.configure(as_json=True)
    address, words = "+919876500123", "Saffron of the finest kind"
    deadline = time.monotonic() + 30
    gateway = "http://127.0.0.1:9/send?to={to}"  # nobody listens there
    try:
        with open_live(tmp_path, sms_url=gateway, show_codes=False) as live:
            shop = make.shop(live)
            tea = make.product(shop, "Assam tea", 120)
            ravi = make.guest(live, "Ravi")
            place = make.conversation(ravi, shop.id)
            make.say(ravi, place, words)
            ravi.refusal("POST", "/v1/codes", {"id": new_id(), "address": "nonsense"})
            ravi.post("/v1/codes", {"id": new_id(), "address": address})
            contact = {"name": "Ravi", "phone": address}
            changes: dict[str, Any] = {"payment": "cash", "contact": contact, "note": words}
            order = ravi.post("/v1/orders", make.order(shop, {tea: 1}, 120, **changes))
            shop.desk.post(f"/v1/orders/{order['id']}/moves", {"to": "accepted", "note": words})
            ravi.refusal("POST", "/v1/sessions", {"id": new_id(), "address": address})
            body = {"type": "no such type", "text": words}
            ravi.socket().ask({"t": "send", "id": new_id(), "conv": place, "body": body})
            secrets = [ravi.token, shop.owner.token, order["token"]]
            logged = ""
            while "job_failed" not in logged:
                logged += "".join(capfd.readouterr())
                assert time.monotonic() < deadline, logged
                time.sleep(0.05)
    finally:
        logs.configure(as_json=False)

    logged += "".join(capfd.readouterr())
    for private in (words, words.split()[0], address, address[3:], *secrets):
        assert private not in logged
