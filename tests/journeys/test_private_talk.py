"""Two people and three devices talk privately, over the real server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from kirana.client import Client, Message
from kirana.client.problems import Unreadable
from tests.live import LiveServer

PATIENCE_S = 20


class People:
    """Opens clients, each with its own file."""

    def __init__(self, live: LiveServer, folder: Path, stack: AsyncExitStack) -> None:
        self.live, self.folder, self._stack = live, folder, stack
        self._count = 0

    async def device(self, phone: Any) -> Client:
        """A further device of this person."""
        self._count += 1
        token = await asyncio.to_thread(self.live.token, phone.user_id)
        file = self.folder / f"device-{self._count}.db"
        client = await Client.open(self.live.url, token, file)
        return await self._stack.enter_async_context(client)

    async def first(self, name: str) -> tuple[Any, Client]:
        phone = await asyncio.to_thread(self.live.person, name)
        client = await self.device(phone)
        await client.begin()
        await client.pull()
        return phone, client

    async def friends(self) -> tuple[Client, Client, str]:
        (asha_phone, asha), (ravi_phone, ravi) = await self.first("Asha"), await self.first("Ravi")
        for phone, other in ((asha_phone, ravi), (ravi_phone, asha)):
            await asyncio.to_thread(phone.put, f"/v1/contacts/{other.user_id}", {})
        talk = await asha.talk_with(ravi.user_id)
        return asha, ravi, talk.id


@pytest.fixture
async def people(live: LiveServer, tmp_path: Path) -> AsyncIterator[People]:
    async with AsyncExitStack() as stack:
        yield People(live, tmp_path, stack)


def said(client: Client, conv: str) -> list[str]:
    page = client.history.page(conv, limit=1_000)
    return [it.text for it in page if it.k == "message" and it.content is not None]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.02)


async def pull(*clients: Client) -> None:
    for client in clients:
        await client.pull()


async def test_friends_talk_by_plain_requests(people: People) -> None:
    asha, ravi, talk = await people.friends()

    sent = await asha.say(talk, "Chai?")
    await ravi.pull()
    answered = await ravi.say(talk, "At four.")
    await asha.pull()

    assert sent.seq is not None
    assert answered.seq == sent.seq + 1
    assert said(asha, talk) == said(ravi, talk) == ["Chai?", "At four."]


async def test_friends_talk_by_the_socket(people: People) -> None:
    asha, ravi, talk = await people.friends()
    told: list[Message] = []

    async def listen() -> None:
        async for message in ravi.messages():
            told.append(message)

    following = [asha.follow(), ravi.follow()]
    listening = asyncio.create_task(listen())
    for number in range(10):
        await asha.say(talk, f"{number}")
    await until(lambda: len(told) >= 10)
    await ravi.say(talk, "Enough.")
    await until(lambda: said(asha, talk)[-1:] == ["Enough."])
    listening.cancel()

    assert [it.text for it in told] == [f"{number}" for number in range(10)]
    assert not any(task.done() for task in following)


async def test_a_further_device_joins_reads_and_is_revoked(
    people: People, live: LiveServer
) -> None:
    asha, ravi, talk = await people.friends()
    await asha.say(talk, "before")
    await pull(ravi, asha)
    phone = next(it for it in live._phones if it.user_id and str(it.user_id) == ravi.user_id)
    laptop = await people.device(phone)
    assert await laptop.start() == "unconfirmed"
    await laptop.pull()
    await asha.say(talk, "between")
    await laptop.pull()
    await laptop.read_history(talk)
    assert said(laptop, talk) == []
    await ravi.pull()

    await laptop.recover(str(ravi.identity.recovery_key()))
    await asha.say(talk, "after")
    await laptop.pull()
    assert said(laptop, talk) == ["before", "between", "after"]

    await ravi.call("DELETE", f"/v1/devices/{laptop.device_id}")
    await asha.say(talk, "without the laptop")
    await ravi.pull()
    assert said(ravi, talk)[-1] == "without the laptop"
    page = await ravi.call("GET", f"/v1/conversations/{talk}/messages")
    newest = max(page["items"], key=lambda it: int(it["seq"]))
    with pytest.raises(Unreadable):
        laptop.machine.sessions.decrypt(talk, newest["ct"])


async def test_who_joins_a_group_reads_from_then_on_and_who_leaves_until_then(
    people: People,
) -> None:
    asha, ravi, _ = await people.friends()
    _, meera = await people.first("Meera")
    group = (await asha.make_group("Trip", [ravi.user_id])).id
    await asha.say(group, "before")
    await asha.add_member(group, meera.user_id)
    await asha.say(group, "with Meera")
    await pull(ravi, meera)
    assert said(meera, group)[-1:] == ["with Meera"]
    assert "before" not in said(meera, group)
    await meera.accept(group)
    await meera.say(group, "Hello")
    await pull(asha, ravi)
    assert said(ravi, group)[-1] == "Hello"

    await asha.remove_member(group, meera.user_id)
    await ravi.say(group, "without Meera")
    await asha.pull()

    assert said(asha, group)[-1] == "without Meera"
    page = await asha.call("GET", f"/v1/conversations/{group}/messages")
    newest = max(page["items"], key=lambda it: int(it["seq"]))
    with pytest.raises(Unreadable):
        meera.machine.sessions.decrypt(group, newest["ct"])


async def test_emoji_are_compared_over_the_server(people: People) -> None:
    asha, ravi, talk = await people.friends()
    await asha.say(talk, "hello")
    await ravi.pull()
    ours = await asha.verify(ravi.user_id)
    await ravi.pull()
    (theirs,) = ravi.verifications.open
    await ravi.verifications.accept(theirs.id)
    await asha.pull()
    await asha.verifications.start(ours.id)
    for _ in range(3):
        await pull(ravi, asha)
    assert ours.emoji == theirs.emoji != []

    await asha.verifications.confirm(ours.id)
    await ravi.verifications.confirm(theirs.id)
    await pull(asha, ravi)

    for one, other in ((asha, ravi), (ravi, asha)):
        person = one.machine.people.person(other.user_id)
        assert person is not None
        assert person.is_verified


async def test_a_list_that_changed_in_between_costs_one_more_try(
    people: People, live: LiveServer
) -> None:
    asha, ravi, talk = await people.friends()
    await asha.say(talk, "one")
    phone = next(it for it in live._phones if it.user_id and str(it.user_id) == ravi.user_id)
    laptop = await people.device(phone)
    await laptop.recover(str(ravi.identity.recovery_key()))
    await laptop.pull()

    sent = await asha.say(talk, "two")  # Asha heard nothing of the laptop yet.

    assert sent.seq is not None
    await pull(ravi, laptop)
    assert said(ravi, talk) == ["one", "two"]
    assert said(laptop, talk)[-1] == "two"


async def test_the_same_message_sent_twice_is_there_once(people: People) -> None:
    asha, ravi, talk = await people.friends()
    sent = await asha.say(talk, "one")
    row = await asha.call("GET", f"/v1/conversations/{talk}/messages")
    entry = next(it for it in row["items"] if it["id"] == sent.id)
    body = {"id": sent.id, "ct": entry["ct"], "com": entry["com"], "rev": "0.0"}
    path = f"/v1/conversations/{talk}/messages"

    again = await asyncio.gather(*(asha.call("POST", path, body) for _ in range(5)))

    assert {it["seq"] for it in again} == {sent.seq}
    await ravi.pull()
    assert said(ravi, talk) == ["one"]
