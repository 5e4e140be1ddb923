import hmac
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import json

from kirana import chat, identity, notices
from kirana.chat.content import Reaction
from kirana.chat.notices import GIVE_UP_MS, PATIENCE_MS
from kirana.platform import jobs, stream, web_push
from kirana.platform.blobs import LocalBlobs
from kirana.platform.db import Db
from kirana.platform.jobs import Outside
from kirana.platform.settings import Settings
from kirana.values import SYSTEM, Actor, ConversationId, DeviceId, uuid7
from tests.database import RehearsedDatabase
from tests.push import Browser, PushService, push_service

from . import make


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service() as service:
        yield service


class Town:
    """The sweep and the jobs of a server; `connected` devices have a socket open."""

    def __init__(self, db: RehearsedDatabase, service: PushService) -> None:
        self.db, self.service = db, service
        self.connected: set[DeviceId] = set()
        self._sweep = chat.Sweep(db.clock.now - 1000)
        db.write(web_push.ensure_key)

    def sleeper(self, who: Actor, browser: Browser) -> Actor:
        """Somebody's device that wants to be told."""
        device = identity.SignIn(DeviceId(uuid7()), identity.hash_token(str(uuid7())))
        self.db.write(identity.open_session, device, who.person_id, by=SYSTEM)
        signed_in = replace(who, device_id=device.device_id)
        self.db.write(identity.subscribe, device.device_id, browser.target, by=signed_in)
        return signed_in

    def sweep(self) -> None:
        self.db.clock.advance(1000)
        if self.db.read(chat.has_grown, self._sweep):
            self._sweep = self.db.write(
                chat.tell_sleeping, self._sweep, self.connected.__contains__
            )

    async def run_jobs(self) -> None:
        """Like the runner, but what fails is kept for the next time."""
        outside = Outside(
            cast(Db, Here(self.db)), Settings().completed(), LocalBlobs(Path()), self.service.post
        )
        for job in self.db.read(jobs.list_due):
            handler = self.db.bus.handlers[job.name]
            try:
                await handler.function(outside, **handler.read(job.payload))
            except Exception as error:
                self.db.write(jobs.fail_job, job.id, repr(error))
            else:
                self.db.write(jobs.end_job, job.id)

    async def told(self, *browsers: Browser) -> list[list[tuple[str, int]]]:
        """What each browser was told since the last time: hashes and positions."""
        self.sweep()
        await self.run_jobs()
        taken = self.service.take()
        return [
            [
                (said["c"], said["p"])
                for it in taken
                if browser.endpoint.endswith(it.path)
                for said in [json.decode(browser.open(it.body))]
            ]
            for browser in browsers
        ]


class Here:
    """The database as jobs see it."""

    def __init__(self, db: RehearsedDatabase) -> None:
        self._db = db

    async def read(self, query: Callable[..., Any], *args: object) -> Any:
        return self._db.read(query, *args)

    async def write(self, command: Callable[..., Any], *args: object) -> Any:
        return self._db.write(command, *args)


@pytest.fixture
def town(db: RehearsedDatabase, service: PushService) -> Town:
    return Town(db, service)


def hashed(conversation: ConversationId) -> str:
    return web_push.encode(sha256(conversation.bytes).digest()[:16])


def head(db: RehearsedDatabase, who: Actor) -> int:
    return db.read(stream.head_of, who.user_id)


async def test_a_sleeping_device_is_told_where_something_is_and_nothing_else(
    db: RehearsedDatabase, town: Town
) -> None:
    ravi, asha, browser = make.person(db, "Ravindranath"), make.shop(db, "Ashas Tea"), Browser()
    town.sleeper(ravi, browser)
    place = make.conversation(db, ravi, asha)
    message = make.message(db, place, "Cardamom arrived", by=asha)

    town.sweep()
    await town.run_jobs()
    [delivered] = town.service.take()

    said = browser.open(delivered.body)
    assert json.decode(said) == {"c": hashed(place), "p": head(db, ravi)}
    topic = web_push.encode(hmac.digest(browser.auth, place.bytes, "sha256")[:24])
    assert delivered.headers["Topic"] == topic
    assert delivered.headers["TTL"] == str(28 * 24 * 3600)
    in_clear = repr(delivered.headers).encode() + delivered.body + said
    for word in (
        b"Cardamom", b"Ravindranath", b"Ashas", place.bytes, str(place).encode(), message.bytes,
        place.hex.encode(), str(message).encode(), ravi.user_id.bytes, str(ravi.user_id).encode(),
    ):  # fmt: skip
        assert word not in in_clear


