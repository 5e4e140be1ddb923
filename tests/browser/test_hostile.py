"""A server that lies: what it makes up or changes is refused, and it is given nothing private."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import httpx
import vodozemac
from playwright.sync_api import Request, Route, expect

from kirana.client import envelope
from kirana.values import ConversationId, UserId, conversation_name, user_name, uuid7
from tests.crypto import CryptoDevice
from tests.servers import Server

from .conftest import Opener
from .liar import Change, Json, Liar, conversation_of
from .programs import Program, Starter
from .test_groups import to_info
from .test_interop import friends as acquainted
from .test_private import Somebody, friends, make_group

MEGOLM = "m.megolm.v1.aes-sha2"
NOT_TRUSTED = "This message could not be trusted and is not shown"
WAITING = "Waiting for this message"
KIND_CHANGED = "The server says that this chat is of another kind than before."


def test_a_device_that_its_owner_never_confirmed_gets_no_key(
    village: Server, visit: Opener
) -> None:
    vera, walt = friends(village, visit, "Vera", "Walt")
    with signed_in_elsewhere(village, walt) as ghost:
        vera.opens(walt)
        vera.says("Between us")
        walt.opens(vera)
        walt.reads("Between us")
        walt.says("Nobody else")
        vera.reads("Nobody else")

        waiting = ghost.get("/v1/device-messages?after=0").raise_for_status().json()["items"]
        # Walt's own device may ask it for his secrets, in the open; nobody tells it any.
        assert {it["type"] for it in waiting} <= {"m.secret.request", "m.room_key.withheld"}


def test_what_was_changed_on_the_way_is_not_shown(village: Server, visit: Opener) -> None:
    nora, emil = friends(village, visit, "Nora", "Emil")
    liar = Liar(emil.page)
    nora.opens(emil)
    nora.says("I owe you ten")
    emil.opens(nora)
    emil.reads("I owe you ten")
    first = {"ct": liar.seen[0]["ct"], "com": liar.seen[0]["com"]}
    other_id = str(uuid7())
    lies: list[Json] = [
        {"id": other_id},
        {"com": base64.b64encode(bytes(32)).decode()},
        {"com": None},
        {"from": emil.id},
        first,
    ]
    for number, lie in enumerate(lies, 1):
        liar.lie = only_later(liar.seen[0]["seq"], lie)
        nora.says(f"Lilac {number}")
        expect(emil.log.get_by_text(NOT_TRUSTED)).to_have_count(number)
    expect(emil.log.get_by_text("Lilac")).to_have_count(0)

    # The same again, in a place of its own: it is one message, and the talk goes on.
    again = {**first, "id": liar.seen[0]["id"]}
    liar.lie = lambda entry: again if entry["seq"] == liar.seen[0]["seq"] + len(lies) + 1 else {}
    nora.says("Lilac at last")
    nora.says("The truth")
    emil.reads("The truth")
    expect(emil.log.get_by_text("Lilac")).to_have_count(0)
    expect(emil.log.get_by_text("I owe you ten")).to_have_count(1)


def only_later(seq: int, lie: Json) -> Change:
    return lambda entry: lie if entry["seq"] > seq else {}


class Forger:
    """Somebody with a device of their own, who makes up what others would say to a reader."""

    def __init__(self, program: Program, conv: str, reader: Somebody) -> None:
        self.program, self.conv, self._reader = program, conv, reader
        self._machine = program.client.machine
        program.do(self._machine.readers([reader.id]))
        self._devices = self._machine.people.readers(reader.id)

    def by_own_key(self, text: str) -> Json:
        """What stands for a message; its key was given as one's own."""
        id, sealed = self._seal(text)
        session = self.program.do(self._machine.give_keys(self.conv, self._devices))
        encrypt = self._machine.sessions.encrypt
        ct = encrypt(self.conv, session, envelope.TYPE, sealed.envelope)
        return {"id": id, "ct": ct, "com": sealed.com}

    def by_new_key(self, text: str) -> tuple[Json, Json]:
        """The same by a key that nobody has been given; and that key."""
        id, sealed = self._seal(text)
        session = vodozemac.GroupSession()
        key = {
            "algorithm": MEGOLM,
            "room_id": conversation_name(ConversationId(UUID(self.conv))),
            "session_id": session.session_id,
            "session_key": session.session_key.to_base64(),
        }
        plain = {"type": envelope.TYPE, "content": sealed.envelope, "room_id": key["room_id"]}
        content = {
            "algorithm": MEGOLM,
            "sender_key": self._machine.own.curve25519,
            "device_id": self.program.client.device_id,
            "session_id": session.session_id,
            "ciphertext": session.encrypt(json.dumps(plain).encode()).to_base64(),
        }
        return {"id": id, "ct": json.dumps(content), "com": sealed.com}, key

    def forwarded(self, key: Json) -> Json:
        """That key as if somebody had asked for it."""
        inbound = vodozemac.InboundGroupSession(vodozemac.SessionKey(key["session_key"]))
        exported = inbound.export_at(0)
        assert exported is not None
        own = self._machine.own
        return {
            **key,
            "session_key": exported.to_base64(),
            "sender_key": own.curve25519,
            "sender_claimed_ed25519_key": own.ed25519,
            "forwarding_curve25519_key_chain": [],
        }

    def write(self, type: str, content: Json, *, is_sealed: bool) -> None:
        """A device message for each of the reader's devices."""
        if is_sealed:
            self.program.do(self._machine.write_to(self._devices, type, content))
            return
        messages = {name_of(self._reader.id): {it.device_id: content for it in self._devices}}
        path = f"/v1/device-messages/{uuid7()}?type={type}"
        self.program.do(self.program.client.call("PUT", path, {"messages": messages}))

    def _seal(self, text: str) -> tuple[str, envelope.Sealed]:
        id = str(uuid7())
        content = {"type": "text", "text": text}
        return id, envelope.seal(id, self.conv, content, at=0, list_hash=None)


