"""The power goes, again and again, while people talk, pay and buy."""

import asyncio
import json
import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from kirana import catalog, chat, identity, money, orders
from kirana.app import maintenance
from kirana.platform import migrate
from kirana.platform.db import Database
from kirana.platform.settings import Settings
from kirana.values import SYSTEM, DeviceId, Money, TransferId, UserId, VariantId, uuid7
from tests.identity import make as people
from tests.orders import make as shops
from tests.servers import Server

ROUNDS = int(os.environ.get("KIRANA_TEST_ROUNDS", "16"))
"""40 are the bar that the design sets; each starts a server, at four seconds of CPU."""
CALLERS = 16
PURSE = 5_000_000
SHELF = 100_000
PRICE = 100
PATIENCE_S = 20
AT_ONCE = 150


@dataclass
class Call:
    """A request that must have its effect once, and its answer, if there was one."""

    path: str
    body: dict[str, Any]
    kind: str
    answer: dict[str, Any] | None = None


@dataclass
class World:
    """A shop, a buyer and a friend, with their tokens; and all that was asked so far."""

    buyer: UserId
    friend: UserId
    shop: shops.Shop
    tea: VariantId
    conversation_id: Any
    token: str
    calls: list[Call] = field(default_factory=list)


@pytest.mark.slow
async def test_what_was_acknowledged_is_there_once_after_many_power_cuts(tmp_path: Path) -> None:
    dice = random.Random(int(os.environ.get("KIRANA_TEST_SEED", "20261122")))
    server = Server(tmp_path)
    settings = Settings.read(server.environment)
    world = _build(settings)

    for _ in range(ROUNDS):
        server.start()
        await _storm(server, world, random.Random(dice.random()))
    acknowledged = _acknowledged(world)
    server.start()
    await _ask_again(server, world, dice)
    server.stop()

    assert acknowledged > ROUNDS * 10, "That was no load."
    assert len(world.calls) > acknowledged, "Nothing was cut off."
    assert json.loads(server.run("audit", "--json").stdout) == {"clean": True, "findings": []}
    with maintenance.opened(settings) as database:
        _check_transfers(database, world)
        _check_messages(database, world)
        _check_orders(database, world)


def _build(settings: Settings) -> World:
    settings.data_dir.mkdir(parents=True)
    with maintenance.opened(settings) as database:
        migrate.upgrade(database)
        buyer, friend = people.person(database, "Ravi"), people.person(database, "Meera")
        shop = shops.shop(database)  # type: ignore[arg-type]
        tea = shops.variant(database, shop, price=PRICE, stock=SHELF)  # type: ignore[arg-type]
        for owner in (buyer, friend):
            database.write(money.set_owner, owner.user_id, by=SYSTEM)
        database.write(money.appoint_operator, friend.user_id, by=SYSTEM)
        # The friend's own payments are small enough to need no PIN; so are the buyer's.
        database.write(
            money.top_up, TransferId(uuid7()), buyer.user_id, Money(PURSE, "INR"), by=friend
        )
        conversation_id = database.write(chat.direct_conversation, buyer.user_id, shop.id)
        token = identity.new_token()
        device = identity.SignIn(DeviceId(uuid7()), identity.hash_token(token), "t", "program")
        database.write(identity.open_session, device, buyer.user_id, by=SYSTEM)
    return World(buyer.user_id, friend.user_id, shop, tea, conversation_id, token)


async def _storm(server: Server, world: World, dice: random.Random) -> None:
    """Callers keep calling, and the power goes when some of them have been answered, wherever the
    others are: by count, so that a slow machine has as much to lose as a quick one."""
    answers, already = dice.randrange(5, 50), _acknowledged(world)
    async with _client(server, world) as client:
        callers = [
            asyncio.create_task(_keep_calling(client, world, random.Random(dice.random())))
            for _ in range(CALLERS)
        ]
        deadline = time.monotonic() + PATIENCE_S
        while _acknowledged(world) < already + answers and time.monotonic() < deadline:
            await asyncio.sleep(0.001)
        await asyncio.sleep(dice.uniform(0, 0.02))
        server.kill()
        await asyncio.gather(*callers)


async def _keep_calling(client: httpx.AsyncClient, world: World, dice: random.Random) -> None:
    while True:
        call = _next_call(world, dice)
        world.calls.append(call)
        try:
            call.answer = await _send(client, call)
        except httpx.TransportError:
            return


