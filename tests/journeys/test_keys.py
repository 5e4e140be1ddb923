"""Devices find each other's keys, begin a session and exchange what only they can read."""

from dataclasses import dataclass

from kirana.values import UserId, user_name
from tests.crypto import CryptoDevice, Identity
from tests.live import Json, LiveServer, Phone, eventually


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