async def test_a_device_is_told_once_and_then_of_what_is_new(
    db: RehearsedDatabase, town: Town
) -> None:
    ravi, asha, browser = make.person(db), make.shop(db), Browser()
    place = make.conversation(db, ravi, asha)
    make.message(db, place, by=asha)
    town.sleeper(ravi, browser)

    assert await town.told(browser) == [[]]
    make.message(db, place, by=asha)
    make.message(db, place, by=asha)
    assert await town.told(browser) == [[(hashed(place), head(db, ravi))]]
    assert await town.told(browser) == [[]]


async def test_who_has_it_already_is_not_told(db: RehearsedDatabase, town: Town) -> None:
    ravi, asha = make.person(db), make.shop(db)
    phone, laptop = Browser(), Browser()
    place = make.conversation(db, ravi, asha)
    on_phone = town.sleeper(ravi, phone)
    on_laptop = town.sleeper(ravi, laptop)
    make.message(db, place, by=asha)
    db.write(stream.acknowledge, on_laptop.device_id, ravi.user_id, head(db, ravi))

    told = await town.told(phone, laptop)

    assert [len(it) for it in told] == [1, 0]
    assert on_phone.device_id != on_laptop.device_id


async def test_a_connected_device_is_told_only_when_it_stays_silent(
    db: RehearsedDatabase, town: Town
) -> None:
    ravi, asha, browser = make.person(db), make.shop(db), Browser()
    place = make.conversation(db, ravi, asha)
    device_id = town.sleeper(ravi, browser).device_id
    assert device_id
    town.connected.add(device_id)

    make.message(db, place, by=asha)
    assert await town.told(browser) == [[]]
    db.write(stream.acknowledge, device_id, ravi.user_id, head(db, ravi))
    db.clock.advance(PATIENCE_MS)
    assert await town.told(browser) == [[]]

    make.message(db, place, by=asha)
    assert await town.told(browser) == [[]]
    db.clock.advance(PATIENCE_MS)
    assert await town.told(browser) == [[(hashed(place), head(db, ravi))]]


async def test_what_is_muted_quiet_read_or_ones_own_wakes_nobody(
    db: RehearsedDatabase, town: Town
) -> None:
    ravi, asha, browser = make.person(db), make.shop(db), Browser()
    town.sleeper(ravi, browser)
    place = make.conversation(db, ravi, asha)
    mine = make.message(db, place, by=ravi)
    assert await town.told(browser) == [[]]

    make.message(db, place, Reaction(target_id=mine, emoji="👍"), by=asha)
    assert await town.told(browser) == [[]]

    make.message(db, place, by=asha)
    db.write(chat.mark_read, place, 99, by=ravi)
    assert await town.told(browser) == [[]]

    db.write(chat.set_sides, place, is_archived=None, muted_until=db.clock.now + 60_000, by=ravi)
    make.message(db, place, by=asha)
    assert await town.told(browser) == [[]]
    db.clock.advance(60_000)
    make.message(db, place, by=asha)
    assert await town.told(browser) == [[(hashed(place), head(db, ravi))]]


async def test_a_group_does_not_wake_for_somebody_who_was_blocked(
    db: RehearsedDatabase, town: Town
) -> None:
    ravi, meera, omar, browser = make.person(db), make.person(db), make.person(db), Browser()
    place = make.group(db, ravi, meera, omar)
    town.sleeper(ravi, browser)
    db.write(identity.block, meera.user_id, by=ravi)
    make.secret(db, place, by=meera)
    assert await town.told(browser) == [[]]

    make.secret(db, place, by=omar)
    assert await town.told(browser) == [[(hashed(place), head(db, ravi))]]


