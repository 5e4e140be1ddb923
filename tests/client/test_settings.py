"""What is set in a conversation for all: whom a device believes, and what two change at once."""

import pytest

from kirana.client import Client, Refused
from kirana.client.settings import NOTHING, changed, follow

from .office import Json
from .world import World, pull


def ids(settings: Json) -> list[str]:
    return [pin["id"] for pin in settings.get("pins", [])]


def test_settings_of_others_count_where_an_admin_said_so_before() -> None:
    shut = follow(NOTHING, {"title": "Tea", "editors": "admins"}, 1, is_ruling=True)
    open_ = follow(NOTHING, {"title": "Tea", "editors": "everybody"}, 1, is_ruling=True)
    theirs: Json = {"title": "Coffee", "editors": "everybody"}

    assert follow(shut, theirs, 2, is_ruling=False).settings.content["title"] == "Tea"
    assert follow(NOTHING, theirs, 2, is_ruling=False).settings.content == {}
    coffee = follow(open_, theirs, 2, is_ruling=False)
    assert coffee.settings.content == theirs
    assert (coffee.ruling.seq, coffee.latest_seq) == (1, 2)
    again = follow(coffee, {"title": "Tea", "editors": "admins"}, 3, is_ruling=True)
    assert again.settings.content["title"] == "Tea"
    assert follow(again, theirs, 4, is_ruling=False).settings.content["title"] == "Tea"


def test_a_change_keeps_what_others_set() -> None:
    four: Json = {"title": "Tea"}
    for n in range(1, 5):
        four = changed(four, {"pin": {"id": str(n), "seq": n}})

    assert four["title"] == "Tea"
    assert ids(four) == ["2", "3", "4"]
    assert ids(changed(four, {"unpin": "3"})) == ["2", "4"]
    assert changed(four, {"title": "Coffee"}) == four | {"title": "Coffee"}


async def test_two_who_pin_at_once_both_pin(world: World) -> None:
    asha, ravi = await world.first(world.person()), await world.first(world.person())
    talk = await asha.talk_with(ravi.user_id)
    await asha.say(talk.id, "First")
    await asha.say(talk.id, "Second")
    await pull(ravi)
    first, second = ravi.history.page(talk.id)

    await asha.pin(first)
    await ravi.pin(second)
    await pull(asha, ravi)

    for somebody in (asha, ravi):
        assert ids(somebody.settings(talk.id)) == [first.id, second.id]


async def test_a_group_is_named_by_others_only_where_an_admin_allows_it(world: World) -> None:
    asha, ravi, mina = [await world.first(world.person()) for _ in range(3)]
    group = (await asha.make_group("Trip", [ravi.user_id, mina.user_id])).id
    await pull(ravi, mina)
    with pytest.raises(Refused) as refused:
        await ravi.change_settings(group, {"title": "Mine"})
    assert refused.value.slug == "not-allowed"

    await asha.permit(group, editors="everybody")
    await pull(ravi, mina)
    await ravi.change_settings(group, {"title": "Ours"})
    await pull(asha, mina)

    for somebody in (asha, ravi, mina):
        assert title(somebody, group) == "Ours"
    # A device that comes later finds the name, and the list, too.
    laptop = await world.further(mina)
    await laptop.list_conversations()
    assert title(laptop, group) == "Ours"
    assert (await laptop.say(group, "Here I am")).seq is not None

    # A server alone allows nothing.
    await asha.permit(group, editors="admins")
    world.office.talks[group].editors = "everybody"
    await pull(ravi, mina)
    await ravi.change_settings(group, {"title": "Mine"})
    await pull(asha, mina)
    for somebody in (asha, mina):
        assert title(somebody, group) == "Ours"


def title(client: Client, conv: str) -> object:
    known = client.conversations.find(conv)
    assert known is not None
    assert known.title == client.settings(conv).get("title")
    return known.title
