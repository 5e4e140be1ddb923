"""Two people, three devices and a group: who can read what, and what is never lost."""

import json
from typing import Any

import pytest

from kirana.client import Client, NotConfirmed, Refused, Unreachable
from kirana.client.problems import Unreadable
from kirana.client.sessions import LIFE_MS, MESSAGES

from .office import Json
from .world import OfficeApi, World, pull, said


async def friends(world: World) -> tuple[Client, Client, str]:
    """Asha and Ravi, and their conversation."""
    asha, ravi = await world.first(world.person()), await world.first(world.person())
    talk = await asha.talk_with(ravi.user_id)
    return asha, ravi, talk.id


async def test_friends_read_each_other(world: World) -> None:
    asha, ravi, talk = await friends(world)

    sent = await asha.say(talk, "Chai?")
    await ravi.pull()
    answered = await ravi.say(talk, "At four.")
    await asha.pull()

    assert (sent.seq, answered.seq) == (1, 2)
    assert said(asha, talk) == said(ravi, talk) == ["Chai?", "At four."]


async def test_the_office_sees_none_of_it(world: World) -> None:
    asha, _, talk = await friends(world)

    await asha.say(talk, "Marigold at the riverside")

    kept = json.dumps([vars(it) for it in world.office.talks.values()], default=str)
    assert "Marigold" not in kept
    assert '"ct"' in kept


async def test_a_further_device_reads_what_is_new_at_once_and_what_was_after_restoring(
    world: World,
) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "before")
    await pull(ravi, asha)
    laptop = world.device(ravi.user_id)
    assert await laptop.start() == "unconfirmed"
    await laptop.pull()
    await asha.say(talk, "between")
    await laptop.pull()
    await laptop.read_history(talk)
    assert said(laptop, talk) == []
    await ravi.pull()

    await laptop.recover(str(ravi.identity.recovery_key()))
    await asha.pull()
    await asha.say(talk, "after")
    await laptop.pull()

    assert said(laptop, talk) == ["before", "between", "after"]
    shields = [it.shield for it in laptop.history.page(talk)]
    assert shields == ["restored", "restored", None]


async def test_a_device_that_was_not_confirmed_writes_nothing_private(world: World) -> None:
    _, ravi, talk = await friends(world)
    laptop = world.device(ravi.user_id)
    await laptop.start()
    await laptop.pull()

    with pytest.raises(NotConfirmed):
        await laptop.say(talk, "Hello?")

    assert laptop.outbox.waiting() == []


async def test_a_revoked_device_reads_nothing_new(world: World) -> None:
    asha, ravi, talk = await friends(world)
    phone = await world.further(ravi)
    await asha.say(talk, "one")
    await phone.pull()
    world.office.revoke(phone.device_id)

    await asha.say(talk, "two")

    ct = world.office.talks[talk].entries[-1]["ct"]
    with pytest.raises(Unreadable) as refused:
        phone.machine.sessions.decrypt(talk, ct)
    assert refused.value.why == Unreadable.MISSING_KEY
    assert said(phone, talk) == ["one"]
    await ravi.pull()
    assert said(ravi, talk) == ["one", "two"]


async def test_a_message_waits_for_somebody_to_have_a_device(world: World) -> None:
    asha, ravi = await world.first(world.person()), world.device(world.person())
    talk = await asha.talk_with(ravi.user_id)
    waiting = await asha.say(talk.id, "Are you there?")
    assert (waiting.seq, waiting.waits_for) == (None, "devices")
    assert world.office.talks[talk.id].entries == []

    await ravi.begin()
    await pull(asha, ravi)
    await ravi.read_history(talk.id)

    assert said(ravi, talk.id) == ["Are you there?"]
    assert asha.outbox.waiting() == []


