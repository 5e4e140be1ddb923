"""What the tests of this room share: the room wired to those below it, and somebody who hears."""

from collections.abc import Iterator

import pytest

from kirana import identity, money, orders
from kirana.platform.db import Tx
from kirana.platform.events import Bus

_heard: list[orders.OrderEvent] = []


def hear(tx: Tx, event: orders.OrderEvent) -> None:
    if event.event_id not in {known.event_id for known in _heard}:
        _heard.append(event)


@pytest.fixture
def bus() -> Bus:
    return wired()


def wired() -> Bus:
    """Who listens to whom between orders and the rooms below, as `app/wiring.py` has it."""
    bus = Bus()
    bus.outside_jobs(identity.send_code)
    bus.on(money.TransferPosted, orders.mark_paid, ref_kind="order")
    bus.on(money.TransferExpired, orders.cancel_unfunded, ref_kind="order")
    bus.on(identity.GuestJoined, orders.adopt_guest)
    bus.on(identity.UserJoined, orders.adopt_by_address)
    for kind in orders.EVENTS:
        bus.on(kind, hear)
    return bus


@pytest.fixture
def heard() -> Iterator[list[orders.OrderEvent]]:
    """The events of orders that were announced and delivered, in order."""
    _heard.clear()
    yield _heard
    _heard.clear()