def name_of(user: str) -> str:
    return user_name(UserId(UUID(user)))


def test_made_up_keys_let_nobody_speak_as_a_friend(
    village: Server, visit: Opener, program: Starter
) -> None:
    tara, uwe = friends(village, visit, "Tara", "Uwe")
    liar = Liar(uwe.page)
    tara.opens(uwe)
    tara.says("It is me")
    uwe.opens(tara)
    uwe.reads("It is me")
    eve = program()
    eve.sign_in("eve@forged.example", "Eve")
    eve.do(eve.client.begin())
    acquainted(uwe, eve)
    eve.do(eve.client.talk_with(uwe.id))
    forger = Forger(eve, liar.seen[0]["conv"], uwe)

    lies: dict[int, Json] = {}
    liar.lie = lambda entry: lies.get(entry["seq"], {})
    first: int = liar.seen[0]["seq"]
    own_key = forger.by_own_key("Pay Eve, says Tara")
    by_eve = {**forger.by_own_key("Pay Eve, says somebody"), "from": eve.client.user_id}
    given, its_key = forger.by_new_key("Pay Eve, as Tara would")
    forger.write("m.room_key", its_key, is_sealed=True)
    for number, lie in enumerate((own_key, by_eve, given), 1):
        lies[first + number] = lie
        tara.says("Amber")
        expect(uwe.log.get_by_text(NOT_TRUSTED)).to_have_count(number)

    def as_of(sender: str) -> Change:
        return lambda letter: {"sender": name_of(sender)} if letter["sender"] == her_name else {}

    her_name = name_of(eve.client.user_id)
    for number, (sender, type, is_sealed) in enumerate(
        [
            (tara.id, "m.room_key", True),
            (tara.id, "m.room_key", False),
            (tara.id, "m.forwarded_room_key", True),
            (tara.id, "m.forwarded_room_key", False),
            (uwe.id, "m.forwarded_room_key", True),
            (uwe.id, "m.forwarded_room_key", False),
            (eve.client.user_id, "m.forwarded_room_key", True),
        ],
        1,
    ):
        made_up, key = forger.by_new_key(f"Pay Eve {number}")
        forged = forger.forwarded(key) if type == "m.forwarded_room_key" else key
        liar.forge = as_of(sender)
        forger.write(type, forged, is_sealed=is_sealed)
        lies[first + len(lies) + 1] = made_up
        tara.says("Amber")
        expect(uwe.log.get_by_text(WAITING)).to_have_count(number)
    tara.says("Still me")
    uwe.reads("Still me")

    # Also when all is opened anew, after whatever came.
    uwe.page.reload()
    uwe.reads("Still me")
    expect(uwe.log.get_by_text(WAITING)).to_have_count(7)
    expect(uwe.log.get_by_text(NOT_TRUSTED)).to_have_count(3)
    expect(uwe.page.get_by_text("Pay Eve")).to_have_count(0)