async def test_a_list_that_changed_in_between_costs_one_more_try_with_the_same_id(
    world: World,
) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "one")
    phone = await world.further(ravi)
    await asha.machine.freshen([ravi.user_id])  # Nobody told Asha yet that this is to be done.
    calls = asha.api.calls  # type: ignore[attr-defined]
    calls.clear()

    sent = await asha.say(talk, "two")

    posts = [path for method, path in calls if path.endswith("/messages")]
    assert len(posts) == 2
    assert sent.seq == 2
    await pull(ravi, phone)
    assert said(ravi, talk) == ["one", "two"]
    assert said(phone, talk)[-1] == "two"


async def test_the_key_is_replaced_after_a_hundred_messages_and_after_a_week(
    world: World,
) -> None:
    asha, ravi, talk = await friends(world)
    for number in range(MESSAGES + 1):
        await asha.say(talk, f"{number}")
    entries = world.office.talks[talk].entries
    names = [json.loads(entry["ct"])["session_id"] for entry in entries]
    assert len(set(names[:MESSAGES])) == 1
    assert names[MESSAGES] != names[0]

    world.office.now += LIFE_MS
    await asha.say(talk, "a week later")

    assert json.loads(entries[-1]["ct"])["session_id"] not in names
    await ravi.pull()
    assert len(said(ravi, talk)) == MESSAGES + 2


async def test_who_joins_a_group_reads_nothing_from_before(world: World) -> None:
    asha, ravi = await world.first(world.person()), await world.first(world.person())
    meera = await world.first(world.person())
    group = (await asha.make_group("Trip", [ravi.user_id])).id
    await asha.say(group, "before")

    await asha.add_member(group, meera.user_id)
    await asha.say(group, "after")
    await pull(meera, ravi)

    assert said(meera, group)[-1] == "after"
    assert "before" not in said(meera, group)
    ct = world.office.talks[group].entries[1]["ct"]
    with pytest.raises(Unreadable):
        meera.machine.sessions.decrypt(group, ct)
    known = meera.conversations.find(group)
    assert known is not None
    assert known.title == "Trip"
    await meera.say(group, "hello")
    await pull(asha, ravi)
    assert said(asha, group)[-1] == said(ravi, group)[-1] == "hello"


async def test_who_left_a_group_reads_nothing_from_after(world: World) -> None:
    asha, ravi = await world.first(world.person()), await world.first(world.person())
    meera = await world.first(world.person())
    group = (await asha.make_group("Trip", [ravi.user_id, meera.user_id])).id
    await asha.say(group, "with you")
    await pull(meera, ravi)

    await asha.remove_member(group, meera.user_id)
    await ravi.say(group, "without you")
    await asha.say(group, "indeed")

    for entry in world.office.talks[group].entries[-2:]:
        with pytest.raises(Unreadable):
            meera.machine.sessions.decrypt(group, entry["ct"])
    await pull(asha, ravi)
    assert said(asha, group)[-2:] == said(ravi, group)[-2:] == ["without you", "indeed"]


async def test_a_further_device_knows_a_groups_members_without_its_history(world: World) -> None:
    asha, ravi = await world.first(world.person()), await world.first(world.person())
    group = (await asha.make_group("Trip", [ravi.user_id])).id
    await pull(ravi, asha)
    phone = await world.further(ravi)

    sent = await phone.say(group, "from my phone")

    assert sent.seq is not None
    await asha.pull()
    assert said(asha, group)[-1] == "from my phone"


async def test_a_deleted_message_goes_from_every_device(world: World) -> None:
    asha, ravi, talk = await friends(world)
    sent = await asha.say(talk, "Oh no")
    await ravi.pull()

    await asha.delete(sent.id)
    await pull(asha, ravi)

    assert said(asha, talk) == said(ravi, talk) == []
    assert [it.k for it in ravi.history.page(talk)] == ["message", "deletion"]


async def test_each_message_is_told_once_and_again_only_if_it_was_not_handled(
    world: World,
) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "one")
    await asha.say(talk, "two")
    await ravi.pull()
    coming = ravi.messages()
    first = await anext(coming)
    await coming.aclose()

    ravi = world.reopen(ravi)
    again = ravi.messages()
    told = [(await anext(again)).text, (await anext(again)).text]
    await again.aclose()

    assert first.text == "one"
    assert told == ["one", "two"]


