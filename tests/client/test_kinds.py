"""What can be said beside words, by programs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirana.client import Client, ClientProblem, polls_in
from kirana.client.history import Message
from kirana.client.kinds import line_of

from .office import Json
from .world import World, pull


async def three(world: World) -> tuple[Client, Client, Client]:
    asha, ravi, mina = [await world.first(world.person()) for _ in range(3)]
    return asha, ravi, mina


def last(client: Client, conv: str) -> Message:
    return client.history.page(conv)[-1]


async def test_what_was_said_is_said_again_elsewhere(world: World) -> None:
    asha, ravi, mina = await three(world)
    here, there = await asha.talk_with(ravi.user_id), await ravi.talk_with(mina.user_id)
    asked = await asha.say(here.id, "When?")
    await ravi.pull()
    file: Json = {"media_id": asked.id, "key": "k", "size_bytes": 1, "sha256": "", "mime": "a/b"}
    content: Json = {
        "type": "image",
        "items": [{"media": asked.id, "width": 1, "height": 1}],
        "files": {asked.id: file},
        "caption": "The menu",
        "reply_to": {"id": asked.id, "quote": "When?"},
    }
    await asha.send(here.id, content, media=[asked.id])
    await ravi.pull()

    sent = await ravi.forward(last(ravi, here.id), there.id)
    await mina.pull()

    told = {k: v for k, v in content.items() if k != "reply_to"}
    assert last(mina, there.id).content == {**told, "forwarded": True}
    posted, _ = world.office.sent[sent.id]
    assert posted["media"] == [asked.id]


async def test_what_is_private_goes_to_a_shop_only_openly(world: World) -> None:
    asha, ravi, _ = await three(world)
    private = await asha.talk_with(ravi.user_id)
    shop = await ravi.talk_with(world.person(), "business")
    await asha.say(private.id, "Behind the mill")
    await ravi.pull()

    with pytest.raises(ClientProblem):
        await ravi.forward(last(ravi, private.id), shop.id)
    sent = await ravi.forward(last(ravi, private.id), shop.id, openly=True)

    assert sent.seq == 1
    assert last(ravi, shop.id).text == "Behind the mill"


async def test_a_reaction_is_not_forwarded(world: World) -> None:
    asha, ravi, mina = await three(world)
    here, there = await asha.talk_with(ravi.user_id), await asha.talk_with(mina.user_id)
    sent = await asha.say(here.id, "Yes")
    await asha.send(here.id, {"type": "reaction", "target_id": sent.id, "emoji": "👍"})

    with pytest.raises(ClientProblem):
        await asha.forward(last(asha, here.id), there.id)


async def test_somebody_of_a_group_is_named(world: World) -> None:
    asha, ravi, mina = await three(world)
    group = await asha.make_group("Picnic", [ravi.user_id, mina.user_id])
    await pull(ravi, mina)

    await asha.say(group.id, "@Ravi brings tea", naming=[(ravi.user_id, "Ravi")])
    await pull(ravi, mina)

    content = last(mina, group.id).content or {}
    assert content["mentions"] == [{"user_id": ravi.user_id, "name": "Ravi"}]


async def test_the_last_vote_of_each_person_counts(world: World) -> None:
    asha, ravi, mina = await three(world)
    group = await asha.make_group("Picnic", [ravi.user_id, mina.user_id])
    await pull(ravi, mina)
    asked = await asha.ask(group.id, "Where?", ["Park", "River"])
    await pull(ravi, mina)

    await ravi.vote(group.id, asked.id, [0])
    await mina.vote(group.id, asked.id, [1])
    await ravi.vote(group.id, asked.id, [1])
    await ravi.vote(group.id, asked.id, [0, 1])
    await mina.end_poll(group.id, asked.id)
    await pull(asha, mina, ravi)

    for somebody in (asha, ravi, mina):
        (poll,) = polls_in(somebody.history.page(group.id)).values()
        assert poll.votes == ((), (mina.user_id, ravi.user_id))
        assert not poll.is_ended

    await mina.vote(group.id, asked.id, [])
    await asha.end_poll(group.id, asked.id)
    await ravi.pull()
    await ravi.vote(group.id, asked.id, [0])
    await pull(asha, mina, ravi)
    (poll,) = polls_in(asha.history.page(group.id)).values()
    assert (poll.votes, poll.is_ended) == (((), (ravi.user_id,)), True)
    posted, _ = world.office.sent[asked.id]
    assert "Park" not in str(posted)


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(-1, 3), max_size=3))))
def test_polls_come_to_the_same_in_any_order(votes: list[tuple[int, list[int]]]) -> None:
    def message(seq: int, sender: str, content: Json) -> Message:
        return Message("c", seq, f"m{seq}", "message", sender, "d", seq * 10, content)

    asked = {"type": "poll", "question": "?", "options": ["a", "b", "c"], "closes_at": 80}
    entries = [message(1, "u0", asked)]
    for seq, (who, options) in enumerate(votes, 2):
        vote = {"type": "vote", "target_id": "m1", "options": options}
        entries.append(message(seq, f"u{who}", vote))

    (poll,) = polls_in(entries).values()
    assert polls_in(reversed(entries)) == polls_in(entries)
    everybody = [who for by in poll.votes for who in by]
    assert len(everybody) == len(set(everybody)), "Only one can be chosen."
    valid = [(f"u{who}", it) for who, it in votes[:6] if len(it) <= 1 and set(it) <= {0, 1, 2}]
    last = dict(valid)
    assert {who for who, it in last.items() if it} == set(everybody)


async def test_a_poll_has_two_to_twelve_answers_and_is_private(world: World) -> None:
    asha, ravi, _ = await three(world)
    private = await asha.talk_with(ravi.user_id)
    shop = await asha.talk_with(world.person(), "business")

    for options in (["Park"], ["Park", "Park "], ["Park", ""], [str(n) for n in range(13)]):
        with pytest.raises(ClientProblem):
            await asha.ask(private.id, "Where?", options)
    with pytest.raises(ClientProblem):
        await asha.ask(shop.id, "Where?", ["Park", "River"])


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ({"type": "text", "text": "At four?"}, "At four?"),
        ({"type": "text", "text": "At four?", "forwarded": True}, "[forwarded] At four?"),
        ({"type": "image", "items": [], "caption": "Sea"}, "[image] Sea"),
        ({"type": "document", "name": "bill.pdf"}, "[document] bill.pdf"),
        (
            {"type": "location", "lat": 12.97, "lon": 77.5, "name": "Gate"},
            "[location] Gate 12.97, 77.5",
        ),
        (
            {"type": "contact", "people": [{"name": "Mina", "phones": ["+911"]}, {"name": "Tom"}]},
            "[contact] Mina +911, Tom",
        ),
        ({"type": "contact", "people": "Mina"}, "[contact]"),
        (
            {"type": "poll", "question": "Where?", "options": ["Park", "River"]},
            "[poll] Where? 1. Park 2. River",
        ),
        ({"type": "vote", "target_id": "m", "options": [1]}, "[vote] 2"),
        ({"type": "vote", "target_id": "m", "options": []}, "[vote] nothing"),
        ({"type": "edit", "content": {"type": "text", "text": "Five"}}, "[edit] Five"),
        ({"type": "hologram"}, "[hologram]"),
    ],
)
def test_each_kind_reads_on_one_line(content: Json, line: str) -> None:
    assert line_of(content) == line


async def test_what_opens_once_is_gone_when_one_of_ones_devices_has_opened_it(world: World) -> None:
    asha, ravi, _ = await three(world)
    other = await world.further(ravi)
    talk = (await asha.talk_with(ravi.user_id)).id
    photo: Json = {
        "type": "image",
        "items": [{"media": "m", "width": 1, "height": 1}],
        "files": {"m": {"media_id": "m", "key": "k", "size_bytes": 1, "sha256": "", "mime": "a/b"}},
        "once": True,
    }
    sent = await asha.send(talk, photo, media=["m"])
    await pull(ravi, other)
    assert (last(ravi, talk).content or {})["once"]
    posted, _ = world.office.sent[sent.id]
    assert posted["ttl_s"] == 14 * 24 * 3600
    with pytest.raises(ClientProblem):
        await ravi.fetch_file(photo)
    with pytest.raises(ClientProblem):
        await ravi.forward(last(ravi, talk), talk)

    await ravi.send(talk, {"type": "opened", "target_id": sent.id})
    await pull(asha, other)

    for client, is_there in ((asha, True), (ravi, False), (other, False)):
        (shown,) = [it for it in client.history.page(talk) if it.id == sent.id]
        assert (shown.content is not None) == is_there
    with pytest.raises(ClientProblem):
        await other.open_once(shown)
