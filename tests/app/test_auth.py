"""Who is asking: cookies, tokens, shops; and what pages of other sites may not do."""

from typing import Any

import httpx
import pytest

from kirana import business
from kirana.values import BusinessId, UserId, uuid7
from tests.apps import RunningApp, actor

CROSS_SITE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
]


@pytest.fixture
async def ravi(app: RunningApp) -> UserId:
    return await app.person("Ravi")


async def browser(app: RunningApp, user_id: UserId) -> httpx.AsyncClient:
    client = await app.client()
    client.headers["Cookie"] = f"theme=dark; kirana_session={await app.token(user_id)}"
    return client


async def test_a_cookie_and_a_token_say_who_is_asking(app: RunningApp, ravi: UserId) -> None:
    by_cookie, by_token = await browser(app, ravi), await app.client(ravi)

    for client in (by_cookie, by_token):
        assert (await client.get("/v1/me")).json()["id"] == str(ravi)


@pytest.mark.parametrize("headers", CROSS_SITE)
async def test_a_page_of_another_site_cannot_act_with_a_cookie(
    app: RunningApp, ravi: UserId, headers: dict[str, str]
) -> None:
    client = await browser(app, ravi)

    answer = await client.patch("/v1/me", json={"name": "Mallory"}, headers=headers)

    assert problem(answer) == (403, "not-allowed")
    assert (await client.get("/v1/me")).json()["name"] == "Ravi"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://kirana.test"},
    ],
)
async def test_the_servers_own_pages_act_with_it(
    app: RunningApp, ravi: UserId, headers: dict[str, str]
) -> None:
    client = await browser(app, ravi)

    answer = await client.patch("/v1/me", json={"name": "Ravi M"}, headers=headers)

    assert (answer.status_code, answer.json()["name"]) == (200, "Ravi M")


async def test_a_token_is_no_cookie_so_any_site_may_bring_it(app: RunningApp, ravi: UserId) -> None:
    client = await app.client(ravi)

    answer = await client.patch("/v1/me", json={"name": "Ravi M"}, headers=CROSS_SITE[0])

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer kir_nonsense"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic cmF2aTpzZWNyZXQ="},
        {"Cookie": "kirana_session=kir_nonsense"},
        {"Cookie": "kirana_session="},
        {"Cookie": 'kirana_session="\\000"; ;;=,'},
        {},
    ],
)
async def test_what_stands_for_nobody_is_not_signed_in(
    app: RunningApp, headers: dict[str, str]
) -> None:
    client = await app.client()

    assert problem(await client.get("/v1/me", headers=headers)) == (401, "not-signed-in")


async def test_a_stale_cookie_does_not_lock_the_public_pages(app: RunningApp) -> None:
    client = await app.client()
    client.headers["Cookie"] = "kirana_session=kir_gone"

    assert (await client.get("/v1/businesses")).status_code == 200


async def test_only_the_team_acts_for_a_shop(app: RunningApp, ravi: UserId) -> None:
    asha = await app.person("Asha")
    shop_id = await shop_of(app, asha)

    as_shop = await app.client(asha, acting_for=shop_id)
    stranger = await app.client(ravi, acting_for=shop_id)
    lost = await app.client(asha, acting_for=UserId(uuid7()))

    assert (await as_shop.get("/v1/wallets")).status_code == 200
    assert problem(await stranger.get("/v1/wallets")) == (403, "not-allowed")
    assert problem(await lost.get("/v1/wallets")) == (403, "not-allowed")


@pytest.mark.parametrize("name", ["Kirana-Acting-For", "Kirana-Confirmation"])
async def test_a_header_that_holds_no_id_is_refused_by_name(
    app: RunningApp, ravi: UserId, name: str
) -> None:
    client = await app.client(ravi)

    answer = await client.get("/v1/me", headers={name: "Asha's"})

    assert problem(answer) == (422, "invalid-input")
    assert answer.json()["errors"][0]["field"] == name


async def test_nobody_enters_the_demo_way_on_a_real_server(app: RunningApp, ravi: UserId) -> None:
    client = await app.client()

    assert (await client.get("/v1/demo/people")).status_code == 404
    entered = await client.post("/v1/demo/sessions", json={"user_id": str(ravi)})
    assert entered.status_code == 404


async def test_the_cookie_is_kept_from_scripts_and_other_sites(app: RunningApp) -> None:
    client = await app.client()

    answer = await client.post("/v1/guests", json={"id": new_id(), "device_id": new_id()})

    parts = [it.strip().lower() for it in answer.headers["set-cookie"].split(";")]
    assert {"httponly", "samesite=lax", "path=/"} <= set(parts)
    assert "token" not in answer.text or answer.json()["token"] is None


async def shop_of(app: RunningApp, owner: UserId) -> BusinessId:
    shop_id = BusinessId(UserId(uuid7()))
    draft = business.NewBusiness("Asha Stores", "grocery", "IN", "INR", "Asia/Kolkata")
    await app.db.write(business.open_business, shop_id, draft, by=actor(owner))
    return shop_id


def new_id() -> str:
    return str(uuid7())


def problem(answer: httpx.Response) -> tuple[int, str]:
    body: dict[str, Any] = answer.json()
    return answer.status_code, body["type"].removeprefix("/problems/")
