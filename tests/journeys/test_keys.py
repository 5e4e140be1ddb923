"""Devices find each other's keys, begin a session and exchange what only they can read."""

from dataclasses import dataclass

from kirana.values import UserId, user_name
from tests.crypto import CryptoDevice, Identity
from tests.live import Json, LiveServer, Phone, eventually

from . import make


@dataclass
class Party:
    """A person on one phone, with the keys of both."""

    phone: Phone
    device: CryptoDevice
    identity: Identity

    @property
    def name(self) -> str:
        return user_name(self.device.user_id)


def party(live: LiveServer, name: str) -> Party:
    """Somebody whose only device is theirs for sure."""
    phone = live.person(name)
    return furnish(phone, Identity(user_of(phone)), is_first=True)


def user_of(phone: Phone) -> UserId:
    assert phone.user_id is not None
    return phone.user_id


def furnish(phone: Phone, identity: Identity, *, is_first: bool = False) -> Party:
    """Upload everything for the phone's device."""
    current = next(it for it in phone.get("/v1/devices") if it["is_current"])
    device = CryptoDevice(user_of(phone), current["id"])
    phone.post(
        "/v1/device-keys",
        {
            "device_keys": device.device_keys,
            "one_time_keys": device.one_time_keys(5),
            "fallback_keys": device.fallback_key(),
        },
    )
    if is_first:
        phone.put("/v1/cross-signing-keys", identity.upload)
    answer = phone.post("/v1/key-signatures", identity.vouch_for(device))
    assert answer == {"failures": {}}
    return Party(phone, device, identity)


def ask_for(asker: Party, other: Party) -> Json:
    return asker.phone.post("/v1/key-queries", {"device_keys": {other.name: []}})


def write(sender: Party, other: Party, words: str, txn: str) -> None:
    """Encrypt for the other's device, from the keys that the server gives."""
    keys = ask_for(sender, other)["device_keys"][other.name][other.device.id]
    wanted = {other.name: {other.device.id: "signed_curve25519"}}
    claimed = sender.phone.post("/v1/key-claims", {"one_time_keys": wanted})
    one_time_key = claimed["one_time_keys"][other.name][other.device.id]
    session = sender.device.begin(keys, one_time_key)
    content = sender.device.seal(session, keys, words)
    path = f"/v1/device-messages/{txn}?type=m.room.encrypted"
    assert sender.phone.put(path, {"messages": {other.name: {other.device.id: content}}}) == {}


def test_what_one_device_sends_another_can_read(live: LiveServer) -> None:
    ravi, meera = party(live, "Ravi"), party(live, "Meera")

    write(ravi, meera, "The key of our conversation", "first")
    waiting = meera.phone.get("/v1/device-messages")

    (item,) = waiting["items"]
    assert (item["n"], item["sender"], item["type"]) == (1, ravi.name, "m.room.encrypted")
    assert meera.device.open(item["content"]) == "The key of our conversation"
    assert waiting["one_time_key_counts"] == {"signed_curve25519": 4}
    assert waiting["unused_fallback_key_types"] == ["signed_curve25519"]


def test_the_socket_brings_device_messages_until_they_are_acknowledged(live: LiveServer) -> None:
    ravi, meera = party(live, "Ravi"), party(live, "Meera")
    write(ravi, meera, "One", "one")
    first = meera.phone.socket()

    waiting = first.wait_for(t="td")
    counts = first.wait_for(t="otk")
    write(ravi, meera, "Two", "two")
    fewer = first.wait_for(t="otk")
    told = first.wait_for(t="td")
    first.close()
    second = meera.phone.socket()
    again = second.wait_for(t="td")
    second.say({"t": "ack", "n": 2})
    eventually(lambda: meera.phone.get("/v1/device-messages")["items"] == [])
    write(ravi, meera, "Three", "three")
    third = second.wait_for(t="td")

    assert [it["n"] for it in waiting["items"]] == [1]
    assert counts["counts"] == {"signed_curve25519": 4}
    assert counts["unused"] == ["signed_curve25519"]
    assert [it["n"] for it in told["items"]] == [2]
    assert fewer["counts"] == {"signed_curve25519": 3}
    assert again == {"t": "td", "n": 2, "items": [*waiting["items"], *told["items"]]}
    assert [it["n"] for it in third["items"]] == [3]
    opened = [meera.device.open(it["content"]) for it in [*again["items"], *third["items"]]]
    assert opened == ["One", "Two", "Three"]