class DyingApi(OfficeApi):
    """The process ends at one call: before it, or after it and before its answer."""

    def __init__(self, world: World, device: str, at: int, *, after: bool) -> None:
        super().__init__(world.office, device)
        self.left, self.after = at, after

    async def call(self, method: str, path: str, body: Any = None, **rest: Any) -> Any:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise KeyboardInterrupt
        answer = await super().call(method, path, body, **rest)
        if self.left == 0:
            raise KeyboardInterrupt
        return answer


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_at_any_call_loses_nothing_and_doubles_nothing(
    world: World, after: bool
) -> None:
    asha, ravi, talk = await friends(world)
    crashes = 0
    for at in range(1, 8):
        text, id = f"at {at}", world.office.new_id()
        phone = await world.further(ravi)  # Its list is stale, and there is a key to share.
        if at % 3 == 0:
            world.office.revoke(phone.device_id)
        asha.api = DyingApi(world, asha.device_id, at, after=after)
        asha = world.reopen(asha)
        try:
            await asha.say(talk, text, id=id)
        except KeyboardInterrupt:
            crashes += 1
        asha.api = OfficeApi(world.office, asha.device_id)
        asha = world.reopen(asha)
        await asha.pull()
        again = await asha.say(talk, text, id=id)
        assert (again.seq, asha.outbox.waiting()) == (at, [])
        await ravi.pull()
        assert said(ravi, talk) == [f"at {n}" for n in range(1, at + 1)]
        if at % 3:
            await phone.pull()
            assert said(phone, talk)[-1] == text
    assert crashes >= 5


async def test_an_answer_that_is_lost_is_asked_for_again_with_the_same_bytes(
    world: World,
) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "one")

    class LosingApi(OfficeApi):
        async def call(self, method: str, path: str, body: Any = None, **rest: Any) -> Any:
            answer = await super().call(method, path, body, **rest)
            if path.endswith("/messages") and method == "POST":
                raise Unreachable("The answer was lost.")
            return answer

    asha.api = LosingApi(world.office, asha.device_id)
    asha = world.reopen(asha)
    lost = await asha.say(talk, "two")
    asha.api = OfficeApi(world.office, asha.device_id)
    asha = world.reopen(asha)
    await asha.outbox.flush_all()

    assert (lost.seq, lost.waits_for) == (None, "offline")
    await ravi.pull()
    assert said(ravi, talk) == said(asha, talk) == ["one", "two"]
    assert len(world.office.talks[talk].entries) == 2


async def test_a_business_conversation_is_plain_and_a_private_one_never(world: World) -> None:
    asha, shop = await world.first(world.person()), await world.first(world.person())
    plain = await asha.talk_with(shop.user_id, "business")
    sent = await asha.say(plain.id, "Is the dal fresh?")
    entry = world.office.talks[plain.id].entries[0]
    assert (sent.seq, entry["body"]["text"]) == (1, "Is the dal fresh?")
    await shop.pull()
    assert said(shop, plain.id) == ["Is the dal fresh?"]

    ravi = await world.first(world.person())
    private = await asha.talk_with(ravi.user_id)
    world.office.talks[private.id].kind = "business"
    world.office._send = refuse_ciphertext  # type: ignore[method-assign,assignment]
    with pytest.raises(Refused):  # What arrives is ciphertext, which a business one refuses.
        await asha.say(private.id, "Between us")
    assert all("body" not in it for it in world.office.talks[private.id].entries)


def refuse_ciphertext(device: str, user: str, talk: Any, body: Json) -> Json:
    assert "body" not in body
    raise Refused(422, "not-encrypted", "Plain only.", {})


async def test_letters_use_one_time_keys_once_and_the_last_one_again(world: World) -> None:
    asha = await world.first(world.person())
    box = world.office.boxes[asha.device_id]
    box.one_time.clear()
    others = [await world.first(world.person()) for _ in range(3)]

    for other in others:
        talk = await other.talk_with(asha.user_id)
        await other.say(talk.id, "hello")
    assert box.is_fallback_used
    await asha.pull()

    for other in others:
        (talk_id,) = (it.id for it in other.conversations.all())
        assert said(asha, talk_id) == ["hello"]
    assert len(box.one_time) == 50
    assert not box.is_fallback_used


