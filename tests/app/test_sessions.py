"""Who was let in a moment ago is known without asking, and forgotten the moment it matters."""

from kirana import business, identity
from kirana.values import BusinessId, UserId, uuid7
from tests.apps import RunningApp, actor


async def test_a_revoked_token_is_refused_at_once(app: RunningApp) -> None:
    user = await app.person()
    client, other = await app.client(as_=user), await app.client(as_=user)
    assert (await other.get("/v1/me")).status_code == 200
    devices = await app.db.read(identity.list_tokens, by=actor(user))

    for device in devices:
        await app.db.write(identity.revoke_token, device.id, by=actor(user))

    assert (await other.get("/v1/me")).status_code == 401
    assert (await client.get("/v1/me")).status_code == 401


async def test_who_left_the_team_is_refused_at_once(app: RunningApp) -> None:
    owner, helper = await app.person("Asha"), await app.person("Ravi")
    shop = BusinessId(UserId(uuid7()))
    draft = business.NewBusiness("Asha Stores", "grocery", "IN", "INR", "Asia/Kolkata")
    await app.db.write(business.open_business, shop, draft, by=actor(owner))
    await app.db.write(identity.delegate, shop, helper)
    client = await app.client(as_=helper, acting_for=shop)
    assert (await client.get("/v1/conversations")).status_code == 200

    await app.db.write(identity.undelegate, shop, helper)

    assert (await client.get("/v1/conversations")).status_code == 403


async def test_a_place_in_a_team_is_not_lent_to_other_requests(app: RunningApp) -> None:
    owner, stranger = await app.person("Asha"), await app.person("Ravi")
    shop = BusinessId(UserId(uuid7()))
    draft = business.NewBusiness("Asha Stores", "grocery", "IN", "INR", "Asia/Kolkata")
    await app.db.write(business.open_business, shop, draft, by=actor(owner))
    mine = await app.client(as_=owner, acting_for=shop)
    assert (await mine.get("/v1/conversations")).status_code == 200

    theirs = await app.client(as_=stranger)

    assert (await theirs.get("/v1/conversations")).status_code == 200
    headers = {"Kirana-Acting-For": str(shop)}
    assert (await theirs.get("/v1/conversations", headers=headers)).status_code == 403
