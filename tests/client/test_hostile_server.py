"""A server that lies gets nothing, and is found out."""

import copy
import json
from typing import Any

import pytest
import vodozemac

from kirana.client import Client, KindChanged, NotConfirmed, envelope
from kirana.client.own import Own
from kirana.client.problems import Unreadable
from kirana.client.store import Store
from kirana.client.wire import encode64

from .office import Box, Json, name_of
from .test_private_talk import friends
from .world import World, pull, said


def ghost(world: World, user: str) -> str:
    """A device that the server adds to somebody, with keys that only the server has."""
    device = world.office.sign_in(user)
    store = Store(world.folder / f"ghost-{device}.db", is_durable=False)
    own = Own(store, user, device)
    box = world.office.boxes[device]
    box.keys, box.one_time = own.device_keys(), own.new_one_time_keys(20)
    store.close()
    world.office.revs[user] += 1
    return device


def refusals(client: Client, conv: str) -> list[tuple[int, str | None]]:
    page = client.history.page(conv)
    return [(it.seq, it.unread) for it in page if it.unread is not None]


async def test_a_ghost_device_gets_no_key(world: World) -> None:
    asha, ravi, talk = await friends(world)
    phantom = ghost(world, ravi.user_id)

    sent = await asha.say(talk, "Only for you")

    assert sent.seq == 1
    assert world.office.boxes[phantom].letters == []
    await ravi.pull()
    assert said(ravi, talk) == ["Only for you"]


async def test_a_ghost_device_with_a_made_up_signature_gets_no_key(world: World) -> None:
    asha, ravi, talk = await friends(world)
    phantom = ghost(world, ravi.user_id)
    keys = world.office.boxes[phantom].keys
    assert keys is not None
    (signer,) = world.office.identities[ravi.user_id]["self_signing_key"]["keys"].values()
    forged = vodozemac.Account().sign(b"anything").to_base64()
    keys["signatures"][name_of(ravi.user_id)][f"ed25519:{signer}"] = forged

    await asha.say(talk, "Only for you")

    assert world.office.boxes[phantom].letters == []


async def test_a_device_with_a_known_name_and_other_keys_gets_no_key(world: World) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "one")
    phantom = ghost(world, ravi.user_id)
    boxes = world.office.boxes
    store = Store(world.folder / "twin.db", is_durable=False)
    twin = Own(store, ravi.user_id, ravi.device_id)
    boxes[ravi.device_id].keys = twin.device_keys()
    store.close()
    world.office.revs[ravi.user_id] += 1
    boxes[ravi.device_id].letters.clear()

    await asha.say(talk, "two")

    assert boxes[phantom].letters == []
    for letter in boxes[ravi.device_id].letters:  # Sealed for the true one alone.
        assert list(letter["content"]["ciphertext"]) == [ravi.machine.own.curve25519]


async def test_a_swapped_identity_is_noticed(world: World) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "one")
    noticed: list[str] = []
    asha.on_keys_changed = noticed.append
    await swap_identity(world, ravi)

    sent = await asha.say(talk, "two")

    assert noticed == [ravi.user_id]
    assert sent.seq == 2


async def test_a_verified_persons_swapped_identity_stops_everything_until_somebody_decides(
    world: World,
) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "one")
    person = asha.machine.people.person(ravi.user_id)
    assert person is not None
    await asha.identity.sign_person(ravi.user_id, name_of(ravi.user_id), str(person.master))
    phone = await world.further(asha)
    await phone.machine.freshen([ravi.user_id], always=True)
    seen = phone.machine.people.person(ravi.user_id)
    assert seen is not None
    assert seen.is_verified
    other = await swap_identity(world, ravi)

    waiting = await asha.say(talk, "two")
    waiting_too = await phone.say(talk, "three")

    assert (waiting.seq, waiting.waits_for) == (None, "identity")
    assert (waiting_too.seq, waiting_too.waits_for) == (None, "identity")
    assert len(world.office.talks[talk].entries) == 1
    asha.withdraw(ravi.user_id)
    await asha.outbox.flush_all()
    assert asha.outbox.waiting() == []
    await other.pull()
    await other.read_history(talk)
    assert said(other, talk) == ["two"]


