"""Journeys go over real HTTP and real sockets, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import LiveServer, open_live


@pytest.fixture
def live(tmp_path: Path, database_url: str) -> Iterator[LiveServer]:
    with open_live(tmp_path, database_url) as server:
        yield server
