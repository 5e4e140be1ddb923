import io
from typing import Any
from uuid import UUID

import httpx
import pytest
from PIL import Image

from kirana import business, crm
from kirana.values import Actor, BusinessId, UserId, uuid7
from tests.apps import RunningApp

Json = dict[str, Any]


class Street:
    """A shop and a customer, each with a client."""

    def __init__(self, shop: UserId, asha: httpx.AsyncClient, ravi: httpx.AsyncClient) -> None:
        self.shop, self.asha, self.ravi = shop, asha, ravi

    async def talk(self) -> str:
        """A conversation that Ravi began."""
        answer = await self.ravi.post(
            "/v1/conversations",
            json={"id": str(uuid7()), "kind": "business", "with_id": str(self.shop)},
        )
        assert answer.status_code == 201, answer.text
        place: str = answer.json()["id"]
        return place


@pytest.fixture
async def street(app: RunningApp) -> Street:
    owner, customer = await app.person("Asha"), await app.person("Ravi")
    shop = BusinessId(UserId(uuid7()))
    draft = business.NewBusiness(
        name="Asha's Tea", category="grocery", country="IN", currency="INR", zone="Asia/Kolkata"
    )
    by = Actor(owner, owner)
    await app.db.write(business.open_business, shop, draft, by=by)
    # A greeting would come between the lines whenever its job runs.
    await app.db.write(crm.save_greeting, shop, is_on=False, text="Hello", by=by)
    return Street(shop, await app.client(owner, acting_for=shop), await app.client(customer))


def text(words: str) -> Json:
    return {"id": str(uuid7()), "body": {"type": "text", "text": words}}


def photo(width: int = 1_000, height: int = 500) -> bytes:
    picture = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    Image.new("RGB", (width, height), "#c0ffee").save(picture, "JPEG", exif=exif)
    return picture.getvalue()


async def test_a_question_and_its_answer(street: Street) -> None:
    place = await street.talk()

    asked = text("Do you have saffron?")
    sent = await street.ravi.post(f"/v1/conversations/{place}/messages", json=asked)
    again = await street.ravi.post(f"/v1/conversations/{place}/messages", json=asked)
    inbox = (await street.asha.get("/v1/conversations")).json()
    await street.asha.post(f"/v1/conversations/{place}/messages", json=text("Yes!"))
    seen = (await street.ravi.get(f"/v1/conversations/{place}/messages")).json()

    assert (sent.status_code, sent.json()["seq"]) == (201, 1)
    assert again.json() == sent.json()
    (talk,) = inbox["items"]
    assert (talk["id"], talk["unread"], talk["other"]["name"]) == (place, 1, "Ravi")
    assert talk["last"]["body"] == {"type": "text", "text": "Do you have saffron?"}
    assert [entry["body"]["text"] for entry in seen["items"]] == ["Do you have saffron?", "Yes!"]
    assert all("author" not in entry for entry in seen["items"])


async def test_the_stream_brings_whole_messages(street: Street) -> None:
    place = await street.talk()

    await street.ravi.post(f"/v1/conversations/{place}/messages", json=text("Saffron?"))
    page = (await street.asha.get("/v1/stream", params={"after": 0})).json()

    frames = [frame for frame in page["frames"] if frame.get("conv") == place]
    assert frames[0]["k"] == "message"
    assert frames[0]["body"]["text"] == "Saffron?"
    assert frames[0]["seq"] == 1


async def test_receipts_and_typing(street: Street) -> None:
    place = await street.talk()
    await street.ravi.post(f"/v1/conversations/{place}/messages", json=text("Saffron?"))

    read = await street.asha.put(f"/v1/conversations/{place}/receipts", json={"read_seq": 1})
    typed = await street.asha.post(f"/v1/conversations/{place}/typing")
    seen = (await street.ravi.get(f"/v1/conversations/{place}")).json()

    assert read.json() == {
        "conversation_id": place,
        "user_id": str(street.shop),
        "delivered_seq": 1,
        "read_seq": 1,
    }
    assert typed.status_code == 204
    marks = {mark["user_id"]: mark["read_seq"] for mark in seen["marks"]}
    assert marks[str(street.shop)] == 1


async def test_editing_deleting_and_finding(street: Street) -> None:
    place = await street.talk()
    path = f"/v1/conversations/{place}/messages"
    first, second = text("Saffon"), text("My PIN is 4711")
    for message in (first, second):
        await street.ravi.post(path, json=message)

    content = {"type": "text", "text": "Saffron"}
    edit = {"type": "edit", "target_id": first["id"], "content": content}
    edited = await street.ravi.post(path, json={"id": str(uuid7()), "body": edit})
    deleted = await street.ravi.post(f"/v1/messages/{second['id']}/deletion")
    found = (await street.asha.get("/v1/messages", params={"q": "saffr"})).json()
    gone = (await street.asha.get("/v1/messages", params={"q": "pin"})).json()

    assert (edited.status_code, deleted.status_code) == (201, 201)
    assert [item["message"]["id"] for item in found["items"]] == [first["id"]]
    assert found["items"][0]["about"][0]["body"]["content"] == content
    assert gone["items"] == []


async def test_archiving_and_muting(street: Street) -> None:
    place = await street.talk()

    changed = await street.ravi.patch(
        f"/v1/conversations/{place}", json={"is_archived": True, "muted_until": 2**50}
    )

    assert (changed.json()["is_archived"], changed.json()["muted_until"]) == (True, 2**50)