async def swap_identity(world: World, of: Client) -> Client:
    """The server puts itself in somebody's place: all their devices and keys are others."""
    for box in world.office.boxes.values():
        if box.user == of.user_id:
            box.is_revoked = True
    del world.office.identities[of.user_id]
    impostor = world.device(of.user_id)
    await impostor.begin()
    return impostor


async def test_a_third_person_in_a_talk_of_two_gets_no_key(world: World) -> None:
    asha, ravi, talk = await friends(world)
    eve = await world.first(world.person())
    world.office.talks[talk].members[eve.user_id] = {
        "state": "joined",
        "role": "member",
        "joined_seq": 1,
    }
    world.office.talks[talk].members_rev += 1
    box = world.office.boxes[eve.device_id]

    await asha.say(talk, "Between us")
    known = asha.conversations.find(talk)

    assert box.letters == []
    assert known is not None
    assert known.unlisted == [eve.user_id]
    await ravi.pull()
    assert said(ravi, talk) == ["Between us"]


async def test_a_member_that_the_server_alone_names_gets_no_key_and_is_not_heard(
    world: World,
) -> None:
    asha, ravi = await world.first(world.person()), await world.first(world.person())
    eve = await world.first(world.person())
    group = (await asha.make_group("Trip", [ravi.user_id])).id
    await pull(asha, ravi)
    told = world.office.talks[group]
    told.members[eve.user_id] = {"state": "joined", "role": "admin", "joined_seq": 1}
    told.members_rev += 1

    await asha.say(group, "Us two")
    assert world.office.boxes[eve.device_id].letters == []
    known = asha.conversations.find(group)
    assert known is not None
    assert known.unlisted == [eve.user_id]

    # Eve writes as if she were in it: with a list of her own making.
    eve.conversations.learn(world.office.shown(told, eve.user_id))
    world.office.talks[group].settings = None
    await eve._say_list(
        await eve.conversations.get(group),
        [eve.user_id, asha.user_id, ravi.user_id],
        [eve.user_id],
        {"title": "Eve's"},
    )
    await eve.say(group, "Hello, all")
    await pull(asha, ravi)

    for client in (asha, ravi):
        assert said(client, group)[-1] == "Us two"
        assert [why for _, why in refusals(client, group)] == [Unreadable.REFUSED] * 2
        kept = client.conversations.find(group)
        assert kept is not None
        assert kept.title == "Trip"


async def test_who_was_removed_is_not_heard_though_the_server_lets_them_in_again(
    world: World,
) -> None:
    asha, ravi = await world.first(world.person()), await world.first(world.person())
    meera = await world.first(world.person())
    group = (await asha.make_group("Trip", [ravi.user_id, meera.user_id])).id
    await pull(ravi, meera)
    await asha.remove_member(group, meera.user_id)
    await pull(asha, ravi)
    told = world.office.talks[group]
    told.members[meera.user_id] = {"state": "joined", "role": "member", "joined_seq": 1}
    told.members_rev += 1

    await meera.say(group, "I am back")
    await asha.say(group, "Are we alone?")
    await pull(asha, ravi)

    assert said(ravi, group)[-1] == said(asha, group)[-1] == "Are we alone?"
    assert [why for _, why in refusals(ravi, group)] == [Unreadable.REFUSED]
    with pytest.raises(Unreadable):
        meera.machine.sessions.decrypt(group, told.entries[-1]["ct"])


async def test_who_was_let_in_again_is_heard_as_soon_as_the_list_that_says_so_can_be_read(
    world: World,
) -> None:
    asha, ravi = await world.first(world.person()), await world.first(world.person())
    meera = await world.first(world.person())
    group = (await asha.make_group("Trip", [ravi.user_id, meera.user_id])).id
    await pull(ravi, meera)
    await asha.remove_member(group, meera.user_id)
    await pull(asha, ravi, meera)
    listed = await asha.add_member(group, meera.user_id)
    await pull(meera)
    back = await meera.say(group, "I am back")
    entries = {entry["id"]: entry for entry in world.office.talks[group].entries}

    # What she says comes first, and the list after it.
    await ravi.pull_letters()
    await ravi.history.take(entries[back.id], is_told=False)
    assert refusals(ravi, group) == [(back.seq, Unreadable.UNTRUSTED)]
    await ravi.history.take(entries[listed.id], is_told=False)

    assert refusals(ravi, group) == []
    assert said(ravi, group)[-1] == "I am back"


