"""The room's surface over HTTP: status, problem and body agree."""

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from kirana.values import UserId, uuid7
from tests.apps import RunningApp


@pytest.fixture
async def asha(app: RunningApp) -> httpx.AsyncClient:
    return await app.client(as_=await app.person("Asha"))


@pytest.fixture
async def stranger(app: RunningApp) -> httpx.AsyncClient:
    return await app.client()


def opening(**more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "name": "Asha Stores",
        "category": "grocery",
        "country": "IN",
        "currency": "INR",
        "zone": "Asia/Kolkata",
    } | more


async def opened(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post("/v1/businesses", json=opening(**more))
    assert answer.status_code == 201, answer.text
    shop: dict[str, Any] = answer.json()
    return shop


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/problem+json")
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def test_a_shop_opens_and_everybody_sees_it(
    asha: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    body = opening(about="Tea and spice")

    first = await asha.post("/v1/businesses", json=body)
    again = await asha.post("/v1/businesses", json=body)
    seen = await stranger.get(f"/v1/businesses/{body['id']}")
    by_handle = await stranger.get("/v1/handles/asha-stores")

    assert (first.status_code, again.json()) == (201, first.json())
    assert first.json()["role"] == "owner"
    assert seen.json() == first.json() | {"role": None}
    assert by_handle.json() == seen.json()
    assert seen.json()["page_url"].endswith("/asha-stores")
    assert seen.json()["state"] == {"state": "unknown", "closes_at": None, "opens_at": None}


async def test_refusals_of_opening(
    app: RunningApp, asha: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    shop = await opened(asha, handle="asha")
    eve = await app.client(as_=await app.person("Eve"))

    assert problem(await stranger.post("/v1/businesses", json=opening())) == (401, "not-signed-in")
    assert problem(await eve.post("/v1/businesses", json=opening(id=shop["id"]))) == (
        409,
        "id-reused",
    )
    assert problem(await eve.post("/v1/businesses", json=opening(handle="asha"))) == (
        409,
        "handle-taken",
    )
    wrong = await eve.post("/v1/businesses", json=opening(zone="Mars/Olympus", category="x"))
    assert problem(wrong) == (422, "invalid-input")
    assert {error["field"] for error in wrong.json()["errors"]} == {"zone", "category"}
    assert problem(await eve.post("/v1/businesses", json={"name": "x"})) == (422, "invalid-input")


async def test_the_profile_is_edited(app: RunningApp, asha: httpx.AsyncClient) -> None:
    shop = await opened(asha, phone="+919876543210")
    out = io.BytesIO()
    Image.new("RGB", (50, 40), (200, 100, 0)).save(out, "PNG")
    logo = (await asha.post("/v1/pictures", content=out.getvalue())).json()
    path = f"/v1/businesses/{shop['id']}"

    edit = {"about": "Fresh", "phone": None, "logo_id": logo["id"], "websites": ["example.org"]}
    edited = await asha.patch(path, json=edit)

    assert edited.status_code == 200
    profile = edited.json()
    assert (profile["about"], profile["phone"], profile["logo"]) == ("Fresh", None, logo)
    assert profile["websites"] == ["https://example.org"]
    assert profile["revision"] > shop["revision"]
    eve = await app.client(as_=await app.person("Eve"))
    assert problem(await eve.patch(path, json={"about": "Mine"})) == (403, "not-allowed")
    assert problem(await asha.patch(path, json={"name": ""})) == (422, "invalid-input")
    gone = f"/v1/businesses/{uuid7()}"
    assert problem(await asha.patch(gone, json={"about": ""})) == (404, "not-found")
    assert problem(await asha.get(gone)) == (404, "not-found")
    assert problem(await asha.get("/v1/handles/nobody")) == (404, "not-found")


async def test_hours_go_from_typing_to_open_now(
    asha: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    shop = await opened(asha)
    typed = {"text": "Mon-Sun 0:00-24:00", "country": "IN", "language": "en"}

    proposal = await stranger.post("/v1/hours-proposals", json=typed)
    saved = await asha.put(
        f"/v1/businesses/{shop['id']}/hours",
        json={"kind": "hours", "rules": proposal.json()["rules"], "text": typed["text"]},
    )
    state = await stranger.get(f"/v1/businesses/{shop['id']}/hours-state")

    assert proposal.status_code == 200
    assert len(proposal.json()["week"]) == 7
    assert saved.json()["hours"] == {"kind": "always", "text": typed["text"], "rules": "24/7"}
    assert len(saved.json()["week"]) == 7
    assert (state.json()["state"], state.json()["zone"]) == ("open", "Asia/Kolkata")


async def test_hours_are_saved_from_a_grid(asha: httpx.AsyncClient) -> None:
    shop = await opened(asha)
    path = f"/v1/businesses/{shop['id']}/hours"
    week = [{"day": "Mo", "openings": [{"opens": "09:00", "closes": "17:00"}]}]

    saved = await asha.put(path, json={"kind": "hours", "week": week})

    assert saved.json()["hours"]["rules"] == "Mo 09:00-17:00"
    refused = await asha.put(path, json={"kind": "hours", "rules": "nine to five"})
    assert problem(refused) == (422, "hours-invalid")
    bad = [{"day": "Mo", "openings": [{"opens": "99:99", "closes": "17:00"}]}]
    assert problem(await asha.put(path, json={"kind": "hours", "week": bad})) == (
        422,
        "invalid-input",
    )


async def test_closures_come_and_go(asha: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    shop = await opened(asha)
    path = f"/v1/businesses/{shop['id']}/closures"
    await asha.put(f"/v1/businesses/{shop['id']}/hours", json={"kind": "always"})
    body = {
        "id": str(uuid7()),
        "first_on": "2030-12-24",
        "last_on": "2030-12-25",
        "label": "Christmas",
        "is_holiday": True,
    }

    added = await asha.post(path, json=body)
    days = await stranger.get(
        f"/v1/businesses/{shop['id']}/openings", params={"first": "2030-12-23", "days": 4}
    )
    listed = await stranger.get(path)
    removed = await asha.delete(f"{path}/{body['id']}")

    assert (added.status_code, removed.status_code) == (201, 204)
    assert [bool(day["openings"]) for day in days.json()] == [True, False, False, True]
    assert days.json()[1] == {"on": "2030-12-24", "openings": [], "label": "Christmas"}
    assert listed.json() == [added.json()]
    assert (await stranger.get(path)).json() == []
    assert problem(await stranger.post(path, json=body)) == (401, "not-signed-in")
    backwards = body | {"id": str(uuid7()), "last_on": "2030-12-01"}
    assert problem(await asha.post(path, json=backwards)) == (422, "invalid-input")


async def test_the_place_is_set_by_a_pasted_link(
    asha: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    shop = await opened(asha)
    path = f"/v1/businesses/{shop['id']}/location"
    link = "https://www.google.com/maps?q=12.3051828,76.6553609"

    shown = await stranger.post("/v1/location-proposals", json={"text": link})
    saved = await asha.put(path, json={"text": link, "note": "blue gate", "address": "12 Main Rd"})
    sketch = await stranger.get(f"/v1/businesses/{shop['id']}/sketch.svg?lat=12.3&lon=76.6")

    assert shown.json() == {"lat": 12.3051828, "lon": 76.6553609}
    assert saved.json()["location"] == {
        "lat": 12.3051828, "lon": 76.6553609, "accuracy_m": None, "note": "blue gate",
    }  # fmt: skip
    assert saved.json()["address"] == "12 Main Rd"
    assert saved.json()["directions"]["geo"].startswith("geo:12.3051828,76.6553609")
    assert sketch.headers["content-type"].startswith("image/svg+xml")
    assert "km" in sketch.text
    nowhere = await stranger.get(f"/v1/businesses/{shop['id']}/sketch.svg?lat=nan&lon=nan")
    assert nowhere.status_code in (200, 422)
    short = {"text": "https://maps.app.goo.gl/AbC"}
    refused = await asha.put(path, json=short)
    assert problem(refused) == (422, "location-not-understood")
    assert refused.json()["reason"] == "short-link"
    assert problem(await asha.put(path, json={"lat": 1.0})) == (422, "invalid-input")


async def test_a_shop_without_a_place_has_no_sketch(asha: httpx.AsyncClient) -> None:
    shop = await opened(asha)
    path = f"/v1/businesses/{shop['id']}"
    await asha.put(f"{path}/location", json={"lat": 12.5, "lon": 76.5, "accuracy_m": 10})

    gone = await asha.put(f"{path}/location", json={})

    assert gone.json()["location"] is None
    assert problem(await asha.get(f"{path}/sketch.svg")) == (404, "not-found")


async def test_the_team_is_managed(app: RunningApp, asha: httpx.AsyncClient) -> None:
    shop = await opened(asha)
    meera_id: UserId = await app.person("Meera")
    meera = await app.client(as_=meera_id)
    path = f"/v1/businesses/{shop['id']}/members"
    assert problem(await meera.get(path)) == (403, "not-allowed")

    joined = await asha.put(f"{path}/{meera_id}", json={"role": "agent"})
    listed = await meera.get(path)
    mine = await meera.get("/v1/businesses", params={"mine": "true"})

    assert (joined.status_code, joined.json()["role"]) == (200, "agent")
    assert [it["name"] for it in listed.json()] == ["Asha", "Meera"]
    assert [(it["id"], it["role"]) for it in mine.json()["items"]] == [(shop["id"], "agent")]
    owner_id = next(it["id"] for it in listed.json() if it["role"] == "owner")
    assert problem(await meera.delete(f"{path}/{owner_id}")) == (403, "not-allowed")
    assert problem(await asha.delete(f"{path}/{owner_id}")) == (409, "last-owner")
    assert problem(await asha.put(f"{path}/{uuid7()}", json={"role": "agent"})) == (
        404,
        "not-found",
    )
    assert problem(await asha.put(f"{path}/{meera_id}", json={"role": "king"})) == (
        422,
        "invalid-input",
    )
    assert (await meera.delete(f"{path}/{meera_id}")).status_code == 204


async def test_the_record_is_for_managers(app: RunningApp, asha: httpx.AsyncClient) -> None:
    shop = await opened(asha)
    path = f"/v1/businesses/{shop['id']}/records"
    eve = await app.client(as_=await app.person("Eve"))

    records = await asha.get(path)

    assert [it["action"] for it in records.json()["items"]] == ["business.opened"]
    assert problem(await eve.get(path)) == (403, "not-allowed")
    assert problem(await asha.get(path, params={"after": "x"})) == (422, "invalid-input")


async def test_the_directory_finds_shops(
    asha: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    await opened(asha, name="Asha Stores")
    await opened(asha, name="Café Zürich", category="cafe", country="CH", currency="CHF")

    everything = await stranger.get("/v1/businesses")
    found = await stranger.get("/v1/businesses", params={"q": "zurch"})
    cafes = await stranger.get("/v1/businesses", params={"category": "cafe", "country": "CH"})

    assert len(everything.json()["items"]) == 2
    assert [it["name"] for it in found.json()["items"]] == ["Café Zürich"]
    assert [it["name"] for it in cafes.json()["items"]] == ["Café Zürich"]
    assert problem(await stranger.get("/v1/businesses?mine=true")) == (401, "not-signed-in")
    assert problem(await stranger.get("/v1/businesses?after=x")) == (422, "invalid-input")


async def test_the_categories_are_listed(stranger: httpx.AsyncClient) -> None:
    categories = (await stranger.get("/v1/categories")).json()

    assert {"id", "label", "emoji", "icon", "vertical", "schema"} == set(categories[0])
    assert len({it["id"] for it in categories}) == len(categories) > 20
