"""Many devices, and a network that loses, delays, doubles and breaks off; crashes and revocations.

Every device that should read a message reads it exactly once and in order; no device that should
not, can. Real are the clients with all their crypto and their files; the server is the smallest
one that is right (`tests/client/office.py`). A seed gives one run; a failure names its seed:

    python -m tests.simulation.test_private_talk 4711
"""

import asyncio
import json
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kirana.client import Client, ClientProblem, Message, Unreachable
from kirana.client.history import WAITING
from kirana.client.problems import Unreadable
from kirana.client.wire import object_at
from tests.client.office import Box, Json, Office, Talk
from tests.client.world import OfficeApi, World, said

STEPS = 40
DEVICES = 9


class Crash(BaseException):
    """The process ends here."""


@dataclass(eq=False)
class Trial:
    """Who should be able to read one message, and whose devices were signed out before it."""

    devices: set[str]
    users: set[str]
    gone: set[str]


class WatchedOffice(Office):
    """Notes, whenever a message is accepted, whose devices are to read it."""

    def __init__(self) -> None:
        super().__init__()
        self.trials: dict[str, Trial] = {}

    def append(self, talk: Talk, entry: Json) -> Json:
        if "ct" in entry:
            inside = set(talk.inside())
            devices = {
                device
                for device, box in self.boxes.items()
                if box.user in inside and not box.is_revoked and self.is_signed(device, box)
            }
            gone = {device for device, box in self.boxes.items() if box.is_revoked}
            self.trials[entry["id"]] = Trial(devices, inside, gone)
        return super().append(talk, entry)

    def is_signed(self, device: str, box: Box) -> bool:
        identity = self.identities.get(box.user)
        if identity is None or box.keys is None:
            return False
        (key,) = identity["self_signing_key"]["keys"].values()
        name = f"@{box.user}:kirana"
        return f"ed25519:{key}" in object_at(box.keys, "signatures", name)


class FaultyApi(OfficeApi):
    """Loses requests, loses answers, sends twice, takes its time, and sees processes die."""

    def __init__(self, office: Office, device: str, luck: random.Random) -> None:
        super().__init__(office, device)
        self.luck, self.is_faulty = luck, True

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Json | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        body = json.loads(json.dumps(body))
        chance = self.luck.random() if self.is_faulty else 1.0
        for _ in range(self.luck.randrange(4)):
            await asyncio.sleep(0)
        if chance < 0.03:
            raise Unreachable("The request was lost.")
        if chance < 0.045:
            raise Crash
        answer = await super().call(method, path, body, query=query, headers=headers)
        if chance < 0.06:
            raise Crash
        if chance < 0.09:
            raise Unreachable("The answer was lost.")
        may_repeat = method == "PUT" or path.endswith("/messages")
        if chance < 0.13 and may_repeat:
            with suppress(ClientProblem):
                self.office.call(self.device, method, path, body, query or {})
        for _ in range(self.luck.randrange(4)):
            await asyncio.sleep(0)
        return answer


class Bell:
    """The socket's other end for a client: what it acknowledges goes to the office."""

    def __init__(self, office: Office, device: str) -> None:
        self.office, self.device = office, device

    async def say(self, frame: Json) -> None:
        if frame.get("n") is not None:
            path = "/v1/device-messages/acknowledgement"
            self.office.call(self.device, "POST", path, {"n": frame["n"]}, {})