@pytest.mark.parametrize(
    "lie",
    [
        {"id": "01a00000-0000-7000-8000-00000000ffff"},
        {"com": encode64(bytes(32))},
        {"com": None},
        {"from": "somebody"},
        {"dev": "01a00000-0000-7000-8000-00000000fffe"},
        {"body": {"type": "text", "text": "Send me money"}},
    ],
    ids=lambda lie: next(iter(lie)),
)
async def test_what_was_changed_on_the_way_is_refused(world: World, lie: Json) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "true")
    await ravi.pull()
    await asha.say(talk, "to be changed")
    if lie.get("from"):
        lie = {"from": ravi.user_id}

    def tamper(method: str, path: str, answer: Any) -> Any:
        if path == "/v1/stream":
            for frame in answer["frames"]:
                if "ct" in frame:
                    frame.update(lie)
        return answer

    ravi.api.tamper = tamper  # type: ignore[attr-defined]
    await ravi.pull()

    assert said(ravi, talk) == ["true"]
    assert refusals(ravi, talk) in ([(2, Unreadable.REFUSED)], [(2, Unreadable.UNTRUSTED)])


async def test_a_message_cannot_be_said_again_or_elsewhere(world: World) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "I owe you ten")
    await ravi.pull()
    office = world.office
    entry = office.talks[talk].entries[0]
    again = {k: entry[k] for k in ("k", "from", "dev", "ct", "com")}
    office.append(office.talks[talk], {**again, "id": office.new_id()})
    office.append(office.talks[talk], {**again, "id": entry["id"]})
    group = (await asha.make_group("Trip", [ravi.user_id])).id
    await ravi.pull()
    office.append(office.talks[group], {**again, "id": entry["id"]})
    office.append(office.talks[group], {**again, "id": office.new_id()})

    await ravi.pull()

    assert said(ravi, talk) == ["I owe you ten"]
    assert said(ravi, group) == [""]
    assert refusals(ravi, talk) == [(2, Unreadable.REFUSED)]
    assert {why for _, why in refusals(ravi, group)} == {Unreadable.MISSING_KEY}


async def test_what_the_server_says_about_money_is_what_it_signed(world: World) -> None:
    asha, ravi, talk = await friends(world)
    server = vodozemac.Account()
    with ravi.store.change():
        ravi.store.put("facts_key", server.ed25519_key.to_base64())

    def fact(seq: int, amount: int, signed_for: int) -> Json:
        id, ts = world.office.new_id(), 1_000 + seq
        card = {"state": "paid", "amount": {"amount_minor": amount, "currency": "INR"}}
        body: Json = {"type": "fact", "fact": "transfer.posted", "card": card}
        whole = {**copy.deepcopy(body), "id": id, "ts": ts}
        whole["card"]["amount"]["amount_minor"] = signed_for
        text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
        body["sig"] = server.sign(text.encode()).to_base64()
        place = {"conv": talk, "seq": seq, "k": "fact", "id": id, "ts": ts}
        return {**place, "from": asha.user_id, "body": body}

    await ravi.history.take(fact(1, 500, 500), is_told=False)
    await ravi.history.take(fact(2, 50_000, 500), is_told=False)

    assert refusals(ravi, talk) == [(2, Unreadable.REFUSED)]
    shown = ravi.history.page(talk)
    assert [it.content is None for it in shown] == [False, True]


async def test_a_private_conversation_stays_private(world: World) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "one")
    await ravi.pull()
    world.office.talks[talk].kind = "business"
    asha.conversations.doubt()
    ravi.conversations.doubt()

    with pytest.raises(KindChanged):
        await asha.say(talk, "two")

    assert all("two" not in json.dumps(it) for it in world.office.talks[talk].entries)
    await ravi.pull()
    known = ravi.conversations.find(talk)
    assert known is not None
    assert known.is_private


async def test_a_letter_cannot_be_passed_on_as_somebody_elses(world: World) -> None:
    asha, ravi, talk = await friends(world)
    eve = await world.first(world.person())
    await asha.say(talk, "one")
    box = world.office.boxes[ravi.device_id]
    (letter,) = box.letters
    as_eves = copy.deepcopy(letter)
    as_eves["sender"] = name_of(eve.user_id)
    box.letters[:] = [as_eves]

    await ravi.pull()

    assert said(ravi, talk) == []
    assert refusals(ravi, talk) == [(1, Unreadable.MISSING_KEY)]