def test_settings_that_are_served_again_change_nothing(village: Server, visit: Opener) -> None:
    rike, sami = friends(village, visit, "Rike", "Sami")
    liar = Liar(sami.page)
    make_group(rike, "Old harbour", "Sami")
    rike.says("Where we meet")
    conv = conversation_of(rike.page)
    sami.page.goto(f"{village.url}/app/chats/{conv}")
    name = sami.page.get_by_role("heading", name="Old harbour")
    expect(name).to_be_visible()
    told = sami.page.request.get(f"{village.url}/v1/conversations/{conv}").json()
    to_info(rike, "Old harbour")
    rike.page.get_by_label("Who may change name").select_option(label="Everybody")
    rike.page.get_by_label("Name of the group").fill("New harbour")
    rike.page.get_by_role("button", name="Save").click()
    named = sami.page.get_by_role("heading", name="New harbour")
    expect(named).to_be_visible()
    sami.reads("Rike named the group “New harbour”")

    # After a new start the server has nothing but what was set first, or nothing at all.
    before = {name: told[name] for name in ("settings", "admin_settings")}
    for served in (before, {"settings": None, "admin_settings": None}):
        asked: list[str] = []
        liar.pretend = instead_of(conv, served, asked)
        sami.page.goto("about:blank")
        sami.page.goto(f"{village.url}/app/chats/{conv}")
        sami.reads("Where we meet")
        expect(named).to_be_visible()
        sami.page.goto(f"{village.url}/app/chats")
        row = sami.page.get_by_role("link", name=re.compile("harbour"))
        expect(row.first).to_contain_text("New harbour")
        assert asked, "The server told what was set."

    # What is set after that holds again.
    liar.pretend = lambda _: {}
    rike.page.get_by_label("Name of the group").fill("Last harbour")
    rike.page.get_by_role("button", name="Save").click()
    sami.page.goto(f"{village.url}/app/chats/{conv}")
    expect(sami.page.get_by_role("heading", name="Last harbour")).to_be_visible()


def instead_of(conv: str, served: Json, asked: list[str]) -> Change:
    def pretend(told: Json) -> Json:
        if told.get("id") != conv or "settings" not in told:
            return {}
        asked.append(conv)
        return served

    return pretend


def test_what_comes_twice_or_in_another_order_is_read_once_and_in_its_own(
    village: Server, visit: Opener
) -> None:
    jonas, klara = friends(village, visit, "Jonas", "Klara")
    liar = Liar(klara.page)
    jonas.opens(klara)
    said = [f"Number {n}" for n in range(1, 7)]
    jonas.says(said[0])
    klara.opens(jonas)
    klara.reads(said[0])

    # While one looks.
    liar.held = []
    for words in said[1:]:
        jonas.says(words)
    liar.tell_backwards(len(said) - 1)
    klara.reads(said[-1])
    expect(klara.log.locator(".words")).to_contain_text(said)

    # And when the history is told with two in each other's places.
    second, third = (liar.seen[0]["seq"] + n for n in (1, 2))
    swapped = {second: third, third: second}
    liar.lie = lambda entry: {"seq": swapped.get(entry["seq"], entry["seq"])}
    klara.page.reload()
    klara.reads(said[-1])
    expect(klara.log.locator(".words")).to_contain_text(said)
    jonas.says("And on")
    klara.reads("And on")
    expect(klara.log.locator(".words")).to_contain_text([*said, "And on"])


def test_nothing_readable_is_sent_where_a_chat_was_private(village: Server, visit: Opener) -> None:
    ines, kofi = friends(village, visit, "Ines", "Kofi")
    ines.opens(kofi)
    ines.says("Private")
    kofi.opens(ines)
    kofi.reads("Private")
    sent: list[str] = []
    ines.page.on("request", lambda it: sent.append(it.post_data or "") if is_post(it) else None)

    ines.page.route(re.compile("/v1/conversations"), as_business)
    ines.page.reload()
    expect(ines.page.get_by_text(KIND_CHANGED)).to_be_visible()

    assert not [it for it in sent if '"body"' in it]


def is_post(request: Request) -> bool:
    return request.method == "POST"


def as_business(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace('"private"', '"business"'))


@contextmanager
def signed_in_elsewhere(server: Server, person: Somebody) -> Iterator[httpx.Client]:
    """Somebody has this person's code: a device with keys that nobody but itself signed."""
    address = f"{person.name.lower()}@example.org"
    with httpx.Client(base_url=server.url, timeout=60) as client:
        client.post("/v1/codes", json={"id": str(uuid7()), "address": address}).raise_for_status()
        proof = {"id": str(uuid7()), "address": address, "code": server.code_for(address)}
        joined = client.post("/v1/sessions", json={**proof, "device_name": "t", "wants": "token"})
        joined.raise_for_status()
        client.headers["Authorization"] = f"Bearer {joined.json()['token']}"
        devices = client.get("/v1/devices").raise_for_status().json()
        (id_,) = [it["id"] for it in devices if it["is_current"]]
        ghost = CryptoDevice(UserId(UUID(person.id)), id_)
        keys = {"device_keys": ghost.device_keys, "one_time_keys": ghost.one_time_keys(5)}
        client.post("/v1/device-keys", json=keys).raise_for_status()
        yield client
