"""The books of these tests are sealed at every commit, as the server's are; splits settle alike."""

from collections.abc import Iterator

import pytest

from kirana import money
from kirana.platform.db import Tx
from kirana.platform.events import Bus, Event
from tests.database import RehearsedDatabase

_heard: list[Event] = []


def hear(tx: Tx, event: Event) -> None:
    if event.event_id not in {known.event_id for known in _heard}:
        _heard.append(event)


@pytest.fixture
def bus() -> Bus:
    bus = Bus()
    for ended in money.REQUEST_ENDS:
        bus.on(ended, money.settle_split, ref_kind="split")
    for kind in (
        money.RequestReminded,
        money.SplitMade,
        money.SplitReminded,
        money.SplitClosed,
        money.ClaimMade,
        money.ClaimRejected,
        money.DifferenceFound,
    ):
        bus.on(kind, hear)
    return bus


@pytest.fixture
def db(db: RehearsedDatabase) -> RehearsedDatabase:
    db.before_commit.append(money.seal)
    return db


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    """The events that were announced and delivered, in order."""
    _heard.clear()
    yield _heard
    _heard.clear()