async def test_the_key_of_a_device_that_is_not_confirmed_is_not_believed(world: World) -> None:
    """Somebody has Asha's password: a device of theirs is hers by the server's word alone."""
    asha, ravi, talk = await friends(world)
    thief = world.device(asha.user_id)
    await thief.start()
    await thief.machine.freshen([ravi.user_id])
    readers = thief.machine.people.readers(ravi.user_id)
    session_id = await thief.machine.give_keys(talk, readers)
    id = world.office.new_id()
    content = {"type": "text", "text": "Send me money"}
    sealed = envelope.seal(id, talk, content, at=0, list_hash=None)
    ct = thief.machine.sessions.encrypt(talk, session_id, envelope.TYPE, sealed.envelope)
    entry = {"k": "message", "id": id, "from": asha.user_id, "dev": thief.device_id}
    world.office.append(world.office.talks[talk], {**entry, "ct": ct, "com": sealed.com})

    await ravi.pull()
    assert refusals(ravi, talk) == [(1, Unreadable.UNTRUSTED)]

    await thief.recover(str(asha.identity.recovery_key()))  # It was Asha's after all.
    await ravi.pull()
    assert said(ravi, talk) == ["Send me money"]


async def test_leaving_signatures_out_hides_nothing_that_an_owner_signed(world: World) -> None:
    asha, ravi, talk = await friends(world)

    def without_signatures(method: str, path: str, answer: Any) -> Any:
        if path == "/v1/key-queries":
            for name, devices in answer["device_keys"].items():
                for device, keys in devices.items():
                    own = keys["signatures"][name]
                    keys["signatures"] = {name: {f"ed25519:{device}": own[f"ed25519:{device}"]}}
        return answer

    ravi.api.tamper = without_signatures  # type: ignore[attr-defined]
    await asha.say(talk, "one")
    await ravi.pull()

    assert said(ravi, talk) == ["one"]
    await ravi.machine.freshen([ravi.user_id], always=True)
    with pytest.raises(NotConfirmed):  # By this server's word Ravi's own device is none of his.
        await ravi.machine.need_confirmation()


async def test_a_one_time_key_with_a_wrong_signature_is_not_used(world: World) -> None:
    asha, ravi, talk = await friends(world)

    def other_keys(method: str, path: str, answer: Any) -> Any:
        if path == "/v1/key-claims":
            for devices in answer["one_time_keys"].values():
                for keys in devices.values():
                    for key in keys.values():
                        key["key"] = vodozemac.Account().curve25519_key.to_base64()
        return answer

    asha.api.tamper = other_keys  # type: ignore[attr-defined]
    await asha.say(talk, "one")

    assert world.office.boxes[ravi.device_id].letters == []


async def test_what_the_backup_holds_proves_nothing_about_who_wrote_now(world: World) -> None:
    """Anybody can write into a backup: its public key is known to the server."""
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "true")
    await ravi.pull()
    box: Box = world.office.boxes[ravi.device_id]
    forger = await world.first(world.person())
    session = vodozemac.GroupSession()
    inbound = vodozemac.InboundGroupSession(session.session_key)
    with forger.store.change():
        forger.machine.sessions.keep(
            talk, asha.machine.own.curve25519, session.session_id, "", "", inbound, "direct"
        )
    row = forger.store.one("SELECT * FROM inbound")
    forger.store.put_secret("backup_key", ravi.backup.secret or b"")
    rooms = {f"!{talk}:kirana": {"sessions": {session.session_id: forger.backup._seal(row)}}}
    version = ravi.backup.version
    world.office.call(
        ravi.device_id, "PUT", f"/v1/key-backups/{version}/keys", {"rooms": rooms}, {}
    )
    id = world.office.new_id()
    made = forge(session, asha, talk, id)
    world.office.append(world.office.talks[talk], made)

    await ravi.pull()
    world.office.now += 60_000
    await ravi.pull()

    assert box.letters == []
    assert said(ravi, talk) == ["true"]
    assert refusals(ravi, talk) == [(2, Unreadable.UNTRUSTED)]