async def test_a_photo_is_sent_without_what_the_camera_wrote(street: Street) -> None:
    place, media = await street.talk(), str(uuid7())

    where = {"id": media, "kind": "image", "name": "IMG_1.jpg"}
    stored = await street.ravi.post("/v1/media", params=where, content=photo())
    again = await street.ravi.post("/v1/media", params=where, content=photo())
    other = await street.ravi.post("/v1/media", params=where, content=photo(10, 10))
    unseen = await street.asha.get(f"/v1/media/{media}/content")
    body = {"type": "image", "items": [{"media": media, "width": 1000, "height": 500}]}
    await street.ravi.post(
        f"/v1/conversations/{place}/messages", json={"id": str(uuid7()), "body": body}
    )
    full = await street.asha.get(f"/v1/media/{media}/content")
    small = await street.asha.get(f"/v1/media/{media}/content", params={"size": 320})

    assert stored.status_code == 201, stored.text
    assert (stored.json()["width"], stored.json()["height"]) == (1000, 500)
    assert again.json() == stored.json()
    assert other.json()["type"] == "/problems/id-reused"
    assert unseen.status_code == 404
    assert full.headers["content-type"] == "image/webp"
    assert b"SecretCamera" not in full.content
    assert Image.open(io.BytesIO(full.content)).size == (1000, 500)
    assert Image.open(io.BytesIO(small.content)).size == (640, 320)
    shown = (await street.asha.get(f"/v1/media/{media}")).json()
    assert shown["name"] == "IMG_1.jpg"


async def test_a_voice_note_is_played_in_parts(street: Street) -> None:
    media, sound = str(uuid7()), b"OggS" + bytes(range(256))

    stored = await street.ravi.post(
        "/v1/media", params={"id": media, "kind": "voice"}, content=sound
    )
    part = await street.ravi.get(f"/v1/media/{media}/content", headers={"Range": "bytes=4-7"})

    assert stored.json()["mime"] == "audio/ogg"
    assert (part.status_code, part.content) == (206, bytes(range(4)))
    assert part.headers["content-range"] == "bytes 4-7/260"


async def test_a_page_sent_as_a_document_is_only_downloaded(street: Street) -> None:
    media = str(uuid7())

    await street.ravi.post(
        "/v1/media",
        params={"id": media, "kind": "document", "name": "मेनू.html"},
        content=b"<script>alert(1)</script>",
    )
    answer = await street.ravi.get(f"/v1/media/{media}/content")

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E0")
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_what_is_refused_says_why(street: Street, app: RunningApp) -> None:
    place = await street.talk()
    path = f"/v1/conversations/{place}/messages"
    stranger = await app.client(await app.person("Meera"))
    nobody = await app.client()
    friend = await app.person("Friend")
    private = await street.ravi.post(
        "/v1/conversations",
        json={"id": str(uuid7()), "kind": "private", "with_id": str(friend)},
    )
    quiet = f"/v1/conversations/{private.json()['id']}/messages"
    said = text("Hello")
    await street.ravi.post(path, json=said)

    async def problem(client: httpx.AsyncClient, where: str, body: Json) -> tuple[int, str]:
        answer = await client.post(where, json=body)
        return answer.status_code, answer.json()["type"].removeprefix("/problems/")

    assert await problem(nobody, path, text("Hello")) == (401, "not-signed-in")
    assert await problem(stranger, path, text("Hello")) == (404, "not-found")
    assert await problem(street.ravi, quiet, text("Hello")) == (422, "needs-encryption")
    assert await problem(street.ravi, path, said | text("x") | {"id": said["id"]}) == (
        409,
        "id-reused",
    )
    assert await problem(street.ravi, path, {"id": str(uuid7()), "body": {}}) == (
        422,
        "invalid-input",
    )
    version_4 = text("Hello") | {"id": str(UUID(int=uuid7().int, version=4))}
    assert await problem(street.ravi, path, version_4) == (422, "invalid-input")
    image = {"type": "image", "items": [{"media": str(uuid7()), "width": 1, "height": 1}]}
    assert await problem(street.ravi, path, {"id": str(uuid7()), "body": image}) == (
        422,
        "unknown-media",
    )
    again = {"id": str(uuid7()), "kind": "business", "with_id": str(street.shop)}
    assert await problem(street.ravi, "/v1/conversations", again) == (409, "conversation-exists")
    people = again | {"with_id": str(friend)}
    assert await problem(street.ravi, "/v1/conversations", people) == (409, "needs-business")
    shop = again | {"kind": "private"}
    assert await problem(street.ravi, "/v1/conversations", shop) == (409, "no-devices")
    for kind, expected in (("image", "picture-unreadable"), ("voice", "voice-unreadable")):
        bad = await street.ravi.post(
            "/v1/media", params={"id": str(uuid7()), "kind": kind}, content=b"plain"
        )
        assert bad.json()["type"] == f"/problems/{expected}"


async def test_one_device_writes_so_fast_and_no_faster(
    app: RunningApp, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = app.kirana.litestar.state.limits
    monkeypatch.setattr(limits, "_clock", lambda: 0.0)
    path = f"/v1/conversations/{await street.talk()}/messages"

    answers = [await street.ravi.post(path, json=text(f"{n}")) for n in range(60)]

    codes = {answer.status_code for answer in answers}
    assert codes == {201, 429}
    slow = next(answer for answer in answers if answer.status_code == 429)
    assert int(slow.headers["retry-after"]) >= 1


async def test_the_greeting_over_http(street: Street) -> None:
    path = f"/v1/businesses/{street.shop}/greeting"

    before = (await street.asha.get(path)).json()
    saved = await street.asha.put(path, json={"text": "Namaste!"})
    refused = await street.ravi.put(path, json={"text": "Mine now"})

    assert before == {"is_on": False, "text": "Hello"}
    assert saved.json() == {"is_on": True, "text": "Namaste!"}
    assert refused.status_code == 403
