import asyncio
from typing import Any

import httpx
import pytest

from kirana import business
from kirana.values import UserId, derived_id, uuid7
from tests.apps import RunningApp, actor
from tests.business import make as shops

from .make import content

FILE = content(["handle", "name", "price"], ["tea", "Tea", "3.50"], ["jam", "Jam", "cheap"])


async def shop_of(app: RunningApp, owner: UserId) -> str:
    id_ = shops.business_id()
    await app.db.write(business.open_business, id_, shops.draft(currency="USD"), by=actor(owner))
    return str(id_)


@pytest.fixture
async def asha(app: RunningApp) -> tuple[httpx.AsyncClient, str]:
    owner = await app.person("Asha")
    return await app.client(owner), await shop_of(app, owner)


async def applied(client: httpx.AsyncClient, import_id: str) -> dict[str, Any]:
    for _ in range(200):
        found: dict[str, Any] = (await client.get(f"/v1/imports/{import_id}")).json()
        if found["state"] in ("applied", "undone"):
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("The import does not end.")


async def test_a_file_becomes_a_plan_then_products_then_nothing_again(
    asha: tuple[httpx.AsyncClient, str],
) -> None:
    client, shop_id = asha

    answer = await client.post(
        f"/v1/businesses/{shop_id}/imports?name=a.csv", content=FILE,
        headers={"Content-Type": "text/csv"},
    )  # fmt: skip
    plan = answer.json()
    begun = await client.post(f"/v1/imports/{plan['id']}/application")
    done = await applied(client, plan["id"])
    export = await client.get(f"/v1/businesses/{shop_id}/export?format=kirana")
    undone = await client.delete(f"/v1/imports/{plan['id']}/application")

    assert (answer.status_code, plan["state"], plan["name"]) == (201, "planned", "a.csv")
    assert [row["result"] for row in plan["rows"]] == ["created", "refused"]
    assert begun.status_code == 201
    assert done["counts"]["created"] == 1
    assert export.headers["content-type"].startswith("text/csv")
    assert "Tea" in export.text
    assert undone.status_code == 204


async def test_a_file_refused_whole_is_a_problem_with_the_question(
    asha: tuple[httpx.AsyncClient, str],
) -> None:
    client, shop_id = asha
    file = content(["handle", "name", "price"], ["tea", "Tea", "1,234"])

    asked = await client.post(f"/v1/businesses/{shop_id}/imports", content=file)
    told = await client.post(f"/v1/businesses/{shop_id}/imports?decimal=,", content=file)

    assert asked.status_code == 422
    assert asked.json()["type"] == "/problems/file-refused"
    assert (asked.json()["code"], asked.json()["choices"]) == ("which-decimal-sign", [".", ","])
    assert told.status_code == 201


async def test_strangers_see_no_imports(
    app: RunningApp, asha: tuple[httpx.AsyncClient, str]
) -> None:
    client, shop_id = asha
    stranger = await app.client(await app.person("Eve"))
    nobody = await app.client()
    plan = (await client.post(f"/v1/businesses/{shop_id}/imports", content=FILE)).json()

    for who, status in ((stranger, 403), (nobody, 401)):
        for answer in (
            await who.post(f"/v1/businesses/{shop_id}/imports", content=FILE),
            await who.get(f"/v1/imports/{plan['id']}"),
            await who.post(f"/v1/imports/{plan['id']}/application"),
            await who.delete(f"/v1/imports/{plan['id']}/application"),
            await who.get(f"/v1/businesses/{shop_id}/export"),
        ):
            assert answer.status_code == status


async def test_undoing_what_was_not_applied_is_a_conflict(
    asha: tuple[httpx.AsyncClient, str],
) -> None:
    client, shop_id = asha
    plan = (await client.post(f"/v1/businesses/{shop_id}/imports", content=FILE)).json()

    answer = await client.delete(f"/v1/imports/{plan['id']}/application")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/import-not-applied")


async def test_the_template_is_for_everybody(app: RunningApp) -> None:
    client = await app.client()

    answer = await client.get("/v1/import-template.csv?currency=INR")

    assert answer.status_code == 200
    assert answer.text.startswith("\ufeffname,")
    assert (await client.get("/v1/import-template.csv?currency=XXX")).status_code == 422


async def test_a_plan_asked_for_twice_with_one_id_is_one_plan(
    asha: tuple[httpx.AsyncClient, str],
) -> None:
    client, shop_id = asha
    id_ = uuid7()
    address = f"/v1/businesses/{shop_id}/imports?id={id_}"

    first = await client.post(address, content=FILE)
    again = await client.post(address, content=FILE)
    other = await client.post(address, content=FILE + b"bun,Bun,1\n")
    foreign = await client.post(
        f"/v1/businesses/{shop_id}/imports?id={derived_id(id_, 'x')}", content=FILE
    )

    assert first.json() == again.json()
    assert (other.status_code, other.json()["type"]) == (409, "/problems/id-reused")
    assert foreign.status_code == 422
