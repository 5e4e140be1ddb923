"""Private conversations over HTTP and through the socket."""

import secrets
from hashlib import sha256
from typing import Any

import httpx
import pytest

from kirana import identity
from kirana.values import Actor, UserId, uuid7
from tests.apps import RunningApp

from . import make

Json = dict[str, Any]


class Friends:
    """Two people who know each other, and one whom nobody knows."""

    def __init__(self, ids: list[UserId], clients: list[httpx.AsyncClient]) -> None:
        self.ravi_id, self.meera_id, self.lina_id = ids
        self.ravi, self.meera, self.lina = clients

    async def talk(self) -> str:
        answer = await self.ravi.post(
            "/v1/conversations",
            json={"id": str(uuid7()), "kind": "private", "with_id": str(self.meera_id)},
        )
        assert answer.status_code == 201, answer.text
        place: str = answer.json()["id"]
        return place

    async def group(self) -> str:
        members = [str(self.meera_id)]
        answer = await self.ravi.post(
            "/v1/conversations",
            json={"id": str(uuid7()), "kind": "private", "form": "group", "member_ids": members},
        )
        assert answer.status_code == 201, answer.text
        place: str = answer.json()["id"]
        return place


@pytest.fixture
async def friends(app: RunningApp) -> Friends:
    ids = [await app.person(name) for name in ("Ravi", "Meera", "Lina")]
    for one, other in ((ids[0], ids[1]), (ids[1], ids[0])):
        await app.db.write(identity.save_contact, other, by=Actor(one, one))
    return Friends(ids, [await app.client(user_id) for user_id in ids])


def sealed(words: str = "Secret", rev: str = "1.0", **more: Any) -> Json:
    return {
        "id": str(uuid7()),
        "ct": make.ciphertext(words),
        "rev": rev,
        "com": make.commitment(words),
        **more,
    }


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def test_a_secret_and_its_answer(friends: Friends) -> None:
    place = await friends.talk()
    path = f"/v1/conversations/{place}/messages"
    said = sealed(ttl_s=3600)

    sent = await friends.ravi.post(path, json=said)
    again = await friends.ravi.post(path, json=said)
    seen = (await friends.meera.get(path)).json()["items"]
    shown = (await friends.meera.get("/v1/conversations")).json()["items"][0]

    assert (sent.status_code, sent.json()["seq"]) == (201, 1)
    assert again.json() == sent.json()
    assert (seen[0]["ct"], seen[0]["com"]) == (said["ct"], said["com"])
    assert seen[0]["expires_at"] == sent.json()["created_at"] + 3_600_000
    assert {"dev", "from", "ts", "seq", "id", "k", "conv"} < set(seen[0])
    assert "body" not in seen[0]
    assert (shown["unread"], shown["rev"], shown["state"]) == (1, "1.0", "joined")
    assert shown["last"]["id"] == said["id"]
    assert "ct" not in shown["last"]
    assert {one["user_id"]: one["role"] for one in shown["members"]} == {
        str(friends.ravi_id): "member",
        str(friends.meera_id): "member",
    }
    page = (await friends.meera.get("/v1/stream", params={"after": 0})).json()
    assert [frame["ct"] for frame in page["frames"] if "ct" in frame] == [said["ct"]]


async def test_no_plain_word_is_taken(friends: Friends) -> None:
    path = f"/v1/conversations/{await friends.talk()}/messages"
    text = {"type": "text", "text": "Hello"}

    for wrong, problem in (
        ({"id": str(uuid7()), "body": text}, (422, "needs-encryption")),
        (sealed() | {"ct": '{"type":"text","text":"Hello"}'}, (422, "needs-encryption")),
        (sealed() | {"body": text}, (422, "invalid-input")),
        ({"id": str(uuid7())}, (422, "invalid-input")),
        (sealed() | {"com": "A" * 42 + "B"}, (422, "invalid-input")),
        (sealed() | {"slot": "name"}, (422, "invalid-input")),
        (sealed() | {"ct": make.ciphertext("x" * 65_000)}, (422, "invalid-input")),
    ):
        assert slug(await friends.ravi.post(path, json=wrong)) == problem
    assert (await friends.meera.get(path)).json()["items"] == []