@dataclass
class Run:
    """One seed."""

    seed: int
    folder: Path
    told: dict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    words: dict[str, str] = field(default_factory=dict)
    authors: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.luck = random.Random(self.seed)
        self.office = WatchedOffice()
        self.world = World(self.folder, self.office)
        self.clients: dict[str, Client] = {}
        self.users: list[str] = []
        self.admin = ""
        self.group = self.direct = ""

    async def begin(self) -> None:
        for _ in range(3):
            user = self.world.person()
            self.users.append(user)
            first = await self.new_device(user)
            await first.begin()
            await first.pull()
            if self.luck.random() < 0.6:
                second = await self.new_device(user)
                await second.recover(str(first.identity.recovery_key()))
                await second.pull()
        self.admin = next(iter(self.clients))
        admin = self.clients[self.admin]
        self.direct = (await admin.talk_with(self.users[1])).id
        self.group = (await admin.make_group("Three", self.users[1:])).id
        for client in self.clients.values():
            await client.pull()

    async def new_device(self, user: str) -> Client:
        device = self.office.sign_in(user)
        api = FaultyApi(self.office, device, self.luck)
        api.is_faulty = False
        client = self.world.device(user, device, api)
        self.clients[device] = client
        return client

    async def steps(self) -> None:
        for client in self.clients.values():
            client.api.is_faulty = True  # type: ignore[attr-defined]
        for _ in range(STEPS):
            chosen = self.luck.sample(sorted(self.clients), min(3, len(self.clients)))
            await asyncio.gather(*(self.act(device) for device in chosen))

    async def act(self, device: str) -> None:
        """One or two things that a device does at once; a crash ends them all."""
        client = self.clients[device]
        if self.office.boxes[device].is_revoked:
            return
        doings = [self.doing(client) for _ in range(self.luck.choice((1, 1, 2)))]
        tasks = [asyncio.create_task(doing) for doing in doings]
        _, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in waiting:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Crash):
                self.clients[device] = self.world.reopen(self.clients[device])
                break
            if isinstance(outcome, Exception) and not isinstance(outcome, ClientProblem):
                raise outcome

    def doing(self, client: Client) -> Coroutine[Any, Any, None]:
        kinds = ("say", "pull", "ring", "drain", "link", "revoke", "member")
        (kind,) = self.luck.choices(kinds, (10, 6, 5, 4, 1, 0.7, 0.8))
        doing: Coroutine[Any, Any, None] = getattr(self, kind)(client)
        return doing

    async def say(self, client: Client) -> None:
        places = [
            talk
            for talk in (self.direct, self.group)
            if client.user_id in self.office.talks[talk].inside()
        ]
        if places:
            id, text = self.office.new_id(), f"words {len(self.words)}"
            self.words[id], self.authors[id] = text, client.device_id
            await client.say(self.luck.choice(places), text, id=id)

    async def pull(self, client: Client) -> None:
        await client.machine.start()
        await client.pull()

    async def ring(self, client: Client) -> None:
        """What a socket brings: with holes, doubles and in any order."""
        box, bell = self.office.boxes[client.device_id], Bell(self.office, client.device_id)
        pos = client.store.get("pos")
        if pos is None:
            return
        frames = list(self.office.streams[client.user_id][max(0, pos - 1) : pos + 6])
        if self.luck.random() < 0.7:
            items = [it for it in box.letters if self.luck.random() < 0.9]
            frames.insert(0, {"t": "td", "items": items, "n": items[-1]["n"] if items else 0})
        frames = [it for it in frames if self.luck.random() < 0.9]
        if self.luck.random() < 0.3:
            self.luck.shuffle(frames)
        frames += [it for it in frames if self.luck.random() < 0.2]
        for frame in json.loads(json.dumps(frames)):
            await client._take_frame(frame, bell)  # type: ignore[arg-type]

    async def drain(self, client: Client) -> None:
        while (message := client.history.next_untold()) is not None:
            self.told[client.device_id].append(message)
            client.history.mark_told(message.id)

    async def link(self, client: Client) -> None:
        key = client.identity.recovery_key()
        if key is None or len(self.clients) >= DEVICES:
            return
        device = self.office.sign_in(client.user_id)
        further = self.world.device(
            client.user_id, device, FaultyApi(self.office, device, self.luck)
        )
        self.clients[device] = further
        await further.recover(key)

    async def revoke(self, client: Client) -> None:
        """Take a device back, unless it is the one with the recovery key, or the admin's."""
        others = [
            device
            for device, other in self.clients.items()
            if other.user_id == client.user_id
            and device != client.device_id
            and other.identity.recovery_key() is None
            and not self.office.boxes[device].is_revoked
        ]
        if others and client.user_id != self.clients[self.admin].user_id:
            self.office.revoke(self.luck.choice(others))

    async def member(self, client: Client) -> None:
        if client.device_id != self.admin:
            return
        user = self.users[2]
        if user in self.office.talks[self.group].inside():
            await client.remove_member(self.group, user)
        else:
            await client.add_member(self.group, user)

    # What must hold.

    async def settle(self) -> None:
        for device, client in list(self.clients.items()):
            client.api.is_faulty = False  # type: ignore[attr-defined]
            if not self.office.boxes[device].is_revoked:
                if client.store.get("confirmed_at") is None:
                    first = next(
                        c
                        for c in self.clients.values()
                        if c.user_id == client.user_id and c.identity.recovery_key()
                    )
                    await client.recover(str(first.identity.recovery_key()))
                await client.machine.start()
        for turn in range(8):
            self.office.now += 31_000
            for device, client in self.clients.items():
                if not self.office.boxes[device].is_revoked:
                    await client.pull()
                    for talk in (self.direct, self.group):
                        if client.user_id in self.office.talks[talk].members:
                            await client.read_history(talk, limit=200)
                    await self.drain(client)
            # A key that did not come is looked for after a while: in the backup, on other devices.
            if self.is_quiet() and (turn > 3 or not self.is_waiting()):
                return

    def is_quiet(self) -> bool:
        """Whether everybody has everything, and nothing is under way."""
        return not any(
            self.office.boxes[device].letters
            or client.outbox.waiting()
            or client.store.get("pos") != len(self.office.streams[client.user_id])
            for device, client in self.clients.items()
            if not self.office.boxes[device].is_revoked
        )

    def is_waiting(self) -> bool:
        """Whether something came that cannot be read yet."""
        return any(
            client.store.one("SELECT 1 FROM entries WHERE unread IN (?, ?)", *WAITING)
            for device, client in self.clients.items()
            if not self.office.boxes[device].is_revoked
        )

    def check(self) -> None:
        live = {d: c for d, c in self.clients.items() if not self.office.boxes[d].is_revoked}
        entries = [e for t in self.office.talks.values() for e in t.entries if "ct" in e]
        lists = self.lists()
        ids = [entry["id"] for entry in entries]
        assert len(ids) == len(set(ids))
        for device, client in live.items():
            for conv, id in client.outbox.waiting():
                inside = client.user_id in self.office.talks[conv].inside()
                if conv == self.group and client.user_id not in self.members():
                    continue  # The admin broke off between the server and the list.
                assert not inside, f"{device} kept {id} and did not send it"
        in_force: set[str] | None = None
        for entry in entries:
            trial = self.office.trials[entry["id"]]
            listed = self.listed(entry, lists)
            users = trial.users if listed is None else trial.users & listed
            if listed is not None and in_force is not None and entry["from"] not in in_force:
                trial.devices.clear()  # The server let somebody in again: nobody listens.
            if listed is not None and entry["id"] not in self.words:
                in_force = listed
            for device, client in self.clients.items():
                self.check_one(entry, device, client, users, trial, is_live=device in live)
        for device, client in live.items():
            self.check_order(device, client)

    def check_one(
        self,
        entry: Json,
        device: str,
        client: Client,
        users: set[str],
        trial: Trial,
        *,
        is_live: bool,
    ) -> None:
        where = f"message {entry['seq']} of {entry['conv'][-4:]} at {device[-4:]}"
        should = device in trial.devices and client.user_id in users
        row = client.store.one("SELECT * FROM entries WHERE id = ?", entry["id"])
        member = self.office.talks[entry["conv"]].members.get(client.user_id, {"joined_seq": 0})
        is_served = member["joined_seq"] <= entry["seq"] <= member.get("left_seq", entry["seq"])
        if should and is_live and (is_served or row is not None):
            assert row is not None, f"{where} never came"
            assert row["unread"] is None, f"{where}: {row['unread']} {row['detail']}"
            shown = client.history.message(row)
            assert shown.content is not None, where
            if entry["id"] in self.words:
                assert shown.text == self.words[entry["id"]], where
        may = client.user_id in users and device not in trial.gone
        if not may:
            assert row is None or row["content"] is None, f"{where} should not be readable"
            try:
                client.machine.sessions.decrypt(entry["conv"], entry["ct"])
            except Unreadable:
                return
            raise AssertionError(f"{where} could be read")

    def check_order(self, device: str, client: Client) -> None:
        told = [it for it in self.told[device] if it.k == "message"]
        assert len({it.id for it in told}) == len(told), f"{device} was told twice"
        for talk in (self.direct, self.group):
            due = [
                it.seq
                for it in told
                if it.conv == talk and device in self.office.trials[it.id].devices
            ]
            assert due == sorted(due), f"{device} was told out of order: {due}"
            texts = said(client, talk)
            assert len(texts) == len(set(texts)) or "" in texts

    def members(self) -> set[str]:
        """Who is on the list that the group's admin has last sent."""
        known = self.clients[self.admin].conversations.find(self.group)
        assert known is not None
        assert known.lists is not None
        return set(known.lists.list.members)

    def lists(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for client in self.clients.values():
            known = client.conversations.find(self.group)
            if known and known.lists:
                for hash, told in known.lists.by_hash.items():
                    found[hash] = set(told.members)
        return found

    def listed(self, entry: Json, lists: dict[str, set[str]]) -> set[str] | None:
        """Who is on the list that a group's message goes by."""
        if entry["conv"] != self.group:
            return None
        author = self.clients[entry["dev"]]
        plain = author.machine.sessions.decrypt(entry["conv"], entry["ct"])
        return lists[object_at(plain.content, "content")["list"]]


async def run(seed: int, folder: Path) -> int:
    """Run one seed; how many messages there were."""
    trial = Run(seed, folder)
    try:
        await trial.begin()
        await trial.steps()
        await trial.settle()
        trial.check()
    finally:
        trial.world.close()
    return len(trial.office.trials)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
async def test_who_should_read_reads_once_and_nobody_else_can(seed: int, tmp_path: Path) -> None:
    assert await run(seed, tmp_path) > 0


def main(first: int, last: int) -> None:
    """Run many seeds, and say how it went."""
    began, messages = time.monotonic(), 0
    for seed in range(first, last + 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                messages += asyncio.run(run(seed, Path(folder)))
            except BaseException as error:
                print(f"seed {seed}: {error!r}", flush=True)  # noqa: T201
                if first == last:
                    raise
        if seed % 100 == 99:
            print(f"{seed + 1 - first} seeds, {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201
    print(f"{last + 1 - first} seeds, {messages} messages, {time.monotonic() - began:.0f} s")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[-1]))