async def test_a_device_that_came_and_went_unseen_costs_a_new_key(world: World) -> None:
    """It may have fetched the key in use from its owner's backup."""
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "one")
    await ravi.pull()
    thief = await world.further(ravi)
    world.office.revoke(thief.device_id)

    await asha.say(talk, "two")

    first, second = (it["ct"] for it in world.office.talks[talk].entries)
    thief.machine.sessions.decrypt(talk, first)
    with pytest.raises(Unreadable):
        thief.machine.sessions.decrypt(talk, second)


async def test_a_device_that_came_gets_the_key_in_use(world: World) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "one")

    phone = await world.further(ravi)
    await asha.say(talk, "two")

    entries = world.office.talks[talk].entries
    assert len({json.loads(it["ct"])["session_id"] for it in entries}) == 1
    await phone.pull()
    with pytest.raises(Unreadable):
        phone.machine.sessions.decrypt(talk, entries[0]["ct"])


async def test_what_the_server_refuses_later_is_set_aside_and_holds_nothing_up(
    world: World,
) -> None:
    asha, ravi = await world.first(world.person()), await world.first(world.person())
    group = (await asha.make_group("Trip", [ravi.user_id])).id
    await pull(ravi, asha)
    ravi.api = LostApi(world.office, ravi.device_id)
    ravi = world.reopen(ravi)
    await ravi.say(group, "Wait for me")
    await asha.remove_member(group, ravi.user_id)
    ravi.api = OfficeApi(world.office, ravi.device_id)
    ravi = world.reopen(ravi)

    await ravi.pull()

    ((conv, id, why),) = ravi.outbox.refused()
    assert (conv, why, ravi.outbox.waiting()) == (group, "not-found", [])
    ravi.outbox.drop(id)
    assert ravi.outbox.refused() == []


async def test_what_a_device_wrote_before_it_was_revoked_is_read_later(world: World) -> None:
    asha, ravi, talk = await friends(world)
    seen, unseen = world.device(ravi.user_id), world.device(ravi.user_id)
    await seen.start()
    await asha.machine.freshen([ravi.user_id], always=True)  # Seen before it was confirmed.
    for device in (seen, unseen):
        await device.recover(str(ravi.identity.recovery_key()))
        await device.say(talk, f"from {device.device_id}")
        world.office.revoke(device.device_id)

    await asha.pull()

    assert said(asha, talk) == [f"from {it.device_id}" for it in (seen, unseen)]


async def test_lists_that_could_not_be_sent_follow_each_other(world: World) -> None:
    asha, ravi = await world.first(world.person()), await world.first(world.person())
    group = (await asha.make_group("Trip", [ravi.user_id])).id
    await pull(asha, ravi)

    class NoMessages(OfficeApi):
        async def call(self, method: str, path: str, body: Any = None, **rest: Any) -> Any:
            if method == "POST" and path.endswith("/messages"):
                raise Unreachable("No connection.")
            return await super().call(method, path, body, **rest)

    asha.api = NoMessages(world.office, asha.device_id)
    asha = world.reopen(asha)
    await asha.remove_member(group, ravi.user_id)
    await asha.add_member(group, ravi.user_id)
    asha.api = OfficeApi(world.office, asha.device_id)
    asha = world.reopen(asha)
    await asha.pull()
    await asha.say(group, "Together again")
    await ravi.pull()

    known = asha.conversations.find(group)
    assert known is not None
    assert known.lists is not None
    assert (known.lists.list.n, known.unlisted) == (3, [])
    assert said(ravi, group)[-1] == "Together again"


class LostApi(OfficeApi):
    """No request arrives."""

    async def call(self, method: str, path: str, body: Any = None, **rest: Any) -> Any:
        raise Unreachable("No connection.")
