"""What the tests of this room share: somebody who hears its events."""

from collections.abc import Iterator

import pytest

from kirana import identity
from kirana.platform.db import Tx
from kirana.platform.events import Bus, Event

_heard: list[Event] = []


def hear(tx: Tx, event: Event) -> None:
    if event.event_id not in {known.event_id for known in _heard}:
        _heard.append(event)


@pytest.fixture
def bus() -> Bus:
    bus = Bus()
    bus.outside_jobs(identity.send_code)
    for kind in (
        identity.UserJoined,
        identity.GuestJoined,
        identity.DeviceLinked,
        identity.DeviceRevoked,
        identity.UserDeleted,
        identity.ProfileChanged,
        identity.DeviceKeysChanged,
    ):
        bus.on(kind, hear)
    return bus


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    """The events that were announced and delivered, in order."""
    _heard.clear()
    yield _heard
    _heard.clear()
