import asyncio
import io

import httpx
import pytest
from PIL import Image

from kirana import identity
from kirana.platform import pictures
from kirana.platform.images import MAX_BYTES
from kirana.values import DeviceId, UserId, uuid7
from tests.apps import RunningApp


def tea(color: tuple[int, int, int] = (180, 90, 30), size: tuple[int, int] = (700, 500)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


async def client_of(app: RunningApp) -> httpx.AsyncClient:
    return await app.client(as_=await app.person("Asha"))


async def test_an_uploaded_picture_can_be_seen_by_everybody(app: RunningApp) -> None:
    asha = await client_of(app)
    stranger = await app.client()

    uploaded = await asha.post("/v1/pictures", content=tea())

    assert uploaded.status_code == 201
    picture = uploaded.json()
    assert (picture["width"], picture["height"]) == (700, 500)
    assert picture["color"].startswith("#")
    for width, expected in (("320", 320), ("640", 640), ("1280", 700), ("2400", 700)):
        shown = await stranger.get(f"/media/{picture['id']}/{width}.webp")
        assert shown.headers["content-type"] == "image/webp"
        assert "content-encoding" not in shown.headers
        assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert Image.open(io.BytesIO(shown.content)).width == expected


async def test_the_same_file_again_is_the_same_picture(app: RunningApp) -> None:
    asha = await client_of(app)

    first = await asha.post("/v1/pictures", content=tea())
    again = await (await client_of(app)).post("/v1/pictures", content=tea())

    assert again.json() == first.json()


async def test_a_browser_that_has_the_picture_is_told_so(app: RunningApp) -> None:
    asha = await client_of(app)
    picture = (await asha.post("/v1/pictures", content=tea())).json()
    path = f"/media/{picture['id']}/320.webp"
    etag = (await asha.get(path)).headers["etag"]

    again = await asha.get(path, headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


async def test_a_guest_may_upload(app: RunningApp) -> None:
    token = identity.new_token()
    await app.db.write(
        identity.create_guest,
        UserId(uuid7()),
        DeviceId(uuid7()),
        token_hash=identity.hash_token(token),
        name="",
    )
    guest = await app.client()

    uploaded = await guest.post(
        "/v1/pictures", content=tea(), headers={"Authorization": f"Bearer {token}"}
    )

    assert uploaded.status_code == 201


async def test_a_stranger_may_not_upload(app: RunningApp) -> None:
    refused = await (await app.client()).post("/v1/pictures", content=tea())

    assert refused.status_code == 401
    assert refused.json()["type"] == "/problems/not-signed-in"


async def test_what_is_no_picture_is_refused_with_the_reason(app: RunningApp) -> None:
    refused = await (await client_of(app)).post("/v1/pictures", content=b"<svg/>")

    assert refused.status_code == 422
    assert refused.json()["type"] == "/problems/picture-unreadable"


async def test_a_file_that_is_too_large_is_refused(app: RunningApp) -> None:
    refused = await (await client_of(app)).post(
        "/v1/pictures", content=b"\xff\xd8\xff" + bytes(MAX_BYTES)
    )

    assert refused.status_code == 413
    assert refused.json()["type"] == "/problems/picture-too-large"


async def test_uploads_in_a_flood_are_slowed_down(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "UPLOADS_PER_PERSON", pictures.Rate(2, 60))
    asha = await client_of(app)

    answers = [(await asha.post("/v1/pictures", content=b"no")).status_code for _ in range(3)]

    assert answers == [422, 422, 429]


@pytest.mark.parametrize(
    "path", ["{id}/100.webp", "{id}/320.png", "{id}/320", "0/320.webp", "%00/320.webp"]
)
async def test_there_are_no_other_sizes_or_pictures(app: RunningApp, path: str) -> None:
    asha = await client_of(app)
    picture = (await asha.post("/v1/pictures", content=tea(size=(40, 40)))).json()

    missing = await asha.get("/media/" + path.format(id=picture["id"]))

    assert missing.status_code == 404


async def test_uploads_at_the_same_time_all_arrive(app: RunningApp) -> None:
    asha = await client_of(app)
    contents = [tea((i, i, i), (60, 40 + i)) for i in range(4)]

    answers = await asyncio.gather(
        *(asha.post("/v1/pictures", content=content) for content in contents)
    )

    assert [answer.json()["height"] for answer in answers] == [40, 41, 42, 43]


async def test_lists_learn_the_sizes_of_many_pictures_at_once(app: RunningApp) -> None:
    asha = await client_of(app)
    one = (await asha.post("/v1/pictures", content=tea(size=(40, 30)))).json()
    two = (await asha.post("/v1/pictures", content=tea(size=(30, 40)))).json()

    found = await app.db.read(pictures.get_many, [one["id"], two["id"], "gone"])

    assert {id_: (it.width, it.height) for id_, it in found.items()} == {
        one["id"]: (40, 30),
        two["id"]: (30, 40),
    }
    assert await app.db.read(pictures.get_many, []) == {}
