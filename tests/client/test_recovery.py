"""The recovery key: as a person types it, and what it opens."""

from contextlib import suppress

import pytest

from kirana.client import NotConfirmed, WrongRecoveryKey
from kirana.client.recovery import (
    new_recovery_key,
    open_bundle,
    read_recovery_key,
    seal_bundle,
)

from .test_private_talk import friends
from .world import World, said


def test_a_recovery_key_is_thirteen_groups_of_four_letters() -> None:
    key = new_recovery_key()

    assert [len(group) for group in key.split()] == [4] * 13
    assert len(read_recovery_key(key)) == 32
    assert read_recovery_key(key.lower().replace(" ", "-\n")) == read_recovery_key(key)


def test_digits_are_taken_for_the_letters_that_look_like_them() -> None:
    letters = "OIBA" * 12 + "AAAA"

    assert read_recovery_key("018A" * 12 + "AAAA") == read_recovery_key(letters)


@pytest.mark.parametrize("text", ["", "ABCD", "A" * 51, "A" * 53, "A" * 51 + "B", "é" * 52])
def test_what_is_no_recovery_key_says_so(text: str) -> None:
    with pytest.raises(WrongRecoveryKey):
        read_recovery_key(text)


def test_a_bundle_opens_with_its_key_for_its_owner_only() -> None:
    key = new_recovery_key()
    sealed = seal_bundle(key, "@a:kirana", {"x": 1})

    assert open_bundle(key, "@a:kirana", sealed) == {"x": 1}
    for wrong in ((new_recovery_key(), "@a:kirana"), (key, "@b:kirana")):
        with pytest.raises(WrongRecoveryKey):
            open_bundle(*wrong, sealed)


async def test_a_wrong_key_says_so_and_changes_nothing(world: World) -> None:
    _, ravi, _ = await friends(world)
    laptop = world.device(ravi.user_id)

    with pytest.raises(WrongRecoveryKey):
        await laptop.recover(new_recovery_key())

    assert not laptop.machine.is_confirmed


async def test_the_key_before_opens_the_bundle_before(world: World) -> None:
    """The last write may have been a broken one."""
    _, ravi, _ = await friends(world)
    world.office.secrets[ravi.user_id, "recovery"].append("broken")
    laptop = world.device(ravi.user_id)

    await laptop.recover(str(ravi.identity.recovery_key()))

    assert laptop.machine.is_confirmed


async def test_there_is_one_identity_until_it_is_replaced(world: World) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "one")
    other = world.device(ravi.user_id)
    with pytest.raises(NotConfirmed):
        await other.begin()
    old_key = str(ravi.identity.recovery_key())

    key = await other.begin(anew=True)
    await asha.pull()
    await asha.say(talk, "two")
    await other.pull()
    await other.read_history(talk)

    assert said(other, talk) == ["two"]
    assert await ravi.identity.state() == "changed"
    with pytest.raises(WrongRecoveryKey):
        await world.device(ravi.user_id).recover(old_key)
    await world.device(ravi.user_id).recover(key)


async def test_recovering_can_break_off_anywhere_and_nothing_is_lost(world: World) -> None:
    from .test_private_talk import DyingApi
    from .world import OfficeApi, pull

    asha, ravi, talk = await friends(world)
    await asha.say(talk, "before")
    await pull(ravi, asha)
    for at in range(1, 14):
        client = world.device(ravi.user_id)
        client.api = DyingApi(world, client.device_id, at, after=bool(at % 2))
        client = world.reopen(client)
        with suppress(KeyboardInterrupt):
            await client.recover(str(ravi.identity.recovery_key()))
        client.api = OfficeApi(world.office, client.device_id)
        client = world.reopen(client)
        await client.start()
        await client.pull()
        await client.read_history(talk)
        if not client.machine.is_confirmed:
            await client.recover(str(ravi.identity.recovery_key()))
        await client.pull()

        assert said(client, talk) == ["before"], at


async def test_beginning_can_be_taken_up_where_it_broke_off(world: World) -> None:
    from .test_private_talk import DyingApi
    from .world import OfficeApi

    for at in range(1, 16):
        user = world.person()
        client = world.device(user)
        client.api = DyingApi(world, client.device_id, at, after=bool(at % 2))
        client = world.reopen(client)
        key = ""
        try:
            key = await client.begin()
        except KeyboardInterrupt:
            client.api = OfficeApi(world.office, client.device_id)
            client = world.reopen(client)
            key = await client.begin()
        assert client.machine.is_confirmed
        further = world.device(user)
        await further.recover(key)
        assert further.machine.is_confirmed
        assert len(world.office.backups[user]) == 1