def forge(session: Any, asha: Client, talk: str, id: str) -> Json:
    sealed = envelope.seal(id, talk, {"type": "text", "text": "forged"}, at=0, list_hash=None)
    plain = {"type": envelope.TYPE, "content": sealed.envelope, "room_id": f"!{talk}:kirana"}
    content = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "sender_key": asha.machine.own.curve25519,
        "device_id": asha.device_id,
        "session_id": session.session_id,
        "ciphertext": session.encrypt(json.dumps(plain).encode()).to_base64(),
    }
    return {
        "k": "message",
        "id": id,
        "from": asha.user_id,
        "dev": asha.device_id,
        "ct": json.dumps(content),
        "com": sealed.com,
    }


async def test_keys_and_secrets_are_given_to_own_confirmed_devices_only(world: World) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "one")
    await ravi.pull()
    ct = json.loads(world.office.talks[talk].entries[0]["ct"])
    phantom = ghost(world, ravi.user_id)
    for sender, device in ((asha.user_id, asha.device_id), (ravi.user_id, phantom)):
        body = {
            "algorithm": ct["algorithm"],
            "room_id": f"!{talk}:kirana",
            "sender_key": ct["sender_key"],
            "session_id": ct["session_id"],
        }
        common = {"action": "request", "requesting_device_id": device, "request_id": "1"}
        deliver = world.office.deliver
        deliver(ravi.device_id, sender, "m.room_key_request", {**common, "body": body})
        secret = {**common, "name": "m.cross_signing.master"}
        deliver(ravi.device_id, sender, "m.secret.request", secret)
    before = len(world.office.boxes[asha.device_id].letters)

    await ravi.pull()

    assert world.office.boxes[phantom].letters == []
    assert len(world.office.boxes[asha.device_id].letters) == before

    laptop = await world.further(ravi)
    await laptop.machine.ask_for_key(talk, ct["sender_key"], ct["session_id"])
    await ravi.pull()
    await laptop.read_history(talk)
    await laptop.pull()
    assert said(laptop, talk) == ["one"]


async def test_a_key_that_nobody_asked_for_is_not_taken(world: World) -> None:
    asha, ravi, talk = await friends(world)
    phone = await world.further(ravi)
    await asha.say(talk, "one")
    await ravi.pull()
    row = ravi.store.one("SELECT * FROM inbound")
    assert row is not None
    key = ravi.machine._exported({"room_id": f"!{talk}:kirana", "session_id": row["session_id"]})
    assert key is not None
    forged = {**key, "sender_key": ravi.machine.own.curve25519}
    device = ravi.machine.people.device(ravi.user_id, phone.device_id)
    assert device is not None
    await ravi.machine.write_to([device], "m.forwarded_room_key", forged)

    await phone.pull()

    rows = phone.store.all("SELECT source FROM inbound")
    assert [it["source"] for it in rows] == ["direct"]


async def test_a_broken_letter_is_passed_over_and_the_way_is_mended(world: World) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "one")
    await ravi.pull()
    await ravi.say(talk, "two")
    await asha.pull()
    with ravi.store.change():  # As if an old copy of the file had come back.
        ravi.store.do("DELETE FROM olm_sessions")
    asha.machine.sessions.discard(talk)
    await asha.say(talk, "three")
    await ravi.pull()
    assert said(ravi, talk) == ["one", "two"]

    await asha.pull()
    await asha.say(talk, "four")
    await ravi.pull()

    assert said(ravi, talk) == ["one", "two", "four"]


async def test_withheld_keys_are_taken_calmly(world: World) -> None:
    asha, ravi, talk = await friends(world)
    deliver = world.office.deliver
    deliver(ravi.device_id, asha.user_id, "m.room_key.withheld", {"code": "m.unverified"})
    deliver(ravi.device_id, asha.user_id, "m.room.encrypted", {"algorithm": "m.olm.v9"})
    deliver(ravi.device_id, asha.user_id, "m.nothing", {})
    world.office.boxes[ravi.device_id].n += 1
    box = world.office.boxes[ravi.device_id]
    box.letters.append({"n": box.n, "sender": "@nobody", "type": "m.room_key", "content": {}})

    await ravi.pull()
    await asha.say(talk, "one")
    await ravi.pull()

    assert ravi.machine.letter_n == box.n
    assert said(ravi, talk) == ["one"]