def _acknowledged(world: World) -> int:
    return sum(call.answer is not None for call in world.calls)


def _next_call(world: World, dice: random.Random) -> Call:
    match dice.randrange(3):
        case 0:
            amount = {"amount_minor": dice.randrange(1, 50), "currency": "INR"}
            body = {"id": str(uuid7()), "payee_id": str(world.friend), "amount": amount}
            return Call("/v1/transfers", body, "transfer")
        case 1:
            path = f"/v1/conversations/{world.conversation_id}/messages"
            words = {"type": "text", "text": str(dice.random())}
            return Call(path, {"id": str(uuid7()), "body": words}, "message")
        case _:
            order = {
                "id": str(uuid7()),
                "business_id": str(world.shop.id),
                "quantities": {str(world.tea): 1},
                "method": "pickup",
                "payment": dice.choice(["cash", "wallet"]),
                "contact": {"name": "Ravi", "phone": "+919876543210"},
                "shown_total": {"amount_minor": PRICE, "currency": "INR"},
            }
            return Call("/v1/orders", order, "order")


async def _ask_again(server: Server, world: World, dice: random.Random) -> None:
    """Whatever has no answer is asked again, and a tenth of the rest: the answers are the same.

    Between some and some the power goes once more, and with it what the server knew of who had
    asked how often.
    """
    again = [call for call in world.calls if call.answer is None or dice.random() < 0.1]
    for first in range(0, len(again), AT_ONCE):
        server.kill()
        server.start()
        async with _client(server, world) as client:
            for call in again[first : first + AT_ONCE]:
                answer = await _send(client, call)
                assert call.answer is None or _essence(answer) == _essence(call.answer)
                call.answer = answer


async def _send(client: httpx.AsyncClient, call: Call) -> dict[str, Any]:
    """Ask until there is an answer; who is told to slow down slows down and asks again."""
    while (response := await client.post(call.path, json=call.body)).status_code == 429:
        await asyncio.sleep(0.2)
    assert response.status_code == 201, (call, response.text)
    answer: dict[str, Any] = response.json()
    return answer


def _essence(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: answer[key] for key in ("id", "seq", "number", "amount") if key in answer}


def _client(server: Server, world: World) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=server.url, headers={"Authorization": f"Bearer {world.token}"}, timeout=30
    )


def _check_transfers(database: Database, world: World) -> None:
    sent = sum(c.body["amount"]["amount_minor"] for c in world.calls if c.kind == "transfer")
    [mine] = database.read(money.list_wallets, by=shops.Actor(world.buyer, world.buyer))
    [theirs] = database.read(money.list_wallets, by=shops.Actor(world.friend, world.friend))

    assert mine.balance == Money(PURSE - sent, "INR")
    held = [c for c in world.calls if c.body.get("payment") == "wallet"]
    assert mine.on_hold == Money(PRICE * len(held), "INR")
    assert theirs.on_hold == Money(0, "INR")
    assert theirs.balance == Money(sent, "INR")


def _check_messages(database: Database, world: World) -> None:
    by = shops.Actor(world.buyer, world.buyer)
    said = {c.body["id"] for c in world.calls if c.kind == "message"}
    found: list[chat.Entry] = []
    before: int | None = None
    while page := database.read(
        chat.list_messages, world.conversation_id, before=before, limit=200, by=by
    ).items:
        found = [*page, *found]
        before = page[0].seq

    assert [entry.seq for entry in found] == list(range(1, len(found) + 1))
    ids = [str(entry.id) for entry in found if entry.sender == world.buyer and entry.k == "message"]
    assert sorted(ids) == sorted(said)


def _check_orders(database: Database, world: World) -> None:
    placed = {c.body["id"] for c in world.calls if c.kind == "order"}
    by = shops.Actor(world.buyer, world.buyer)
    found = []
    after: str | None = None
    while True:
        page = database.read(orders.list_orders, after=after, limit=200, by=by)
        found += page.items
        after = page.next
        if after is None:
            break

    assert sorted(str(order.id) for order in found) == sorted(placed)
    assert sorted(order.number for order in found) == list(
        range(min(o.number for o in found), min(o.number for o in found) + len(found))
    )
    assert database.read(catalog.available, world.tea) == SHELF - len(placed)
