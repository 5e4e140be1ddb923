"""Comparing emoji: with a friend, with an own device, and with somebody in between."""

from typing import Any

import pytest
import vodozemac

from kirana.client import Client, ClientProblem, Verification
from kirana.client.verification import CANCELLED, COMPARE, DONE, INCOMING, READY

from .test_private_talk import friends
from .world import World, pull, said


async def compare(asking: Client, asked: Client, *, starter: int = 0) -> tuple[Any, Any]:
    """Come to where both see emoji; `starter` 0 is who asks, 1 who was asked."""
    ours = await asking.verify(asked.user_id)
    await asked.pull()
    (theirs,) = asked.verifications.open
    assert theirs.phase == INCOMING
    await asked.verifications.accept(theirs.id)
    await asking.pull()
    assert ours.phase == READY
    await (asking, asked)[starter].verifications.start(ours.id)
    for _ in range(3):
        await pull(asking, asked)
    assert (ours.phase, theirs.phase) == (COMPARE, COMPARE)
    return ours, theirs


async def agree(one: Client, other: Client, ours: Verification, theirs: Verification) -> None:
    await one.verifications.confirm(ours.id)
    await other.verifications.confirm(theirs.id)
    for _ in range(2):
        await pull(one, other)


@pytest.mark.parametrize("starter", [0, 1])
async def test_friends_see_the_same_emoji_and_are_verified(world: World, starter: int) -> None:
    asha, ravi, _ = await friends(world)

    ours, theirs = await compare(asha, ravi, starter=starter)
    same = ours.emoji == theirs.emoji
    await agree(asha, ravi, ours, theirs)

    assert same
    assert len(ours.emoji) == 7
    assert (ours.phase, theirs.phase) == (DONE, DONE)
    for one, other in ((asha, ravi), (ravi, asha)):
        person = one.machine.people.person(other.user_id)
        assert person is not None
        assert person.is_verified


async def test_both_may_begin_at_once(world: World) -> None:
    asha, ravi, _ = await friends(world)
    ours = await asha.verify(ravi.user_id)
    await ravi.pull()
    (theirs,) = ravi.verifications.open
    await ravi.verifications.accept(theirs.id)
    await asha.pull()

    await asha.verifications.start(ours.id)
    await ravi.verifications.start(theirs.id)
    for _ in range(3):
        await pull(asha, ravi)

    assert (ours.phase, theirs.phase) == (COMPARE, COMPARE)
    assert ours.emoji == theirs.emoji


async def test_other_emoji_end_it_for_both(world: World) -> None:
    asha, ravi, _ = await friends(world)
    ours, theirs = await compare(asha, ravi)

    await asha.verifications.cancel(ours.id, mismatch=True)
    await ravi.pull()

    assert (ours.phase, theirs.phase) == (CANCELLED, CANCELLED)
    assert theirs.reason == "The emoji were not the same."
    with pytest.raises(ClientProblem):
        await ravi.verifications.confirm(theirs.id)
    person = ravi.machine.people.person(asha.user_id)
    assert person is None or not person.is_verified


async def test_who_stands_between_shows_other_emoji_or_breaks_its_promise(world: World) -> None:
    asha, ravi, _ = await friends(world)
    office, deliver = world.office, world.office.deliver

    def between(device: str, sender: str, type: str, content: Any) -> None:
        if type == "m.key.verification.key":
            content = {**content, "key": vodozemac.Sas().public_key.to_base64()}
        deliver(device, sender, type, content)

    office.deliver = between  # type: ignore[method-assign]
    ours = await asha.verify(ravi.user_id)
    await ravi.pull()
    (theirs,) = ravi.verifications.open
    await ravi.verifications.accept(theirs.id)
    await asha.pull()
    await asha.verifications.start(ours.id)
    for _ in range(3):
        await pull(asha, ravi)

    assert ours.phase == CANCELLED
    assert ours.reason == "Their key is not the promised one."
    assert ours.emoji == []


async def test_swapped_keys_do_not_pass_though_the_emoji_are_the_same(world: World) -> None:
    asha, ravi, _ = await friends(world)
    ours, theirs = await compare(asha, ravi)
    with asha.store.change():  # Asha was told another key of Ravi's device.
        other = vodozemac.Account().ed25519_key.to_base64()
        asha.store.do("UPDATE devices SET ed25519 = ? WHERE user_id = ?", other, ravi.user_id)

    await agree(asha, ravi, ours, theirs)

    assert (ours.phase, ours.reason) == (CANCELLED, "The keys are not the same.")
    person = asha.machine.people.person(ravi.user_id)
    assert person is not None
    assert not person.is_verified


async def test_an_own_device_is_confirmed_by_emoji_and_gets_the_secrets(world: World) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "before")
    await ravi.pull()
    laptop = world.device(ravi.user_id)
    await laptop.start()
    await laptop.pull()

    ours, theirs = await compare(laptop, ravi)
    await agree(laptop, ravi, ours, theirs)
    for _ in range(3):
        await pull(laptop, ravi)
    await asha.pull()
    await asha.say(talk, "after")
    await laptop.pull()
    await laptop.read_history(talk)
    await laptop.pull()

    assert (ours.phase, theirs.phase) == (DONE, DONE)
    assert laptop.machine.is_confirmed
    for usage in ("master", "self_signing", "user_signing"):
        assert laptop.machine.own.seed(usage) == ravi.machine.own.seed(usage)
    assert said(laptop, talk) == ["before", "after"]
    sent = await laptop.say(talk, "from my laptop")
    await asha.pull()
    assert sent.seq is not None
    assert said(asha, talk)[-1] == "from my laptop"


async def test_an_old_request_is_passed_over(world: World) -> None:
    asha, ravi, _ = await friends(world)
    await asha.verify(ravi.user_id)
    world.office.now += 3600 * 1000

    await ravi.pull()

    assert ravi.verifications.open == []