def say_to(sender: Party, other: Party, content: Json, txn: str) -> None:
    path = f"/v1/device-messages/{txn}?type=m.dummy"
    sender.phone.put(path, {"messages": {other.name: {"*": content}}})


def test_a_message_never_overtakes_the_key_that_was_sent_before_it(live: LiveServer) -> None:
    shop = make.shop(live)
    asha = furnish(shop.owner, Identity(user_of(shop.owner)), is_first=True)
    ravi = party(live, "Ravi")
    place = make.conversation(ravi.phone, shop.id)
    socket = ravi.phone.socket()

    for number in range(30):
        say_to(asha, ravi, {"number": number}, f"{number}")
        make.say(shop.desk, place, f"{number}")
    socket.wait_for(lambda it: (it.get("body") or {}).get("text") == "29")

    keys = -1
    said = []
    for frame in socket.frames:
        if frame["t"] == "td":
            keys = frame["items"][-1]["content"]["number"]
        elif frame["t"] == "ev" and frame["k"] == "message" and not frame.get("auto"):
            said.append(frame["body"]["text"])
            assert keys >= int(frame["body"]["text"])
    assert said == [f"{number}" for number in range(30)]


def test_what_is_not_acknowledged_holds_the_rest_back_until_it_is(live: LiveServer) -> None:
    ravi, meera = party(live, "Ravi"), party(live, "Meera")
    for number in range(20):
        say_to(ravi, meera, {"text": "x" * 60_000}, f"{number}")

    socket = meera.phone.socket()
    assert socket.ask_for_pong()
    got = [it["n"] for frame in socket.frames if frame["t"] == "td" for it in frame["items"]]
    assert 0 < len(got) < 20
    while got[-1] < 20:
        socket.say({"t": "ack", "n": got[-1]})
        frame = socket.wait_for(t="td")
        got += [it["n"] for it in frame["items"]]

    assert got == list(range(1, 21))


def test_friends_hear_when_a_device_is_linked_and_when_it_is_revoked(live: LiveServer) -> None:
    ravi, meera, eve = party(live, "Ravi"), party(live, "Meera"), party(live, "Eve")
    make.conversation(ravi.phone, str(meera.device.user_id), "private")
    friend, stranger = meera.phone.socket(), eve.phone.socket()
    me = str(ravi.device.user_id)

    laptop = live.phone()
    laptop.user_id = ravi.phone.user_id
    laptop.take(live.token(user_of(ravi.phone)))
    second = furnish(laptop, ravi.identity)
    linked = [friend.wait_for(t="ev", k="devices", ref=me) for _ in range(2)]
    both = ask_for(meera, ravi)
    ravi.phone.delete(f"/v1/devices/{second.device.id}")
    revoked = friend.wait_for(t="ev", k="devices", ref=me)
    one = ask_for(meera, ravi)

    assert set(both["device_keys"][ravi.name]) == {ravi.device.id, second.device.id}
    assert both["devices_rev"] == {me: linked[-1]["seq"]}
    assert set(one["device_keys"][ravi.name]) == {ravi.device.id}
    assert one["devices_rev"] == {me: revoked["seq"]}
    assert revoked["seq"] == linked[-1]["seq"] + 1
    assert stranger.ask_for_pong()
    assert not any(it.get("k") == "devices" and it["ref"] == me for it in stranger.frames)


def test_a_guest_and_a_device_without_keys_are_sent_no_counts(live: LiveServer) -> None:
    guest, ravi = make.guest(live), live.person("Ravi")

    for phone in (guest, ravi):
        socket = phone.socket()
        socket.say({"t": "ack", "n": 3})
        assert socket.ask_for_pong()
        assert not any(it["t"] in ("td", "otk") for it in socket.frames)


def test_device_messages_are_lost_by_no_lost_connection(live: LiveServer) -> None:
    ravi, meera = party(live, "Ravi"), party(live, "Meera")
    kept: list[int] = []
    for turn in range(12):
        socket = meera.phone.socket()
        for number in range(3):
            say_to(ravi, meera, {"n": turn * 3 + number}, f"{turn}-{number}")
        while not kept or kept[-1] < turn * 3 + 2:
            for item in socket.wait_for(t="td")["items"]:
                if item["n"] > (kept[-1] + 1 if kept else 0):
                    kept.append(item["content"]["n"])
                    assert item["n"] == len(kept)
        if turn % 3 == 0:
            socket.say({"t": "ack", "n": len(kept)})
        socket.close()

    assert kept == list(range(36))