async def test_a_stale_view_says_what_changed(friends: Friends) -> None:
    place = await friends.group()
    path = f"/v1/conversations/{place}"
    added = await friends.ravi.put(f"{path}/members/{friends.lina_id}", json={})

    stale = sealed()
    refused = await friends.ravi.post(f"{path}/messages", json=stale)
    retried = await friends.ravi.post(
        f"{path}/messages", json=sealed(rev=added.json()["rev"]) | {"id": stale["id"]}
    )

    assert slug(refused) == (409, "stale-audience")
    assert refused.json()["members_rev"] == 2
    assert {one["user_id"]: one["state"] for one in refused.json()["members"]} == {
        str(friends.ravi_id): "joined",
        str(friends.meera_id): "joined",
        str(friends.lina_id): "requested",
    }
    assert retried.json()["seq"] == 2


async def test_a_group_from_its_beginning_to_its_end(friends: Friends) -> None:
    place = await friends.group()
    path = f"/v1/conversations/{place}"

    settings = await friends.ravi.post(f"{path}/messages", json=sealed("Name", slot="settings"))
    shown = (await friends.meera.get(path)).json()
    denied = await friends.meera.put(f"{path}/members/{friends.lina_id}", json={})
    promoted = await friends.ravi.put(f"{path}/members/{friends.meera_id}", json={"role": "admin"})
    asked = await friends.meera.put(f"{path}/members/{friends.lina_id}", json={"role": "member"})
    accepted = await friends.lina.put(f"{path}/acceptance")
    timer = await friends.meera.put(f"{path}/timer", json={"timer_s": 604_800})
    removed = await friends.meera.delete(f"{path}/members/{friends.ravi_id}")
    left = await friends.meera.delete(f"{path}/members/{friends.meera_id}")
    last = (await friends.lina.get(path)).json()

    assert shown["settings"]["id"] == settings.json()["id"]
    assert slug(denied) == (403, "not-allowed")
    assert promoted.status_code == asked.status_code == accepted.status_code == 200
    assert accepted.json()["state"] == "joined"
    assert timer.json()["timer_s"] == 604_800
    assert (removed.status_code, left.status_code) == (204, 204)
    assert (last["role"], len(last["members"])) == ("admin", 1)
    assert slug(await friends.ravi.get(path)) == (404, "not-found")
    assert slug(await friends.ravi.post(f"{path}/messages", json=sealed())) == (
        403,
        "not-reachable",
    )
    assert slug(await friends.lina.put(f"{path}/timer", json={"timer_s": 5})) == (
        422,
        "invalid-input",
    )


async def test_a_request_is_refused_and_taken_back(friends: Friends) -> None:
    answer = await friends.lina.post(
        "/v1/conversations",
        json={"id": str(uuid7()), "kind": "private", "with_id": str(friends.meera_id)},
    )
    path = f"/v1/conversations/{answer.json()['id']}"
    for n in range(3):
        assert (await friends.lina.post(f"{path}/messages", json=sealed(f"{n}"))).status_code == 201
    fourth = await friends.lina.post(f"{path}/messages", json=sealed())

    refused = await friends.meera.delete(f"{path}/acceptance")
    fifth = await friends.lina.post(f"{path}/messages", json=sealed())
    accepted = await friends.meera.put(f"{path}/acceptance")

    assert slug(fourth) == (409, "request-pending")
    assert refused.status_code == 204
    assert slug(fifth) == (403, "not-reachable")
    assert accepted.json()["unread"] == 3


async def test_a_link_into_a_group(friends: Friends) -> None:
    place = await friends.group()

    link = await friends.ravi.post(f"/v1/conversations/{place}/invitations")
    where = f"/v1/invitations/{link.json()['code']}"
    seen = await friends.lina.get(where)
    joined = await friends.lina.put(f"{where}/acceptance")
    revoked = await friends.ravi.delete(where)

    assert link.status_code == 201
    assert (seen.json()["inviter"]["name"], seen.json()["member_count"]) == ("Ravi", 2)
    assert joined.json()["id"] == place
    assert revoked.status_code == 204
    for code in (link.json()["code"], "x", "%00", "é"):
        assert slug(await friends.lina.get(f"/v1/invitations/{code}")) == (404, "not-found")


