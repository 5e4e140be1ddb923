"""What the tests of this room share: somebody who hears what it announces."""

from collections.abc import Iterator

import pytest

from kirana import catalog
from kirana.platform.db import Tx
from kirana.platform.events import Bus, Event

_heard: dict[object, str] = {}


def hear(tx: Tx, event: Event) -> None:
    _heard[event.event_id] = event.name


@pytest.fixture
def bus() -> Bus:
    bus = Bus()
    for kind in (
        catalog.ProductPublished,
        catalog.ProductChanged,
        catalog.ProductHidden,
        catalog.StockLow,
        catalog.StockRanOut,
        catalog.StockReturned,
    ):
        bus.on(kind, hear)
    return bus


class Heard:
    """What was announced since this was last asked, by name and in order."""

    def take(self, db: object) -> list[str]:
        db.deliver()  # type: ignore[attr-defined]
        names = list(_heard.values())
        _heard.clear()
        return names


@pytest.fixture
def heard() -> Iterator[Heard]:
    _heard.clear()
    yield Heard()
    _heard.clear()
