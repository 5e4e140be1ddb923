"""Secrets between friends, over the socket: the server passes on what it cannot read."""

from kirana import identity
from kirana.values import Actor, UserId
from tests.chat.make import ciphertext, commitment
from tests.live import Json, LiveServer, Phone, new_id


def test_a_secret_arrives_at_once_and_a_stale_view_is_refused(live: LiveServer) -> None:
    ravi, meera, omar = live.person("Ravi"), live.person("Meera"), live.person("Omar")
    for friend in (meera, omar):
        know(live, friend, ravi)
    place = ravi.post(
        "/v1/conversations",
        {
            "id": new_id(),
            "kind": "private",
            "form": "group",
            "member_ids": [str(meera.user_id)],
        },
    )["id"]
    his, hers = ravi.socket(), meera.socket()

    first = secret(place, "Hello", "1.0")
    sent = his.ask(first)
    told = hers.wait_for(conv=place, k="message")
    ravi.put(f"/v1/conversations/{place}/members/{omar.user_id}", {})
    changed = hers.wait_for(conv=place, k="change")
    again = his.ask(first)
    stale = his.ask(secret(place, "Old view", "1.0", id="019a0000-0000-7000-8000-000000000001"))
    fresh = his.ask(secret(place, "New view", "2.0", id="019a0000-0000-7000-8000-000000000001"))

    assert (sent["t"], sent["seq"]) == ("ok", 1)
    assert (told["ct"], told["com"]) == (first["ct"], first["com"])
    assert changed["body"]["change"] == "joined"
    assert again == sent
    assert (stale["code"], stale["members_rev"]) == ("stale-audience", 2)
    assert {one["user_id"]: one["devices_rev"] for one in stale["members"]} == {
        str(who.user_id): 0 for who in (ravi, meera, omar)
    }
    assert (fresh["t"], fresh["seq"]) == ("ok", 3)
    assert [entry["seq"] for entry in history(omar, place)] == [2, 3]


def test_the_socket_takes_no_plain_word_in_private(live: LiveServer) -> None:
    ravi, meera = live.person("Ravi"), live.person("Meera")
    place = ravi.post(
        "/v1/conversations",
        {"id": new_id(), "kind": "private", "with_id": str(meera.user_id)},
    )["id"]
    socket, body = ravi.socket(), {"type": "text", "text": "Hello"}

    for frame, code in (
        ({"t": "send", "id": new_id(), "conv": place, "body": body}, "needs-encryption"),
        (secret(place, "Hi", "1.0") | {"ct": "Hello"}, "needs-encryption"),
        (secret(place, "Hi", "1.0") | {"body": body}, "invalid-input"),
        ({"t": "send", "id": new_id(), "conv": place}, "invalid-input"),
        (secret(place, "Hi", "1.0") | {"slot": "name"}, "invalid-input"),
    ):
        assert socket.ask(frame)["code"] == code
    quiet = secret(place, "Hi", "1.0", quiet=True, ttl_s=60)
    assert socket.ask(quiet)["t"] == "ok"
    (entry,) = history(meera, place)
    assert (entry["quiet"], entry["expires_at"] - entry["ts"]) == (True, 60_000)


def know(live: LiveServer, who: Phone, other: Phone) -> None:
    """`who` keeps `other` as a contact."""
    assert who.user_id is not None
    assert other.user_id is not None
    by = Actor(UserId(who.user_id), UserId(who.user_id))
    live.write(identity.save_contact, other.user_id, by=by)


def secret(place: str, words: str, rev: str, **more: object) -> Json:
    return {
        "t": "send",
        "id": new_id(),
        "conv": place,
        "ct": ciphertext(words),
        "rev": rev,
        "com": commitment(words),
        **more,
    }


def history(who: Phone, place: str) -> list[Json]:
    items: list[Json] = who.get(f"/v1/conversations/{place}/messages")["items"]
    return items