async def test_a_stranger_wakes_gently_and_friends_at_once(
    db: RehearsedDatabase, town: Town
) -> None:
    ravi, stranger, friend, browser = (*(make.person(db) for _ in range(3)), Browser())
    town.sleeper(ravi, browser)
    known = make.private(db, friend, ravi)
    asked = ConversationId(uuid7())
    db.write(chat.open_conversation, asked, chat.Kind.PRIVATE, ravi.user_id, by=stranger)
    make.secret(db, asked, by=stranger)
    make.secret(db, known, by=friend)

    town.sweep()
    await town.run_jobs()

    urgency = {
        json.decode(browser.open(it.body))["c"]: it.headers["Urgency"] for it in town.service.take()
    }
    assert urgency == {hashed(asked): "low", hashed(known): "high"}


async def test_the_whole_team_of_a_shop_is_woken_by_its_customers_alone(
    db: RehearsedDatabase, town: Town
) -> None:
    ravi, asha, meera = make.person(db), make.shop(db), make.person(db, "Meera")
    browser, other = Browser(), Browser()
    town.sleeper(asha, browser)
    town.sleeper(make.acting_for(db, asha.user_id, meera), other)
    place = make.conversation(db, ravi, asha)

    make.message(db, place, by=ravi)
    said = [(hashed(place), head(db, asha))]
    assert await town.told(browser, other) == [said, said]

    make.message(db, place, by=asha)
    assert await town.told(browser, other) == [[], []]


@pytest.mark.parametrize("status", [404, 410])
async def test_an_address_that_the_service_forgot_is_forgotten(
    db: RehearsedDatabase, town: Town, status: int
) -> None:
    ravi, asha, browser = make.person(db), make.shop(db), Browser()
    device_id = town.sleeper(ravi, browser).device_id
    assert device_id
    place = make.conversation(db, ravi, asha)
    make.message(db, place, by=asha)
    town.service.status = status

    assert len((await town.told(browser))[0]) == 1

    assert db.read(identity.find_target, device_id) is None
    assert db.read(jobs.list_failed) == []


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_service_that_is_busy_is_tried_again_for_an_hour(
    db: RehearsedDatabase, town: Town, status: int
) -> None:
    ravi, asha, browser = make.person(db), make.shop(db), Browser()
    town.sleeper(ravi, browser)
    make.message(db, make.conversation(db, ravi, asha), by=asha)
    town.service.status = status

    assert len((await town.told(browser))[0]) == 1
    db.clock.advance(5_000)
    assert len((await town.told(browser))[0]) == 1

    town.service.status = 201
    db.clock.advance(GIVE_UP_MS // 2)
    assert len((await town.told(browser))[0]) == 1
    db.clock.advance(GIVE_UP_MS)
    assert len((await town.told(browser))[0]) == 0


async def test_after_an_hour_it_is_given_up_without_a_trace(
    db: RehearsedDatabase, town: Town
) -> None:
    ravi, asha, browser = make.person(db), make.shop(db), Browser()
    town.sleeper(ravi, browser)
    make.message(db, make.conversation(db, ravi, asha), by=asha)
    town.service.status = 503
    await town.told(browser)

    db.clock.advance(GIVE_UP_MS)
    await town.told(browser)
    db.clock.advance(GIVE_UP_MS)

    assert (await town.told(browser), db.read(jobs.list_due)) == ([[]], [])
    assert db.read(jobs.list_failed) == []


async def test_a_device_that_is_signed_out_is_told_no_more(
    db: RehearsedDatabase, town: Town
) -> None:
    ravi, asha, browser = make.person(db), make.shop(db), Browser()
    signed_in = town.sleeper(ravi, browser)
    make.message(db, make.conversation(db, ravi, asha), by=asha)
    town.sweep()

    db.write(identity.sign_out, by=signed_in)
    await town.run_jobs()

    assert town.service.take() == []


async def test_a_sleeping_device_is_told_of_a_notice_until_it_was_seen(
    db: RehearsedDatabase, town: Town
) -> None:
    ravi, browser = make.person(db), Browser()
    town.sleeper(ravi, browser)
    db.write(notices.tell, uuid7(), ravi.user_id, "link.returned", uuid7())
    [notice] = db.read(notices.list_notices, by=ravi)

    told = web_push.encode(sha256(notice.id.bytes).digest()[:16])
    assert await town.told(browser) == [[(told, head(db, ravi))]]

    db.write(notices.tell, uuid7(), ravi.user_id, "link.returned", uuid7())
    [notice, _] = db.read(notices.list_notices, by=ravi)
    db.write(notices.mark_seen, notice.id, by=ravi)
    assert await town.told(browser) == [[]]