async def test_a_sealed_file_is_uploaded_in_parts_and_read_from_the_middle(
    friends: Friends,
) -> None:
    place, media = await friends.talk(), str(uuid7())
    content = secrets.token_bytes(3 * 1_000 + 17)
    parts = [content[at : at + 1_000] for at in range(0, len(content), 1_000)]
    announced = {"id": media, "kind": "sealed", "size_bytes": len(content), "parts": len(parts)}
    where = f"/v1/media-uploads/{media}"

    begun = await friends.ravi.post("/v1/media-uploads", json=announced)
    for n in (1, 0, 3, 3):
        await friends.ravi.put(f"{where}/parts/{n}", content=parts[n])
    half = (await friends.ravi.get(where)).json()
    early = await friends.ravi.get(f"/v1/media/{media}/content")
    other = await friends.ravi.put(f"{where}/parts/0", content=parts[1])
    long = await friends.ravi.put(f"{where}/parts/2", content=bytes(2_097_153))
    whole = await friends.ravi.put(f"{where}/parts/2", content=parts[2])
    unseen = await friends.meera.get(f"/v1/media/{media}/content")
    await friends.ravi.post(f"/v1/conversations/{place}/messages", json=sealed(media=[media]))
    read = await friends.meera.get(f"/v1/media/{media}/content")
    piece = await friends.meera.get(
        f"/v1/media/{media}/content", headers={"Range": "bytes=990-2010"}
    )
    end = await friends.meera.get(f"/v1/media/{media}/content", headers={"Range": "bytes=-20"})

    assert begun.status_code == 201
    assert (half["arrived"], half["is_complete"]) == ([0, 1, 3], False)
    assert slug(early) == (409, "upload-incomplete")
    assert slug(other) == (409, "id-reused")
    assert slug(long) == (413, "too-large")
    assert whole.json()["is_complete"] is True
    assert slug(unseen) == (404, "not-found")
    assert sha256(read.content).digest() == sha256(content).digest()
    assert read.headers["content-length"] == str(len(content))
    assert (piece.status_code, piece.content) == (206, content[990:2011])
    assert piece.headers["content-range"] == f"bytes 990-2010/{len(content)}"
    assert end.content == content[-20:]
    plain = await friends.ravi.post(
        "/v1/media", params={"id": str(uuid7()), "kind": "sealed"}, content=b"plain"
    )
    assert slug(plain) == (422, "invalid-input")


async def test_hiding_and_reporting(friends: Friends) -> None:
    path = f"/v1/conversations/{await friends.talk()}/messages"
    rude = sealed("Rude")
    await friends.ravi.post(path, json=rude)
    key = make.b64encode(b"k" * 32).rstrip(b"=").decode()

    reported = await friends.meera.post(
        "/v1/reports", json={"messages": [{"id": rude["id"], "k": key, "c": "Rude"}]}
    )
    invented = await friends.meera.post(
        "/v1/reports", json={"messages": [{"id": rude["id"], "k": key, "c": "Worse"}]}
    )
    hidden = await friends.meera.put(f"/v1/messages/{rude['id']}/hiding")
    foreign = await friends.lina.put(f"/v1/messages/{rude['id']}/hiding")

    assert reported.status_code == 201
    assert reported.json()[0]["sender_id"] == str(friends.ravi_id)
    assert slug(invented) == (422, "not-proven")
    assert hidden.status_code == 204
    assert slug(foreign) == (404, "not-found")
    (entry,) = (await friends.meera.get(path)).json()["items"]
    assert entry["hidden"] is True
    assert "ct" not in entry


async def test_a_group_of_the_wrong_shape_is_none(friends: Friends) -> None:
    members = [str(friends.meera_id)]
    for wrong in (
        {"kind": "business", "form": "group", "member_ids": members},
        {"kind": "private", "form": "live", "member_ids": members},
        {"kind": "private", "member_ids": members},
        {"kind": "private", "form": "group", "member_ids": members, "with_id": members[0]},
        {"kind": "private"},
    ):
        answer = await friends.ravi.post("/v1/conversations", json={"id": str(uuid7()), **wrong})
        assert slug(answer) == (422, "invalid-input")
