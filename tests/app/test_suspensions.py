"""Operators keep somebody out; nothing is lost by it."""

import httpx
import pytest

from kirana import business, identity, money
from kirana.values import SYSTEM, BusinessId, UserId, uuid7
from tests.apps import RunningApp, actor


async def operator(app: RunningApp) -> httpx.AsyncClient:
    omar = await app.person("Omar")
    await app.db.write(money.appoint_operator, omar, by=SYSTEM)
    return await app.client(omar)


async def shop_of(app: RunningApp, owner: UserId) -> BusinessId:
    shop = BusinessId(UserId(uuid7()))
    draft = business.NewBusiness(
        "Asha Stores", "grocery", "IN", "INR", "Asia/Kolkata", handle="asha-stores"
    )
    await app.db.write(business.open_business, shop, draft, by=actor(owner))
    return shop


async def test_who_is_suspended_reads_why_and_goes_on_where_they_were_when_it_is_lifted(
    app: RunningApp,
) -> None:
    ravi = await app.person("Ravi")
    client, desk = await app.client(ravi), await operator(app)
    assert (await client.get("/v1/me")).status_code == 200

    put = await desk.put(f"/v1/suspensions/{ravi}", json={"reason": " Spam. "})
    refused = await client.get("/v1/me")
    (listed,) = (await desk.get("/v1/suspensions")).json()
    lifted = await desk.delete(f"/v1/suspensions/{ravi}")

    assert (put.status_code, lifted.status_code) == (204, 204)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/account-suspended")
    assert refused.json()["reason"] == "Spam."
    assert refused.json()["user_id"] == str(ravi)
    assert (listed["user"]["name"], listed["reason"]) == ("Ravi", "Spam.")
    assert (await client.get("/v1/me")).json()["name"] == "Ravi"
    assert (await desk.get("/v1/suspensions")).json() == []


async def test_who_is_suspended_may_take_all_along_and_sign_out(app: RunningApp) -> None:
    ravi = await app.person("Ravi")
    client = await app.client(ravi)
    await app.db.write(identity.suspend, ravi, "Spam.", by=SYSTEM)

    along = await client.get("/v1/me/export")
    left = await client.delete("/v1/sessions/current")

    assert (along.status_code, along.headers["content-type"]) == (200, "application/zip")
    assert left.status_code == 204
    assert (await client.get("/v1/me")).status_code == 401


async def test_a_suspended_shop_is_gone_for_its_team_and_for_the_public_until_it_is_lifted(
    app: RunningApp,
) -> None:
    asha = await app.person("Asha")
    shop = await shop_of(app, asha)
    team, owner = await app.client(asha, acting_for=shop), await app.client(asha)
    desk, stranger = await operator(app), await app.client()

    async def seen() -> tuple[int, int, list[str]]:
        found = (await stranger.get("/v1/businesses", params={"q": "asha"})).json()["items"]
        page, work = await stranger.get("/asha-stores"), await team.get("/v1/conversations")
        return page.status_code, work.status_code, [it["handle"] for it in found]

    before = await seen()
    await desk.put(f"/v1/suspensions/{shop}", json={"reason": "Never delivers."})
    during, own = await seen(), await owner.get("/v1/me")
    why = (await team.get("/v1/conversations")).json()
    await desk.delete(f"/v1/suspensions/{shop}")

    assert before == await seen() == (200, 200, ["asha-stores"])
    assert during == (404, 403, [])
    assert (why["user_id"], why["reason"]) == (str(shop), "Never delivers.")
    assert own.status_code == 200


async def test_only_operators_suspend_and_none_of_them_is_suspended(app: RunningApp) -> None:
    ravi, meera = await app.person("Ravi"), await app.person("Meera")
    client, desk = await app.client(ravi), await operator(app)
    other = await app.person("Olga")
    await app.db.write(money.appoint_operator, other, by=SYSTEM)
    myself = (await desk.get("/v1/me")).json()["id"]

    for who, whom in ((client, meera), (client, ravi), (desk, other), (desk, myself)):
        answer = await who.put(f"/v1/suspensions/{whom}", json={"reason": "Spam."})
        assert answer.status_code == 403
    assert (await client.get("/v1/suspensions")).status_code == 403
    assert (await client.delete(f"/v1/suspensions/{meera}")).status_code == 403
    assert (await desk.put(f"/v1/suspensions/{uuid7()}", json={"reason": "x"})).status_code == 404
    assert (await desk.put(f"/v1/suspensions/{meera}", json={"reason": ""})).status_code == 422


@pytest.mark.parametrize("again", ["Spam.", "Fraud."])
async def test_suspending_again_says_the_reason_anew(app: RunningApp, again: str) -> None:
    ravi, desk = await app.person("Ravi"), await operator(app)

    for reason in ("Spam.", again):
        await desk.put(f"/v1/suspensions/{ravi}", json={"reason": reason})

    assert [it["reason"] for it in (await desk.get("/v1/suspensions")).json()] == [again]
